#pragma once
// A sink that remembers what it was given. It can be full (refuses everything) or stuck (takes everything and
// lets nothing go, so that its memory budget stays charged).
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "sink/sink.hpp"

namespace sluice::test {

class RecordingSink final : public sink::Sink {
 public:
  enum class Mode { taking, full, stuck };

  struct Entry {
    std::shared_ptr<const sink::Block> block;  ///< a copy; holds no memory of the budget
    const sink::Block* identity;               ///< the block itself: equal where two sinks got the same
    unsigned worker;
    bool marked;  ///< Block::mark was there; the copy has none
  };

  explicit RecordingSink(std::uint32_t buckets = 1, std::size_t budget_bytes = 0) : buckets_(buckets) {
    if (budget_bytes) budget_ = std::make_shared<sink::MemoryBudget>(budget_bytes);
  }

  void set_mode(Mode mode) {
    const std::lock_guard lock(mutex_);
    mode_ = mode;
    if (mode != Mode::stuck) held_.clear();
  }
  void set_buckets(std::uint32_t buckets) {
    const std::lock_guard lock(mutex_);
    buckets_ = buckets;
  }
  std::vector<Entry> entries() const {
    const std::lock_guard lock(mutex_);
    return entries_;
  }
  sink::ExporterBook book_of(const IpAddress& exporter) const {
    const std::lock_guard lock(mutex_);
    const auto found = books_.find(exporter);
    return found == books_.end() ? sink::ExporterBook{} : found->second;
  }
  /// All bytes, in the order of the blocks.
  std::string bytes() const {
    const std::lock_guard lock(mutex_);
    std::string out;
    for (const Entry& entry : entries_)
      out.append(reinterpret_cast<const char*>(entry.block->bytes.data()), entry.block->bytes.size());
    return out;
  }

  void send(sink::BlockPtr block, unsigned worker) override {
    const std::lock_guard lock(mutex_);
    if (mode_ == Mode::full) {
      stats_.counts[sink::SinkCount::shed_flows] += block->flows;
      book(block->exporters, &sink::ExporterBook::shed);
      return;
    }
    entries_.push_back({copy(*block), block.get(), worker, block->mark != nullptr});
    book(block->exporters,
         mode_ == Mode::stuck ? &sink::ExporterBook::queued : &sink::ExporterBook::delivered);
    if (mode_ == Mode::stuck) {
      stats_.counts[sink::SinkCount::queued_flows] += block->flows;
      held_.push_back(std::move(block));
    } else {
      stats_.counts[sink::SinkCount::delivered_flows] += block->flows;
      stats_.counts[sink::SinkCount::delivered_bytes] += block->bytes.size();
      ++stats_.counts[sink::SinkCount::delivered_blocks];
    }
  }
  void shed(std::span<const sink::Block::ExporterCount> lost) override {
    const std::lock_guard lock(mutex_);
    for (const auto& count : lost) stats_.counts[sink::SinkCount::shed_flows] += count.flows;
    book(lost, &sink::ExporterBook::shed);
  }
  void leave_out(std::span<const sink::Block::ExporterCount> flows) override {
    const std::lock_guard lock(mutex_);
    book(flows, &sink::ExporterBook::left_out);
  }
  void filter_out(std::span<const sink::Block::ExporterCount> flows) override {
    const std::lock_guard lock(mutex_);
    for (const auto& count : flows) stats_.counts[sink::SinkCount::filtered_flows] += count.flows;
    book(flows, &sink::ExporterBook::filtered);
  }
  std::shared_ptr<sink::MemoryBudget> budget() const override { return budget_; }
  std::uint32_t buckets() const override {
    const std::lock_guard lock(mutex_);
    return buckets_;
  }
  sink::SinkStats stats() const override {
    const std::lock_guard lock(mutex_);
    return stats_;
  }
  std::vector<sink::ExporterBook> books() const override {
    const std::lock_guard lock(mutex_);
    std::vector<sink::ExporterBook> out;
    for (const auto& [exporter, book] : books_) out.push_back(book);
    return out;
  }
  void forget(std::span<const IpAddress> exporters) override {
    const std::lock_guard lock(mutex_);
    for (const IpAddress& exporter : exporters) books_.erase(exporter);
  }
  void close(std::chrono::steady_clock::time_point) override { set_mode(Mode::taking); }

 private:
  void book(std::span<const sink::Block::ExporterCount> counts, std::uint64_t sink::ExporterBook::* column) {
    for (const auto& [exporter, flows] : counts) {
      books_[exporter].exporter = exporter;
      books_[exporter].*column += flows;
    }
  }

  static std::shared_ptr<const sink::Block> copy(const sink::Block& from) {
    auto out = std::make_shared<sink::Block>();
    out->bucket = from.bucket;
    out->flows = from.flows;
    out->exporters = from.exporters;
    out->bytes = from.bytes;
    out->row_ends = from.row_ends;
    out->row_exporters = from.row_exporters;
    out->keys = from.keys;
    out->key_ends = from.key_ends;
    out->opened_ns = from.opened_ns;
    return out;
  }

  std::shared_ptr<sink::MemoryBudget> budget_;
  mutable std::mutex mutex_;
  std::uint32_t buckets_;
  Mode mode_ = Mode::taking;
  std::vector<Entry> entries_;
  std::vector<sink::BlockPtr> held_;
  std::map<IpAddress, sink::ExporterBook> books_;
  sink::SinkStats stats_;
};

}  // namespace sluice::test
