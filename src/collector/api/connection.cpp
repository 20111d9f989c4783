#include "api/connection.hpp"

#include <boost/asio/buffer.hpp>
#include <exception>

namespace sluice::api {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::ip::tcp;

namespace {

// After an error answer the rest of what the peer sends is read for this long: closing on unread bytes would
// reset the connection and take the answer with it.
constexpr std::chrono::seconds kLinger{1};

std::string_view view(beast::string_view text) { return {text.data(), text.size()}; }

}  // namespace

IpAddress peer_of(const tcp::socket& socket) {
  beast::error_code error;
  const tcp::endpoint peer = socket.remote_endpoint(error);
  if (error) return {};
  if (peer.address().is_v4()) return IpAddress::v4(peer.address().to_v4().to_uint());
  const auto raw = peer.address().to_v6().to_bytes();
  return IpAddress::from_bytes(std::as_bytes(std::span(raw))).unmapped();
}

Connection::Connection(tcp::socket socket, std::shared_ptr<const HttpOptions> options,
                       std::shared_ptr<const Handler> handler, std::function<void()> ended)
    : stream_(std::move(socket)),
      peer_(peer_of(stream_.socket())),
      options_(std::move(options)),
      handler_(std::move(handler)),
      ended_(std::move(ended)) {}

Connection::~Connection() { ended_(); }

void Connection::close() { stream_.close(); }

void Connection::read() {
  parser_.emplace();
  parser_->header_limit(options_->max_header);
  parser_->body_limit(options_->max_body);
  stream_.expires_after(options_->timeout);
  http::async_read(
      stream_, buffer_, *parser_,
      [self = shared_from_this()](beast::error_code error, std::size_t) { self->on_read(error); });
}

void Connection::on_read(beast::error_code error) {
  if (error == http::error::header_limit) return refuse(431, "the request's head is too large");
  if (error == http::error::body_limit) return refuse(413, "the request's body is too large");
  if (error == http::error::end_of_stream || error == http::error::partial_message) return linger();
  if (error.category() == http::make_error_code(http::error::bad_method).category())
    return refuse(400, "this is not HTTP: " + error.message());
  if (error) return;  // timed out, reset, or closed by the server: the last reference goes with this call
  const RequestMessage& request = parser_->get();
  const Response response = answer(request);
  write(response, request.version(), request.keep_alive(), request.method() == http::verb::head);
}

Response Connection::answer(const RequestMessage& request) const {
  if (request.method() != http::verb::get && request.method() != http::verb::head) {
    Response response = error_response(405, "only GET and HEAD are known here");
    response.headers.emplace_back("Allow", "GET, HEAD");
    return response;
  }
  const std::string_view target = view(request.target());
  const std::size_t mark = target.find('?');
  try {
    return (*handler_)({.path = target.substr(0, mark),
                        .query = mark == std::string_view::npos ? "" : target.substr(mark + 1),
                        .authorization = view(request[http::field::authorization]),
                        .peer = peer_});
  } catch (const std::exception& failure) {
    return error_response(500, failure.what());
  }
}

void Connection::refuse(unsigned status, std::string_view text) {
  write(error_response(status, text), 11, false, false);
}

void Connection::write(const Response& response, unsigned version, bool keep_alive, bool head) {
  response_ = ResponseMessage(static_cast<http::status>(response.status), version);
  response_.set(http::field::server, "sluice");
  response_.set(http::field::content_type, response.content_type);
  response_.set(http::field::cache_control, "no-store");
  response_.set("X-Content-Type-Options", "nosniff");
  for (const auto& [name, value] : response.headers) response_.set(name, value);
  response_.content_length(response.body.size());
  if (!head) response_.body() = response.body;
  response_.keep_alive(keep_alive);
  serializer_.emplace(response_);
  stream_.expires_after(options_->timeout);
  http::async_write(stream_, *serializer_,
                    [self = shared_from_this(), keep_alive](beast::error_code error, std::size_t) {
                      if (error) return;
                      if (keep_alive) return self->read();
                      self->linger();
                    });
}

void Connection::linger() {
  beast::error_code ignored;
  stream_.socket().shutdown(tcp::socket::shutdown_send, ignored);
  stream_.expires_after(kLinger);
  drain();
}

void Connection::drain() {
  stream_.async_read_some(asio::buffer(ignored_),
                          [self = shared_from_this()](beast::error_code error, std::size_t) {
                            if (!error) self->drain();
                          });
}

}  // namespace sluice::api
