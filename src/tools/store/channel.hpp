#pragma once
// A connected socket as Beast's synchronous functions take it, with a deadline for what they wait for. Each
// connection has a thread, since a statement occupies one anyway.
#include <utility>  // Boost 1.74's Asio needs it first under C++20

#include <sys/socket.h>

#include <boost/asio/buffer.hpp>
#include <boost/system/error_code.hpp>
#include <boost/system/system_error.hpp>
#include <chrono>

#include "util/unique_fd.hpp"

namespace sluice::store {

class Channel {
 public:
  using Clock = std::chrono::steady_clock;

  /// `fd`: connected and non-blocking.
  explicit Channel(UniqueFd fd) : fd_(std::move(fd)) {}

  /// Reads and writes that last beyond it fail with timed_out.
  void expires_at(Clock::time_point deadline) { deadline_ = deadline; }
  void expires_after(Clock::duration time) { expires_at(Clock::now() + time); }
  /// From any thread, as long as the channel lives: what is waited for ends.
  void shutdown(int how = SHUT_RDWR) { ::shutdown(fd_.get(), how); }

  std::size_t read(char* data, std::size_t size, boost::system::error_code& error);
  std::size_t write(const char* data, std::size_t size, boost::system::error_code& error);

  // What Beast calls a SyncStream.
  template <class Buffers>
  std::size_t read_some(const Buffers& buffers, boost::system::error_code& error) {
    const auto first = first_of<boost::asio::mutable_buffer>(buffers);
    return read(static_cast<char*>(first.data()), first.size(), error);
  }
  template <class Buffers>
  std::size_t write_some(const Buffers& buffers, boost::system::error_code& error) {
    const auto first = first_of<boost::asio::const_buffer>(buffers);
    return write(static_cast<const char*>(first.data()), first.size(), error);
  }
  template <class Buffers>
  std::size_t read_some(const Buffers& buffers) {
    return checked([&](auto& error) { return read_some(buffers, error); });
  }
  template <class Buffers>
  std::size_t write_some(const Buffers& buffers) {
    return checked([&](auto& error) { return write_some(buffers, error); });
  }

 private:
  /// The first that is not empty: reads and writes may be short, and their callers ask again.
  template <class Buffer, class Buffers>
  static Buffer first_of(const Buffers& buffers) {
    for (auto at = boost::asio::buffer_sequence_begin(buffers);
         at != boost::asio::buffer_sequence_end(buffers); ++at)
      if (const Buffer buffer(*at); buffer.size() > 0) return buffer;
    return {};
  }
  template <class F>
  static std::size_t checked(F&& f) {
    boost::system::error_code error;
    const std::size_t size = f(error);
    if (error) throw boost::system::system_error(error);
    return size;
  }
  /// False: the deadline is over, or poll failed; `error` says.
  bool wait(short events, boost::system::error_code& error) const;

  UniqueFd fd_;
  Clock::time_point deadline_ = Clock::time_point::max();
};

}  // namespace sluice::store
