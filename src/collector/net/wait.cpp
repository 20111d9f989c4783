#include "net/wait.hpp"

#include <poll.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <boost/container/small_vector.hpp>
#include <cerrno>
#include <cstdint>
#include <limits>
#include <system_error>

namespace sluice::net {

WakeUp::WakeUp() : fd_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
  if (!fd_) throw std::system_error(errno, std::generic_category(), "cannot make an event descriptor");
}

void WakeUp::notify() const noexcept {
  // The only failure is a full counter, which is as awake as it gets.
  const int saved = errno;
  [[maybe_unused]] const int failed = ::eventfd_write(fd_.get(), 1);
  errno = saved;
}

void WakeUp::clear() const noexcept {
  eventfd_t ignored = 0;
  [[maybe_unused]] const int failed = ::eventfd_read(fd_.get(), &ignored);
}

int wait_readable(std::span<const int> fds, std::chrono::milliseconds timeout, const WakeUp& wake) {
  boost::container::small_vector<pollfd, 16> watched;
  for (const int fd : fds) watched.push_back({.fd = fd, .events = POLLIN, .revents = 0});
  watched.push_back({.fd = wake.fd(), .events = POLLIN, .revents = 0});
  const auto longest = std::numeric_limits<int>::max();
  const int milliseconds = static_cast<int>(std::clamp<std::int64_t>(timeout.count(), -1, longest));
  if (::poll(watched.data(), watched.size(), milliseconds) < 0) return errno == EINTR ? 0 : -errno;
  watched.pop_back();
  // An error on a socket counts as readable: the next receive() returns it.
  return static_cast<int>(
      std::count_if(watched.begin(), watched.end(), [](const pollfd& p) { return p.revents != 0; }));
}

}  // namespace sluice::net
