#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "sink/block_writer.hpp"

namespace sluice::sink {
namespace {

constexpr std::chrono::milliseconds kLook{50};  // how often a waiting writer looks whether to give up

/// False when it is time to give up.
bool wait_writable(int fd, const GiveUp& give_up) {
  while (!give_up.reached()) {
    pollfd wait{fd, POLLOUT, 0};
    if (::poll(&wait, 1, static_cast<int>(kLook.count())) > 0) return true;
  }
  return false;
}

}  // namespace

Result<void, int> write_all(int fd, Bytes bytes, const GiveUp& give_up) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(fd, bytes.data(), bytes.size());
    if (n >= 0) {
      bytes = bytes.subspan(static_cast<std::size_t>(n));
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      if (!wait_writable(fd, give_up)) return failure(ETIME);
    } else if (errno != EINTR) {
      return failure(int{errno});
    }
  }
  return {};
}

FailReason write_fail_reason(int error) {
  switch (error) {
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
      return FailReason::no_space;
    case EPIPE:
      return FailReason::closed;
    case ETIME:
      return FailReason::shutdown;
    default:
      return FailReason::io_error;
  }
}

WriteError write_error(int error, std::string sentence) {
  const FailReason reason = write_fail_reason(error);
  return {reason, std::move(sentence), error, reason == FailReason::closed};
}

}  // namespace sluice::sink
