#pragma once
// A server on a thread of its own, and a client that speaks to it over loopback.
#include <gtest/gtest.h>
#include <poll.h>

#include <utility>  // Boost 1.74's Asio needs it first under C++20

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <chrono>
#include <future>
#include <string>
#include <thread>

#include "api/http_server.hpp"

namespace sluice::api::test {

namespace http = boost::beast::http;
using boost::asio::ip::tcp;

inline HttpOptions on(const char* address) {
  return {.address = IpAddress::parse(address).value(), .port = 0, .purpose = "metrics"};
}

class RunningServer {
 public:
  explicit RunningServer(Handler handler, const HttpOptions& options = on("127.0.0.1")) {
    auto started = HttpServer::start(io_, options, std::move(handler));
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
  std::unique_ptr<HttpServer> server_;
  std::uint16_t port_ = 0;
  std::thread thread_;
};

/// One connection.
class Client {
 public:
  using Answer = http::response<http::string_body>;

  explicit Client(std::uint16_t port, const char* address = "127.0.0.1") : socket_(io_) {
    socket_.connect({boost::asio::ip::make_address(address), port});
  }

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
  /// Whether the server closes the connection within `time`, with nothing more to say.
  bool closed_within(std::chrono::milliseconds time) {
    pollfd readable{.fd = socket_.native_handle(), .events = POLLIN, .revents = 0};
    if (::poll(&readable, 1, static_cast<int>(time.count())) != 1) return false;
    char byte = 0;
    boost::system::error_code error;
    return socket_.read_some(boost::asio::buffer(&byte, 1), error) == 0 && error;
  }

 private:
  boost::asio::io_context io_;
  tcp::socket socket_;
  boost::beast::flat_buffer buffer_;
};

inline Client::Answer get(const RunningServer& server, const std::string& target,
                          const std::string& authorization = "") {
  return Client(server.port()).get(target, authorization);
}

}  // namespace sluice::api::test
