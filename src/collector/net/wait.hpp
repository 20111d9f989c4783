#pragma once
// How an idle worker sleeps until a datagram comes or somebody wakes it.
#include <chrono>
#include <span>

#include "util/unique_fd.hpp"

namespace sluice::net {

/// Ends a wait_readable() from another thread. A notify() that comes before the wait ends that one at once,
/// so none is missed.
class WakeUp {
 public:
  WakeUp();  ///< throws std::system_error when the process has no descriptor left
  int fd() const { return fd_.get(); }
  /// Any thread; also from a signal handler.
  void notify() const noexcept;
  /// Forgets all notifications so far. The waiting thread.
  void clear() const noexcept;

 private:
  UniqueFd fd_;
};

/// Sleeps until one of the descriptors can be read, `wake` was notified or the time is over; a negative
/// timeout has no end. Returns how many descriptors can be read (`wake` not counted), 0 for the other reasons
/// and for a signal, -errno on failure. Does not clear `wake`.
int wait_readable(std::span<const int> fds, std::chrono::milliseconds timeout, const WakeUp& wake);

}  // namespace sluice::net
