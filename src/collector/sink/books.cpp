#include "sink/books.hpp"

#include <utility>

#include "sluice/util/seeded_hash.hpp"

namespace sluice::sink {
namespace {

// Blocks counted by a reader before it lets go of the mutex: some ten thousand exporters at the most.
constexpr std::size_t kBlocksAtOnce = 64;

std::uint64_t& column(ExporterBook& book, Fate fate) {
  switch (fate) {
    case Fate::delivered:
      return book.delivered;
    case Fate::failed:
      return book.failed;
    case Fate::shed:
      break;
  }
  return book.shed;
}

}  // namespace

std::uint64_t flows_in(std::span<const Block::ExporterCount> counts) {
  std::uint64_t sum = 0;
  for (const auto& count : counts) sum += count.flows;
  return sum;
}

/// What is queued must leave the book that it entered. An exporter's flows are queued in the shared book only
/// while it has none of its own, so none may get one before the shared book has nothing queued.
ExporterBook& ExporterBooks::book_of(const IpAddress& exporter) {
  if (ExporterBook* const known = index_.find(books_, exporter)) return *known;
  if (books_.size() >= max_exporters_ || others_.queued != 0) return others_;
  return books_[index_.find_or_add(books_, exporter)];
}

ExporterBooks::Ticket ExporterBooks::take(const Block& block) {
  const std::lock_guard lock(mutex_);
  fresh_.push_back({&block, false});
  return std::prev(fresh_.end());
}

template <class Each>
void ExporterBooks::settle_each(Ticket ticket, Each&& each) {
  const std::lock_guard lock(mutex_);
  if (closed_) return;
  const auto& exporters = ticket->block->exporters;
  for (std::size_t i = 0; i < exporters.size(); ++i) {
    ExporterBook& book = book_of(exporters[i].exporter);
    if (ticket->counted) book.queued -= exporters[i].flows;
    each(book, i, exporters[i].flows);
  }
  (ticket->counted ? counted_ : fresh_).erase(ticket);
}

void ExporterBooks::settle(Ticket ticket, Fate fate) {
  settle_each(ticket,
              [fate](ExporterBook& book, std::size_t, std::uint32_t flows) { column(book, fate) += flows; });
}

void ExporterBooks::settle(Ticket ticket, const LostRows& lost) {
  settle_each(ticket, [&lost](ExporterBook& book, std::size_t i, std::uint32_t flows) {
    const std::uint32_t failed = lost.failed.empty() ? 0 : lost.failed[i];
    const std::uint32_t shed = lost.shed.empty() ? 0 : lost.shed[i];
    book.failed += failed;
    book.shed += shed;
    book.delivered += flows - failed - shed;
  });
}

void ExporterBooks::shed(std::span<const Block::ExporterCount> lost) {
  const std::lock_guard lock(mutex_);
  for (const auto& [exporter, flows] : lost) book_of(exporter).shed += flows;
}

void ExporterBooks::leave_out(std::span<const Block::ExporterCount> flows) {
  const std::lock_guard lock(mutex_);
  for (const auto& [exporter, n] : flows) book_of(exporter).left_out += n;
}

void ExporterBooks::close() {
  const std::lock_guard lock(mutex_);
  count_some(fresh_.size());
  const auto give_up = [](ExporterBook& book) { book.failed += std::exchange(book.queued, 0); };
  for (ExporterBook& book : books_) give_up(book);
  give_up(others_);
  counted_.clear();
  closed_ = true;
}

void ExporterBooks::forget(std::span<const IpAddress> exporters) {
  if (exporters.empty()) return;
  const SeededSet<IpAddress> gone(exporters.begin(), exporters.end());
  const std::lock_guard lock(mutex_);
  std::erase_if(books_, [&](const ExporterBook& book) {
    if (!gone.contains(book.exporter)) return false;
    others_ += book;
    return true;
  });
  index_.rebuild(books_);
}

void ExporterBooks::count_some(std::size_t blocks) {
  for (; blocks != 0 && !fresh_.empty(); --blocks) {
    Waiting& waiting = fresh_.front();
    for (const auto& [exporter, flows] : waiting.block->exporters) book_of(exporter).queued += flows;
    waiting.counted = true;
    counted_.splice(counted_.end(), fresh_, fresh_.begin());
  }
}

std::vector<ExporterBook> ExporterBooks::read() {
  for (;;) {
    const std::lock_guard lock(mutex_);  // given back after each round, so that workers get their turn
    count_some(kBlocksAtOnce);
    if (!fresh_.empty()) continue;
    std::vector<ExporterBook> out = books_;
    if (others_.sum() != 0) out.push_back(others_);
    return out;
  }
}

}  // namespace sluice::sink
