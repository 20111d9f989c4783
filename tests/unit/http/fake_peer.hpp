#pragma once
// What answers with bytes of the test's own, whatever it is asked.
#include <utility>  // Boost 1.74's Asio needs it first under C++20

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <string>
#include <thread>

#include "support/deadline_socket.hpp"

namespace sluice::http::test {

/// On a thread of its own; takes one connection, waits for its first bytes and answers.
class FakePeer {
 public:
  enum class Then {
    close,  ///< the connection
    wait,   ///< until the client closes it
  };
  explicit FakePeer(std::string answer, Then then = Then::close)
      : acceptor_(io_, {boost::asio::ip::address_v4::loopback(), 0}),
        port_(acceptor_.local_endpoint().port()),
        thread_([this, answer = std::move(answer), then] { serve(answer, then); }) {}
  ~FakePeer() { thread_.join(); }
  FakePeer(const FakePeer&) = delete;
  FakePeer& operator=(const FakePeer&) = delete;

  std::uint16_t port() const { return port_; }

 private:
  void serve(const std::string& answer, Then then) {
    auto socket = sluice::test::accept_in_time(acceptor_);
    std::array<char, 4096> ignored{};
    boost::system::error_code error;
    socket.read_some(boost::asio::buffer(ignored), error);
    boost::asio::write(socket, boost::asio::buffer(answer), error);
    while (then == Then::wait && !error) socket.read_some(boost::asio::buffer(ignored), error);
  }

  boost::asio::io_context io_;
  boost::asio::ip::tcp::acceptor acceptor_;
  const std::uint16_t port_;
  std::thread thread_;
};

}  // namespace sluice::http::test
