#pragma once
// A service before a fake engine, on a port of loopback, and a client that sends bytes as they are.
#include <utility>  // Boost 1.74's Asio needs it first under C++20

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <chrono>
#include <thread>

#include "http/server.hpp"
#include "store/service.hpp"
#include "support/deadline_socket.hpp"
#include "unit/store/fake_engine.hpp"

namespace sluice::store {

struct HttpAnswer {
  unsigned status = 0;
  std::string body;
  std::map<std::string, std::string> headers;
  bool cut_off = false;  ///< the connection ended before the answer did
};

class HttpClient {
 public:
  explicit HttpClient(std::uint16_t port) : socket_(connected(port)) {}
  void send(std::string_view bytes) {
    boost::asio::write(socket_, boost::asio::buffer(bytes.data(), bytes.size()));
  }
  HttpAnswer receive(bool head = false) {
    namespace http = boost::beast::http;
    http::response_parser<http::string_body> parser;
    parser.body_limit(std::numeric_limits<std::uint64_t>::max());
    parser.skip(head);
    boost::system::error_code error;
    http::read(socket_, buffer_, parser, error);
    HttpAnswer out{.status = parser.get().result_int(), .body = parser.get().body(), .headers = {}};
    for (const auto& field : parser.get())
      out.headers[std::string(field.name_string())] = std::string(field.value());
    out.cut_off = static_cast<bool>(error);
    return out;
  }
  /// "METHOD TARGET", further header lines each with CRLF, body.
  HttpAnswer ask(std::string_view line, std::string_view headers = "", std::string_view body = "") {
    std::string request(line);
    request += " HTTP/1.1\r\nHost: localhost\r\n";
    request += headers;
    if (!body.empty() || line.starts_with("POST"))
      request += "Content-Length: " + std::to_string(body.size()) + "\r\n";
    request += "\r\n";
    request += body;
    send(request);
    return receive(line.starts_with("HEAD"));
  }
  /// Bytes as they come.
  std::string read_exactly(std::size_t size) {
    std::string out(size, '\0');
    boost::asio::read(socket_, boost::asio::buffer(out));
    return out;
  }
  /// True once the other side has ended the connection.
  bool ended() {
    char byte = 0;
    boost::system::error_code error;
    socket_.read_some(boost::asio::buffer(&byte, 1), error);
    return static_cast<bool>(error);
  }

 private:
  boost::asio::ip::tcp::socket connected(std::uint16_t port) {
    boost::asio::ip::tcp::socket socket(io_);
    socket.connect({boost::asio::ip::address_v4::loopback(), port});
    return socket;
  }

  boost::asio::io_context io_;
  sluice::test::DeadlineSocket socket_;
  boost::beast::flat_buffer buffer_;
};

class HttpTest : public testing::Test {
 protected:
  void start(const ServiceOptions& options = {}, unsigned max_connections = 64) {
    service_ = std::make_unique<Service>(engine_, options, stop_.get_token());
    http::Options wanted = listener({.at = {IpAddress::v4(0x7f000001), 0},
                                     .connections = max_connections,
                                     .per_client = 0,
                                     .hosts = {},
                                     .password = !options.credentials.password.empty()});
    if (wanted.deadlines.pace)
      wanted.deadlines.pace->at_first = std::min(wanted.deadlines.pace->at_first, patience_);
    auto server = http::StreamServer::listen(std::move(wanted));
    ASSERT_TRUE(server) << server.error();
    server_ = std::move(*server);
    thread_ = std::jthread([this] {
      server_->run([this](http::Exchange& exchange) { service_->answer(*coded(exchange)); },
                   stop_.get_token(), std::chrono::milliseconds(500), [this] { hurried_ = true; });
    });
  }
  void stop() {
    stop_.request_stop();
    if (thread_.joinable()) thread_.join();
  }
  void TearDown() override { stop(); }

  HttpClient client() const { return HttpClient(server_->port()); }
  HttpAnswer ask(std::string_view line, std::string_view headers = "", std::string_view body = "") const {
    return client().ask(line, headers, body);
  }

  FakeEngine engine_;
  std::chrono::milliseconds patience_ = std::chrono::hours(1);  ///< with slow bodies, at the most
  std::stop_source stop_;
  std::atomic<bool> hurried_{false};
  std::unique_ptr<Service> service_;
  std::unique_ptr<http::StreamServer> server_;
  std::jthread thread_;
};

}  // namespace sluice::store
