#pragma once
// A server on a thread of its own, and a client that speaks to it over loopback.
#include <gtest/gtest.h>

#include <utility>  // Boost 1.74's Asio needs it first under C++20

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <chrono>
#include <future>
#include <string>
#include <thread>

#include "http/server.hpp"
#include "support/deadline_socket.hpp"

namespace sluice::http::test {

namespace http = boost::beast::http;
using boost::asio::ip::tcp;

inline Options on(const char* address) {
  Options options;
  options.at.address = IpAddress::parse(address).value();
  options.purpose = "metrics";
  options.advice = "set metrics.listen";
  return options;
}

class RunningServer {
 public:
  explicit RunningServer(Handler handler, const Options& options = on("127.0.0.1")) {
    auto started = Server::start(io_, options, std::move(handler));
    if (!started) throw std::runtime_error(started.error());
    server_ = std::move(*started);
    port_ = server_->port();
    thread_ = std::thread([this] { io_.run(); });
  }
  ~RunningServer() {
    stop();
    guard_.reset();
    thread_.join();
  }
  std::uint16_t port() const { return port_; }
  /// Destroys the server on its own thread, as the program does, and waits for that.
  void stop() {
    std::promise<void> done;
    boost::asio::post(io_, [&] {
      server_.reset();
      done.set_value();
    });
    done.get_future().wait();
  }

 private:
  boost::asio::io_context io_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> guard_{io_.get_executor()};
  std::unique_ptr<Server> server_;
  std::uint16_t port_ = 0;
  std::thread thread_;
};

/// One connection.
class Client {
 public:
  using Answer = http::response<http::string_body>;

  explicit Client(std::uint16_t port, const char* address = "127.0.0.1")
      : socket_(connected({boost::asio::ip::make_address(address), port})) {}

  Answer request(http::verb method, const std::string& target, const std::string& authorization = "",
                 unsigned version = 11) {
    http::request<http::string_body> request(method, target, version);
    request.set(http::field::host, "localhost");
    if (!authorization.empty()) request.set(http::field::authorization, authorization);
    http::write(socket_, request);
    return read(method == http::verb::head);
  }
  Answer get(const std::string& target, const std::string& authorization = "") {
    return request(http::verb::get, target, authorization);
  }
  void send(const std::string& raw) { boost::asio::write(socket_, boost::asio::buffer(raw)); }
  Answer read(bool head = false) {
    http::response_parser<http::string_body> parser;
    parser.skip(head);
    http::read(socket_, buffer_, parser);
    return parser.release();
  }
  /// All bytes up to and including `end`, as they come.
  std::string read_until(const std::string& end) {
    std::string out;
    boost::asio::read_until(socket_, boost::asio::dynamic_buffer(raw_), end);
    const std::size_t size = raw_.find(end) + end.size();
    out = raw_.substr(0, size);
    raw_.erase(0, size);
    return out;
  }
  /// Whether the server closes the connection within `time`, with nothing more to say.
  bool closed_within(std::chrono::milliseconds time) {
    if (!sluice::test::ready_in_time(socket_.native_handle(), POLLIN, time)) return false;
    char byte = 0;
    boost::system::error_code error;
    return socket_.read_some(boost::asio::buffer(&byte, 1), error) == 0 && error;
  }

 private:
  tcp::socket connected(const tcp::endpoint& to) {
    tcp::socket socket(io_);
    socket.connect(to);
    return socket;
  }

  boost::asio::io_context io_;
  sluice::test::DeadlineSocket socket_;
  boost::beast::flat_buffer buffer_;
  std::string raw_;  // of read_until()
};

inline Client::Answer get(const RunningServer& server, const std::string& target,
                          const std::string& authorization = "") {
  return Client(server.port()).get(target, authorization);
}

}  // namespace sluice::http::test
