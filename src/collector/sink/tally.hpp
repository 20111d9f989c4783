#pragma once
// What became of a sink's flows, in sum; by exporter in books.hpp. Every flow is first counted as produced
// (or resumed) and then exactly once as delivered, failed, shed or left; queued is what remains, so the sums
// agree at every moment. Any thread.
#include <array>
#include <atomic>
#include <cstdint>
#include <string_view>

#include "sink/sink.hpp"

namespace sluice::sink {

enum class FailReason : std::uint8_t {
  timed_out,
  broker_down,
  message_too_large,
  unknown_topic,
  auth,
  not_enough_replicas,
  fatal,
  no_space,
  io_error,
  closed,
  damaged,
  unreachable,
  refused,
  shutdown,
  other,
  count
};
/// The metric label.
std::string_view name(FailReason reason);

class Tally {
 public:
  void produced(std::uint64_t flows, std::uint64_t bytes) {
    produced_bytes_.fetch_add(bytes, std::memory_order_relaxed);
    produced_flows_.fetch_add(flows, std::memory_order_release);
  }
  void delivered(std::uint64_t flows, std::uint64_t bytes) {
    counts_[SinkCount::delivered_bytes].fetch_add(bytes, std::memory_order_relaxed);
    counts_[SinkCount::delivered_flows].fetch_add(flows, std::memory_order_release);
  }
  void block_delivered() { add(SinkCount::delivered_blocks); }
  void failed(FailReason reason, std::uint64_t flows, std::uint64_t bytes) {
    gone_bytes_.fetch_add(bytes, std::memory_order_relaxed);
    failed_[static_cast<std::size_t>(reason)].fetch_add(flows, std::memory_order_release);
  }
  void shed(std::uint64_t flows, std::uint64_t bytes) {
    gone_bytes_.fetch_add(bytes, std::memory_order_relaxed);
    counts_[SinkCount::shed_flows].fetch_add(flows, std::memory_order_release);
  }
  /// Queued from now on, without having been produced.
  void resumed(std::uint64_t flows, std::uint64_t bytes) {
    counts_[SinkCount::resumed_flows].fetch_add(flows, std::memory_order_relaxed);
    produced(flows, bytes);
  }
  /// Not queued any more, as the sink is none any more.
  void leave(std::uint64_t flows, std::uint64_t bytes) {
    gone_bytes_.fetch_add(bytes, std::memory_order_relaxed);
    counts_[SinkCount::left_flows].fetch_add(flows, std::memory_order_release);
  }
  /// They were never produced.
  void filtered(std::uint64_t flows) {
    counts_[SinkCount::filtered_flows].fetch_add(flows, std::memory_order_relaxed);
  }
  /// Of flows that are delivered.
  void cut(std::uint64_t values) {
    counts_[SinkCount::cut_values].fetch_add(values, std::memory_order_relaxed);
  }
  void error() { add(SinkCount::errors); }

  std::uint64_t queued_flows() const { return stats().counts[SinkCount::queued_flows]; }
  SinkStats stats() const;

 private:
  void add(SinkCount what) { counts_[what].fetch_add(1, std::memory_order_relaxed); }

  std::atomic<std::uint64_t> produced_flows_{0}, produced_bytes_{0};  // resumed among them
  std::atomic<std::uint64_t> gone_bytes_{0};
  Counts<SinkCount, std::atomic<std::uint64_t>> counts_;  // but for what is queued, which is the rest
  std::array<std::atomic<std::uint64_t>, static_cast<std::size_t>(FailReason::count)> failed_{};
};

}  // namespace sluice::sink
