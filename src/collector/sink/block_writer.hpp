#pragma once
// What a sink with a thread of its own does with a block; QueueSink brings the thread, the queue and the
// counts.
#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sink/sink.hpp"
#include "sink/tally.hpp"
#include "sluice/util/result.hpp"

namespace sluice::sink {

using Clock = std::chrono::steady_clock;

/// When a writer must stop waiting for whoever does not take its bytes. Set by one thread, read by another.
class GiveUp {
 public:
  void set(Clock::time_point at) { at_.store(at.time_since_epoch().count(), std::memory_order_release); }
  Clock::time_point at() const {
    return Clock::time_point(Clock::duration(at_.load(std::memory_order_acquire)));
  }
  bool reached() const { return Clock::now() >= at(); }

 private:
  std::atomic<Clock::rep> at_{Clock::time_point::max().time_since_epoch().count()};
};

/// Rows of a block that follow each other.
struct BlockRows {
  std::size_t first = 0, rows = 0;
  std::size_t bytes = 0;
};

struct WriteError {
  FailReason reason;
  std::string sentence;  ///< the same while the same thing is wrong
  int error = 0;         ///< errno
  bool lasting = false;  ///< it would fail again however often it is tried
  /// Where it is lasting: these rows alone are lost, and the others are written. Empty: all of them.
  std::vector<BlockRows> lost{};
};

/// Used by the sink's thread alone. start() and write() may throw std::bad_alloc, and write() has then
/// written nothing, or nothing that is doubled by writing the block again; the others do not throw.
class BlockWriter {
 public:
  virtual ~BlockWriter() = default;
  /// Before everything else.
  virtual void start() {}
  /// The whole block or an error; after an error nothing of the block is left behind where that can be
  /// helped.
  virtual Result<void, WriteError> write(const Block& block, const GiveUp& give_up) = 0;
  /// Values of the block that was written last of which only a part could be stored.
  virtual std::uint64_t cut_values() const { return 0; }
  /// When tick() has something to do.
  virtual std::optional<Clock::time_point> next_tick() const { return std::nullopt; }
  virtual void tick() {}
  virtual void reopen() {}
  /// No block follows.
  virtual void finish() {}
};

/// Writes all bytes, waiting for a slow reader until `give_up`. The error is an errno; ETIME: gave up.
Result<void, int> write_all(int fd, Bytes bytes, const GiveUp& give_up);
FailReason write_fail_reason(int error);
WriteError write_error(int error, std::string sentence);

}  // namespace sluice::sink
