#pragma once
// Flow records with what they share. Filled by a source (a datagram, a capture, a topic), read by enrich and
// encode, cleared and used again: after the first datagrams nothing is allocated. One thread at a time.
#include <memory>
#include <span>
#include <vector>

#include "sluice/flow/counters.hpp"
#include "sluice/flow/record.hpp"

namespace sluice {

class FlowBatch {
 public:
  /// Forgets all flows, origins and counters; keeps the memory.
  void clear();

  /// Starts a new origin; flows appended from now on belong to it. The reference holds until the next call.
  Origin& add_origin();
  /// The origin that new flows get. Requires that add_origin() was called since clear().
  Origin& current_origin() { return origins_[origins_used_ - 1]; }

  /// n zeroed flows of the current origin; the span holds until the next append.
  std::span<FlowRecord> append(std::size_t n);
  FlowRecord& append_one() { return append(1).front(); }
  /// Takes back flows from the end, down to `size` flows; for a set or sample that turned out bad.
  void truncate(std::size_t size);
  /// Drops the flows for which keep(i) is false, keeping order.
  template <class Keep>
  void filter(Keep&& keep) {
    std::size_t kept = 0;
    for (std::size_t i = 0; i < records_used_; ++i)
      if (keep(i)) records_[kept++] = records_[i];
    records_used_ = kept;
  }

  /// No sink gets the flow: each counts it as filtered, so that the balances hold.
  void drop(FlowRecord& flow) {
    flow.dropped = 1;
    any_dropped_ = true;
  }
  bool any_dropped() const { return any_dropped_; }

  std::size_t size() const { return records_used_; }
  bool empty() const { return records_used_ == 0; }
  std::span<FlowRecord> flows() { return {records_.data(), records_used_}; }
  std::span<const FlowRecord> flows() const { return {records_.data(), records_used_}; }
  std::size_t origin_count() const { return origins_used_; }
  const Origin& origin(std::size_t index) const { return origins_[index]; }
  Origin& origin(std::size_t index) { return origins_[index]; }
  const Origin& origin_of(const FlowRecord& flow) const { return origins_[flow.origin]; }

  /// The flow's rare fields, made empty on first use. The reference holds until clear().
  FlowExtras& extras(FlowRecord& flow) {
    return flow.extras == kNoExtras ? fresh_extras(flow) : *extras_[flow.extras];
  }
  /// nullptr where the flow has none.
  const FlowExtras* extras_of(const FlowRecord& flow) const {
    return flow.extras == kNoExtras ? nullptr : extras_[flow.extras].get();
  }

  /// From now on decoders keep records of counters too.
  void want_counters() {
    if (!counters_) counters_ = std::make_unique<CounterBatch>();
  }
  /// nullptr where nobody wants them.
  CounterBatch* counters() { return counters_.get(); }
  const CounterBatch* counters() const { return counters_.get(); }

 private:
  FlowExtras& fresh_extras(FlowRecord& flow);

  std::vector<FlowRecord> records_;
  std::size_t records_used_ = 0;
  std::vector<Origin> origins_;
  std::size_t origins_used_ = 0;
  std::vector<std::unique_ptr<FlowExtras>> extras_;
  std::size_t extras_used_ = 0;
  bool any_dropped_ = false;
  std::unique_ptr<CounterBatch> counters_;
};

}  // namespace sluice
