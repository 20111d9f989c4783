#include "store/channel.hpp"

#include <poll.h>

#include <algorithm>
#include <boost/asio/error.hpp>
#include <cerrno>

namespace sluice::store {

namespace {

boost::system::error_code last_error() { return {errno, boost::system::system_category()}; }

}  // namespace

bool Channel::wait(short events, boost::system::error_code& error) const {
  using namespace std::chrono;
  for (;;) {
    const auto left =
        duration_cast<milliseconds>(std::min<Clock::duration>(deadline_ - Clock::now(), hours(1)));
    pollfd item{.fd = fd_.get(), .events = events, .revents = 0};
    const int ready = left.count() < 0 ? 0 : ::poll(&item, 1, static_cast<int>(left.count()) + 1);
    if (ready > 0) return true;
    if (ready < 0 && errno == EINTR) continue;
    if (ready == 0 && Clock::now() < deadline_) continue;
    error = ready == 0 ? make_error_code(boost::asio::error::timed_out) : last_error();
    return false;
  }
}

std::size_t Channel::read(char* data, std::size_t size, boost::system::error_code& error) {
  error = {};
  if (size == 0) return 0;
  for (;;) {
    const ssize_t got = ::recv(fd_.get(), data, size, 0);
    if (got > 0) return static_cast<std::size_t>(got);
    if (got == 0) error = make_error_code(boost::asio::error::eof);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK) && wait(POLLIN, error)) continue;
    if (!error) error = last_error();
    return 0;
  }
}

std::size_t Channel::write(const char* data, std::size_t size, boost::system::error_code& error) {
  error = {};
  if (size == 0) return 0;
  for (;;) {
    const ssize_t put = ::send(fd_.get(), data, size, MSG_NOSIGNAL);
    if (put >= 0) return static_cast<std::size_t>(put);
    if (errno == EINTR) continue;
    if ((errno == EAGAIN || errno == EWOULDBLOCK) && wait(POLLOUT, error)) continue;
    if (!error) error = last_error();
    return 0;
  }
}

}  // namespace sluice::store
