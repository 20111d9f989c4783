#pragma once
// A server on a thread of its own that takes one connection after the other, keeps the request and sends the
// bytes it was told to, right or wrong.
#include <utility>  // Boost 1.74's Asio needs it first under C++20

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <future>
#include <string>
#include <thread>

#include "http/url.hpp"
#include "support/deadline_socket.hpp"

namespace sluice::query::test {

namespace http = boost::beast::http;
using boost::asio::ip::tcp;
using Received = http::request<http::string_body>;

class FakeServer {
 public:
  explicit FakeServer(std::string answer, const char* address = "127.0.0.1")
      : acceptor_(io_, {boost::asio::ip::make_address(address), 0}),
        server_{.host = address, .port = std::to_string(acceptor_.local_endpoint().port())} {
    thread_ = std::thread([this, answer = std::move(answer)] { serve(answer); });
  }
  ~FakeServer() { thread_.join(); }
  FakeServer(const FakeServer&) = delete;
  FakeServer& operator=(const FakeServer&) = delete;

  const sluice::http::Url& server() const { return server_; }
  /// The request that was answered; waits for it.
  Received request() { return received_.get_future().get(); }

 private:
  void serve(const std::string& answer) {
    auto socket = sluice::test::accept_in_time(acceptor_);
    acceptor_.close();
    boost::beast::flat_buffer buffer;
    Received request;
    boost::system::error_code error;
    http::read(socket, buffer, request, error);
    boost::asio::write(socket, boost::asio::buffer(answer), error);
    received_.set_value(std::move(request));
  }

  boost::asio::io_context io_;
  tcp::acceptor acceptor_;
  sluice::http::Url server_;
  std::promise<Received> received_;
  std::thread thread_;
};

/// A whole answer with its length.
inline std::string answer(const std::string& status, const std::string& headers, const std::string& body) {
  return "HTTP/1.1 " + status + "\r\n" + headers + "Content-Length: " + std::to_string(body.size()) +
         "\r\n\r\n" + body;
}

}  // namespace sluice::query::test
