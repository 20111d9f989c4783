#include "sink/books.hpp"

#include <algorithm>
#include <new>
#include <utility>

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
  try {
    return books_[index_.find_or_add(books_, exporter)];
  } catch (const std::bad_alloc&) {
    return others_;
  }
}

/// Of one that brings flows just now: it is not gone.
ExporterBook& ExporterBooks::live_book_of(const IpAddress& exporter) {
  if (!leaving_.empty()) leaving_.erase(exporter);
  return book_of(exporter);
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
    const IpAddress& whose = exporters[i].exporter;
    ExporterBook& book = ticket->counted ? book_of(whose) : live_book_of(whose);
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
    const std::uint32_t kept = lost.kept.empty() ? 0 : lost.kept[i];
    book.failed += failed;
    book.shed += shed;
    book.queued += kept;
    book.delivered += flows - failed - shed - kept;
  });
}

void ExporterBooks::keep(Ticket ticket) {
  settle_each(ticket, [](ExporterBook& book, std::size_t, std::uint32_t flows) { book.queued += flows; });
}

void ExporterBooks::keep(const Block& block) {
  const std::lock_guard lock(mutex_);
  for (const auto& [exporter, flows] : block.exporters) live_book_of(exporter).queued += flows;
}

ExporterBooks::Ticket ExporterBooks::take_kept(const Block& block) {
  const std::lock_guard lock(mutex_);
  counted_.push_back({&block, true});
  return std::prev(counted_.end());
}

void ExporterBooks::settle_one(const IpAddress& exporter, std::uint64_t flows, Fate fate) {
  ExporterBook& book = book_of(exporter);
  book.queued -= std::min(book.queued, flows);
  column(book, fate) += flows;
}

void ExporterBooks::settle_kept(std::span<const Block::ExporterCount> kept, Fate fate) {
  const std::lock_guard lock(mutex_);
  for (const auto& [exporter, flows] : kept) settle_one(exporter, flows, fate);
}

void ExporterBooks::settle_kept(const IpAddress& exporter, std::uint64_t flows, Fate fate) {
  const std::lock_guard lock(mutex_);
  settle_one(exporter, flows, fate);
}

void ExporterBooks::resume(std::span<const Block::ExporterCount> found) {
  const std::lock_guard lock(mutex_);
  for (const auto& [exporter, flows] : found) {
    ExporterBook& book = book_of(exporter);
    book.queued += flows;
    book.resumed += flows;
  }
}

void ExporterBooks::leave() {
  const std::lock_guard lock(mutex_);
  const auto leave_all = [](ExporterBook& book) { book.left += std::exchange(book.queued, 0); };
  for (ExporterBook& book : books_) leave_all(book);
  leave_all(others_);
}

void ExporterBooks::add(std::span<const Block::ExporterCount> flows, std::uint64_t ExporterBook::* column) {
  const std::lock_guard lock(mutex_);
  for (const auto& [exporter, n] : flows) live_book_of(exporter).*column += n;
}

void ExporterBooks::shed(std::span<const Block::ExporterCount> lost) { add(lost, &ExporterBook::shed); }

void ExporterBooks::leave_out(std::span<const Block::ExporterCount> flows) {
  add(flows, &ExporterBook::left_out);
}

void ExporterBooks::filter_out(std::span<const Block::ExporterCount> flows) {
  add(flows, &ExporterBook::filtered);
}

void ExporterBooks::close() {
  const std::lock_guard lock(mutex_);
  count_some(fresh_.size());
  for (const Waiting& waiting : counted_)
    for (const auto& [exporter, flows] : waiting.block->exporters) settle_one(exporter, flows, Fate::failed);
  counted_.clear();
  closed_ = true;
}

void ExporterBooks::forget(std::span<const IpAddress> exporters) {
  for (;;) {
    const std::lock_guard lock(mutex_);  // given back after each round, as in read()
    count_some(kBlocksAtOnce);           // what comes from now on is of somebody who came back
    if (!fresh_.empty()) continue;
    mark_leaving(exporters);
    return;
  }
}

void ExporterBooks::mark_leaving(std::span<const IpAddress> exporters) {
  for (const IpAddress& exporter : exporters)
    if (index_.find(books_, exporter) != nullptr) leaving_.insert(exporter);
  forget_due();
}

/// What is queued must be found again in the book that has it, and would keep all who come anew out of books
/// of their own where that is the shared one: so a book waits, be it for days, where the flows are in a
/// spool.
void ExporterBooks::forget_due() {
  if (leaving_.empty()) return;
  const std::size_t before = books_.size();
  std::erase_if(books_, [&](const ExporterBook& book) {
    if (book.queued != 0 || leaving_.erase(book.exporter) == 0) return false;
    others_ += book;
    return true;
  });
  if (books_.size() != before) index_.rebuild(books_);
}

void ExporterBooks::count_some(std::size_t blocks) {
  for (; blocks != 0 && !fresh_.empty(); --blocks) {
    Waiting& waiting = fresh_.front();
    for (const auto& [exporter, flows] : waiting.block->exporters) live_book_of(exporter).queued += flows;
    waiting.counted = true;
    counted_.splice(counted_.end(), fresh_, fresh_.begin());
  }
}

std::vector<ExporterBook> ExporterBooks::read() {
  for (;;) {
    const std::lock_guard lock(mutex_);  // given back after each round, so that workers get their turn
    count_some(kBlocksAtOnce);
    if (!fresh_.empty()) continue;
    forget_due();
    std::vector<ExporterBook> out = books_;
    if (others_.sum() != 0) out.push_back(others_);
    return out;
  }
}

}  // namespace sluice::sink
