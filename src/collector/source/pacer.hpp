#pragma once
// When the next datagram is due. Sleeps against absolute times, so that what a sleep is late by is caught up.
#include <atomic>
#include <chrono>
#include <cstdint>

namespace sluice::source {

class Pacer {
 public:
  using Clock = std::chrono::steady_clock;

  /// `rate` datagrams per second, or else the capture's timing `speed` times as fast; 0 and 0: no waiting.
  Pacer(double rate, double speed, const std::atomic<bool>& stop);

  /// A file begins: its first timestamp is now.
  void start_file() { first_ns_ = 0; }
  /// Waits until a datagram captured at `time_ns` (0: unknown) is due. False when stopped.
  bool wait(std::uint64_t time_ns);
  double seconds() const;

 private:
  bool sleep_until(Clock::time_point due) const;

  const double rate_;
  const double speed_;
  const std::atomic<bool>& stop_;
  const Clock::time_point begin_ = Clock::now();
  std::uint64_t sent_ = 0;
  std::uint64_t first_ns_ = 0;
  Clock::time_point file_begin_;
};

}  // namespace sluice::source
