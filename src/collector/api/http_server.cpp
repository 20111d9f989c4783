#include "api/http_server.hpp"

#include <algorithm>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <cstring>
#include <nlohmann/json.hpp>

#include "api/connection.hpp"

namespace sluice::api {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

// When accept fails (no descriptor is left), trying again at once would burn the core that the rest needs.
constexpr std::chrono::milliseconds kAcceptPause{100};

tcp::endpoint endpoint_of(const HttpOptions& options) {
  if (options.address.is_v4()) {
    asio::ip::address_v4::bytes_type raw{};
    std::copy_n(options.address.bytes.begin(), raw.size(), raw.begin());
    return {asio::ip::address_v4(raw), options.port};
  }
  asio::ip::address_v6::bytes_type raw{};
  std::copy_n(options.address.bytes.begin(), raw.size(), raw.begin());
  return {asio::ip::address_v6(raw), options.port};
}

std::string why_not(const HttpOptions& options, const error_code& error) {
  const std::string text = options.address.to_string();
  return "cannot listen on " + (options.address.is_v6() ? "[" + text + "]" : text) + ":" +
         std::to_string(options.port) + " for " + options.purpose + ": " + std::strerror(error.value()) +
         "; set " + options.purpose + ".listen";
}

/// Listens, or says what went wrong.
error_code listen(tcp::acceptor& acceptor, const tcp::endpoint& at) {
  error_code error;
  acceptor.open(at.protocol(), error);
  if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error && at.address().is_v6())
    acceptor.set_option(asio::ip::v6_only(!at.address().is_unspecified()), error);
  if (!error) acceptor.bind(at, error);
  if (!error) acceptor.listen(tcp::acceptor::max_listen_connections, error);
  return error;
}

}  // namespace

Response error_response(unsigned status, std::string_view text) {
  const nlohmann::json body = {{"error", text}};
  return {.status = status,
          .content_type = "application/json",
          .body = body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n",
          .headers = {}};
}

Handler by_path(std::map<std::string, Handler, std::less<>> routes) {
  return [routes = std::move(routes)](const Request& request) {
    const auto found = routes.find(request.path);
    if (found == routes.end()) return error_response(404, "there is nothing at " + std::string(request.path));
    return found->second(request);
  };
}

/// Outlives the server as long as an operation of it is under way.
class HttpServer::Core : public std::enable_shared_from_this<Core> {
 public:
  Core(asio::io_context& io, HttpOptions options, Handler handler)
      : acceptor_(io),
        pause_(io),
        options_(std::make_shared<const HttpOptions>(std::move(options))),
        handler_(std::make_shared<const Handler>(std::move(handler))) {}

  error_code open() { return listen(acceptor_, endpoint_of(*options_)); }
  std::uint16_t port() const {
    error_code ignored;
    return acceptor_.local_endpoint(ignored).port();
  }

  void accept() {
    acceptor_.async_accept([self = shared_from_this()](error_code error, tcp::socket socket) {
      if (self->stopped_) return;
      if (error) return self->accept_later();
      self->take(std::move(socket));
      self->accept();
    });
  }

  void stop() {
    stopped_ = true;
    error_code ignored;
    acceptor_.close(ignored);
    pause_.cancel();
    for (const auto& [id, connection] : connections_)
      if (const auto living = connection.lock()) living->close();
  }

 private:
  void accept_later() {
    pause_.expires_after(kAcceptPause);
    pause_.async_wait([self = shared_from_this()](error_code) {
      if (!self->stopped_) self->accept();
    });
  }

  void take(tcp::socket socket) {
    if (connections_.size() >= options_->max_connections) return turn_away(socket);
    const std::uint64_t id = next_id_++;
    auto ended = [weak = weak_from_this(), id] {
      if (const auto self = weak.lock()) self->connections_.erase(id);
    };
    const auto connection =
        std::make_shared<Connection>(std::move(socket), options_, handler_, std::move(ended));
    connections_.emplace(id, connection);
    connection->read();
  }

  static void turn_away(tcp::socket& socket) {
    // As much as the empty send buffer takes at once, which is all of it; nothing is waited for.
    static constexpr std::string_view kAnswer =
        "HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Type: application/json\r\n"
        "Content-Length: 34\r\n\r\n{\"error\":\"too many connections\"}\r\n";
    error_code ignored;
    socket.non_blocking(true, ignored);
    socket.write_some(asio::buffer(kAnswer.data(), kAnswer.size()), ignored);
    socket.shutdown(tcp::socket::shutdown_both, ignored);
  }

  tcp::acceptor acceptor_;
  asio::steady_timer pause_;
  const std::shared_ptr<const HttpOptions> options_;
  const std::shared_ptr<const Handler> handler_;
  std::map<std::uint64_t, std::weak_ptr<Connection>> connections_;
  std::uint64_t next_id_ = 0;
  bool stopped_ = false;
};

Result<std::unique_ptr<HttpServer>, std::string> HttpServer::start(asio::io_context& io,
                                                                   const HttpOptions& options,
                                                                   Handler handler) {
  auto core = std::make_shared<Core>(io, options, std::move(handler));
  if (const error_code error = core->open()) return failure(why_not(options, error));
  core->accept();
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(core)));
}

HttpServer::HttpServer(std::shared_ptr<Core> core) : core_(std::move(core)) {}
HttpServer::~HttpServer() { core_->stop(); }
std::uint16_t HttpServer::port() const { return core_->port(); }

}  // namespace sluice::api
