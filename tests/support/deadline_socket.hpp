#pragma once
// A connected socket whose reads and writes give up after a time that only a test that hangs takes: it fails
// then instead of waiting for ever. What Beast and Asio call a SyncStream; one thread.
#include <poll.h>

#include <utility>  // Boost 1.74's Asio needs it first under C++20

#include <boost/asio/error.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/system/system_error.hpp>
#include <chrono>

namespace sluice::test {

inline constexpr std::chrono::milliseconds kHung{20000};

/// Whether the descriptor is ready for `events` before a test counts as hung.
inline bool ready_in_time(int fd, short events, std::chrono::milliseconds time = kHung) {
  pollfd item{.fd = fd, .events = events, .revents = 0};
  return ::poll(&item, 1, static_cast<int>(time.count())) == 1;
}

class DeadlineSocket {
 public:
  using Socket = boost::asio::ip::tcp::socket;
  using Error = boost::system::error_code;

  explicit DeadlineSocket(Socket socket) : socket_(std::move(socket)) { socket_.non_blocking(true); }

  int native_handle() { return socket_.native_handle(); }

  template <class Buffers>
  std::size_t read_some(const Buffers& to, Error& error) {
    return in_time(POLLIN, error) ? socket_.read_some(to, error) : 0;
  }
  template <class Buffers>
  std::size_t write_some(const Buffers& from, Error& error) {
    return in_time(POLLOUT, error) ? socket_.write_some(from, error) : 0;
  }
  template <class Buffers>
  std::size_t read_some(const Buffers& to) {
    Error error;
    const std::size_t size = read_some(to, error);
    if (error) throw boost::system::system_error(error);
    return size;
  }
  template <class Buffers>
  std::size_t write_some(const Buffers& from) {
    Error error;
    const std::size_t size = write_some(from, error);
    if (error) throw boost::system::system_error(error);
    return size;
  }

 private:
  bool in_time(short events, Error& error) {
    error = {};
    if (!ready_in_time(socket_.native_handle(), events)) error = boost::asio::error::timed_out;
    return !error;
  }

  Socket socket_;
};

/// The next connection, with a deadline too.
inline DeadlineSocket accept_in_time(boost::asio::ip::tcp::acceptor& acceptor) {
  if (!ready_in_time(acceptor.native_handle(), POLLIN))
    throw boost::system::system_error(boost::asio::error::timed_out);
  return DeadlineSocket(acceptor.accept());
}

}  // namespace sluice::test
