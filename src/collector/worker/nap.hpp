#pragma once
// How long a worker sleeps when its sockets are dry. Being woken for every few datagrams costs as much as
// receiving them, so under load it naps and takes what has come meanwhile; with nothing to do it blocks.
#include <algorithm>
#include <chrono>
#include <cstddef>

namespace sluice::worker {

struct NapPolicy {
  std::chrono::microseconds shortest{1000};  ///< under load; a nap itself costs about 20 us of CPU
  std::chrono::microseconds longest{
      5000};              ///< when little comes; the receive buffer must hold what comes meanwhile
  std::size_t busy = 48;  ///< datagrams in a turn from which the nap is shortened
  std::size_t calm = 16;  ///< and below which it is lengthened
};

/// Adapts by halves and doubles; one thread.
class Nap {
 public:
  explicit Nap(const NapPolicy& policy) : policy_(policy), now_(policy.shortest) {}

  /// After a turn that received n > 0 datagrams: how long to nap.
  std::chrono::microseconds after(std::size_t n) {
    if (n >= policy_.busy) now_ = std::max(policy_.shortest, now_ / 2);
    if (n < policy_.calm) now_ = std::min(policy_.longest, now_ * 2);
    return now_;
  }

 private:
  NapPolicy policy_;
  std::chrono::microseconds now_;
};

}  // namespace sluice::worker
