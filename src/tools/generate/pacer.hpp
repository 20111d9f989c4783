#pragma once
// Keeps a rate: says how many datagrams may leave now. Time comes in with the calls, in nanoseconds of any
// monotonic clock. One thread.
#include <cstdint>

namespace sluice::generate {

class Pacer {
 public:
  /// `rate` datagrams a second; 0: no bound.
  Pacer(double rate, std::uint64_t start_ns);

  /// How many may leave at once: 0 until the next burst is due, else a burst of at most a millisecond's
  /// worth. What was missed is caught up burst by burst, but for what lies more than a second back.
  std::uint32_t allowed(std::uint64_t now_ns);
  void sent(std::uint32_t datagrams) { sent_ += datagrams; }
  /// When the next burst is due.
  std::uint64_t next_ns() const;

 private:
  double rate_;
  std::uint32_t burst_;
  std::uint64_t start_ns_;
  std::uint64_t sent_ = 0;  // since start_ns_
};

}  // namespace sluice::generate
