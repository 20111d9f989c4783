#pragma once
// One connection of the HTTP server: read a request, answer it, again while both sides want to.
#include <utility>  // Boost 1.74's Asio needs it first under C++20

#include <array>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <functional>
#include <memory>
#include <optional>

#include "api/http_server.hpp"

namespace sluice::api {

/// Lives as long as an operation of it is under way. Its owner may close() it at any time.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  /// `ended` is called once, when the connection is over; options and handler are the server's own copies.
  Connection(boost::asio::ip::tcp::socket socket, std::shared_ptr<const HttpOptions> options,
             std::shared_ptr<const Handler> handler, std::function<void()> ended);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void read();
  void close();

 private:
  using RequestParser = boost::beast::http::request_parser<boost::beast::http::string_body>;
  using RequestMessage = RequestParser::value_type;
  using ResponseMessage = boost::beast::http::response<boost::beast::http::string_body>;

  void on_read(boost::beast::error_code error);
  Response answer(const RequestMessage& request) const;
  void refuse(unsigned status, std::string_view text);
  void write(const Response& response, unsigned version, bool keep_alive, bool head);
  void linger();
  void drain();

  boost::beast::tcp_stream stream_;
  boost::beast::flat_buffer buffer_;
  std::optional<RequestParser> parser_;  // Beast's parser reads one message in its life
  ResponseMessage response_;
  std::optional<boost::beast::http::response_serializer<boost::beast::http::string_body>> serializer_;
  std::array<char, 4096> ignored_{};
  IpAddress peer_;
  const std::shared_ptr<const HttpOptions> options_;
  const std::shared_ptr<const Handler> handler_;
  const std::function<void()> ended_;
};

/// The peer's address, v4-mapped unmapped; empty where the socket is not connected any more.
IpAddress peer_of(const boost::asio::ip::tcp::socket& socket);

}  // namespace sluice::api
