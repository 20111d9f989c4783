#include "app/sink_line.hpp"

#include <algorithm>

namespace sluice::app {
namespace {

void add(const sink::SinkStats& more, sink::SinkStats& to) {
  to.counts += more.counts;
  for (const auto& [reason, flows] : more.failed_flows) to.failed_flows[reason] += flows;
}

/// One book for each exporter; the shared one, of an empty address, last.
std::vector<sink::ExporterBook> together(std::vector<sink::ExporterBook> books) {
  std::ranges::sort(books, std::greater{}, &sink::ExporterBook::exporter);
  std::vector<sink::ExporterBook> out;
  for (const sink::ExporterBook& book : books) {
    if (out.empty() || out.back().exporter != book.exporter)
      out.push_back(book);
    else
      out.back() += book;
  }
  return out;
}

void append(std::vector<sink::ExporterBook> more, std::vector<sink::ExporterBook>& to) {
  to.insert(to.end(), more.begin(), more.end());
}

}  // namespace

SinkLine::~SinkLine() {
  for (const auto& former : before_)
    if (former->closing.joinable()) former->closing.join();
}

void SinkLine::succeed(std::unique_ptr<sink::Sink> next, Deadline deadline) {
  auto former = std::make_unique<Former>();
  former->sink = std::exchange(current_, std::move(next));
  former->closing = std::thread([one = former.get(), deadline] {
    one->sink->close(deadline);
    one->closed.store(true, std::memory_order_release);
  });
  before_.push_back(std::move(former));
}

void SinkLine::look(const std::function<void(const sink::SinkStats&)>& told) {
  std::erase_if(before_, [&](const std::unique_ptr<Former>& former) {
    if (!former->closed.load(std::memory_order_acquire)) return false;
    former->closing.join();
    const sink::SinkStats stats = former->sink->stats();
    told(stats);
    add(stats, past_);
    append(former->sink->books(), past_books_);
    past_books_ = together(std::move(past_books_));
    return true;
  });
}

void SinkLine::forget(std::span<const IpAddress> exporters) {
  if (current_) current_->forget(exporters);
  for (const auto& former : before_) former->sink->forget(exporters);
  for (sink::ExporterBook& book : past_books_)
    if (std::ranges::find(exporters, book.exporter) != exporters.end()) book.exporter = IpAddress{};
  past_books_ = together(std::move(past_books_));
}

void SinkLine::reopen() {
  if (current_) current_->reopen();
}

sink::SinkStats SinkLine::stats() const {
  sink::SinkStats out = past_;
  if (current_) add(current_->stats(), out);
  for (const auto& former : before_) add(former->sink->stats(), out);
  return out;
}

std::vector<sink::ExporterBook> SinkLine::books() const {
  std::vector<sink::ExporterBook> out = current_ ? current_->books() : std::vector<sink::ExporterBook>{};
  if (before_.empty() && past_books_.empty()) return out;
  append(past_books_, out);
  for (const auto& former : before_) append(former->sink->books(), out);
  return together(std::move(out));
}

void SinkLine::close(Deadline deadline) {
  if (current_) current_->close(deadline);
  for (const auto& former : before_)
    if (former->closing.joinable()) former->closing.join();
}

}  // namespace sluice::app
