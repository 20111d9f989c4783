#include "sink/tally.hpp"

namespace sluice::sink {

std::string_view name(FailReason reason) {
  switch (reason) {
    case FailReason::timed_out:
      return "timed_out";
    case FailReason::broker_down:
      return "broker_down";
    case FailReason::message_too_large:
      return "message_too_large";
    case FailReason::unknown_topic:
      return "unknown_topic";
    case FailReason::auth:
      return "auth";
    case FailReason::not_enough_replicas:
      return "not_enough_replicas";
    case FailReason::fatal:
      return "fatal";
    case FailReason::no_space:
      return "no_space";
    case FailReason::io_error:
      return "io_error";
    case FailReason::closed:
      return "closed";
    case FailReason::damaged:
      return "damaged";
    case FailReason::unreachable:
      return "unreachable";
    case FailReason::refused:
      return "refused";
    case FailReason::shutdown:
      return "shutdown";
    case FailReason::other:
    case FailReason::count:
      break;
  }
  return "other";
}

SinkStats Tally::stats() const {
  SinkStats out;
  // What became of flows is read before how many there were: a flow counted in between shows as queued.
  Counts<SinkCount>& counts = out.counts;
  for (const auto& info : kSinkCounts)
    counts[info.count] = counts_[info.count].load(std::memory_order_acquire);
  std::uint64_t settled =
      counts[SinkCount::delivered_flows] + counts[SinkCount::shed_flows] + counts[SinkCount::left_flows];
  for (std::size_t i = 0; i < failed_.size(); ++i) {
    const std::uint64_t flows = failed_[i].load(std::memory_order_acquire);
    if (flows) out.failed_flows.emplace(name(static_cast<FailReason>(i)), flows);
    settled += flows;
  }
  const std::uint64_t settled_bytes =
      counts[SinkCount::delivered_bytes] + gone_bytes_.load(std::memory_order_relaxed);
  counts[SinkCount::queued_flows] = produced_flows_.load(std::memory_order_acquire) - settled;
  const std::uint64_t produced_bytes = produced_bytes_.load(std::memory_order_relaxed);
  counts[SinkCount::queued_bytes] = produced_bytes > settled_bytes ? produced_bytes - settled_bytes : 0;
  return out;
}

}  // namespace sluice::sink
