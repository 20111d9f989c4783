#pragma once
// Where a thread's flows go over reloads: what a reload changes is made by whoever asks for it, and taken by
// the thread between two batches.
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "enrich/enricher.hpp"
#include "worker/outputs.hpp"

namespace sluice::worker {

class CurrentOutputs {
 public:
  /// What a reload changes. Made by whoever asks for it, used by the thread alone from then on.
  struct Change {
    std::unique_ptr<Outputs> outputs;
    enrich::Settings enrich;
  };

  CurrentOutputs(const std::vector<OutputTo>& targets, unsigned index, enrich::Settings enrich)
      : enricher_(std::move(enrich), enriched_), outputs_(std::make_unique<Outputs>(targets, index)) {}

  // The thread's.

  Outputs* operator->() { return outputs_.get(); }
  enrich::Enricher& enricher() { return enricher_; }
  /// There is one to be taken.
  bool change_waits() const { return waits_.load(std::memory_order_acquire); }
  /// What is open goes to the sinks that it was for.
  void take_change();

  // One other thread's.

  /// Not before changed().
  void change(Change change) {
    change_ = std::move(change);
    waits_.store(true, std::memory_order_release);
  }

  // Any thread.

  /// The thread is done with what it had before the last change().
  bool changed() const { return !change_waits(); }
  /// Flows that formats left out, those before a change among them.
  std::uint64_t left_out() const;
  /// What enrichers counted, those before a change among them.
  const enrich::EnrichCounters& enriched() const { return *enriched_; }

 private:
  const std::shared_ptr<enrich::EnrichCounters> enriched_ = std::make_shared<enrich::EnrichCounters>();
  enrich::Enricher enricher_;
  mutable std::mutex mutex_;  // held to put others there, and by other threads
  std::unique_ptr<Outputs> outputs_;
  std::uint64_t left_out_before_ = 0;  // by those that were there before
  Change change_;
  std::atomic<bool> waits_{false};
};

}  // namespace sluice::worker
