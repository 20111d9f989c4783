#pragma once
// A sink of the configuration over reloads: the one that takes flows now, and those of the same name before
// it, which deliver what they had, each on a thread of its own. What became of flows is told of all together,
// so that it still is what the workers handed over.
#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <span>
#include <thread>
#include <vector>

#include "sink/sink.hpp"

namespace sluice::app {

class SinkLine {
 public:
  using Deadline = std::chrono::steady_clock::time_point;

  explicit SinkLine(std::unique_ptr<sink::Sink> first) : current_(std::move(first)) {}
  ~SinkLine();
  SinkLine(const SinkLine&) = delete;
  SinkLine& operator=(const SinkLine&) = delete;

  // The main thread, and not beside close().

  sink::Sink* current() const { return current_.get(); }
  /// `next` takes flows from now on. No worker knows the one before any more: it has until then to deliver.
  void succeed(std::unique_ptr<sink::Sink> next, Deadline deadline);
  /// The same without a successor: the sink is configured no more.
  void end(Deadline deadline) { succeed(nullptr, deadline); }
  /// Puts those that are done away; what they did stays in the sums. `told` is called for each.
  void look(const std::function<void(const sink::SinkStats&)>& told);
  /// All is delivered or given up, and put away.
  bool ended() const { return current_ == nullptr && before_.empty(); }
  void forget(std::span<const IpAddress> exporters);
  void reopen();

  // Any thread, but none beside the above.

  sink::SinkStats stats() const;
  std::vector<sink::ExporterBook> books() const;
  bool ready_to_close() const { return current_ == nullptr || current_->ready_to_close(); }
  /// Closes the current one, and waits for those before it.
  void close(Deadline deadline);

 private:
  struct Former {
    std::unique_ptr<sink::Sink> sink;
    std::thread closing;
    std::atomic<bool> closed{false};
  };
  std::unique_ptr<sink::Sink> current_;
  std::vector<std::unique_ptr<Former>> before_;
  sink::SinkStats past_;                        // of those that were put away
  std::vector<sink::ExporterBook> past_books_;  // likewise
};

}  // namespace sluice::app
