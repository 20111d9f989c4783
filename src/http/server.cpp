#include "http/server.hpp"

#include <sys/socket.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <cstring>
#include <map>

#include "http/connection.hpp"
#include "http/threads.hpp"

namespace sluice::http {

namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

// When accept fails (no descriptor is left), trying again at once would burn the core that the rest needs.
constexpr std::chrono::milliseconds kAcceptPause{100};

tcp::endpoint to_asio(const Endpoint& endpoint) {
  const SocketAddress address(endpoint);
  tcp::endpoint out;
  out.resize(address.size());
  std::memcpy(out.data(), address.get(), address.size());
  return out;
}

std::string why_not(const Options& options, const Error& error) {
  return "cannot listen on " + options.at.to_string() +
         (options.purpose.empty() ? "" : " for " + options.purpose) + ": " + std::strerror(error.value()) +
         (options.advice.empty() ? "" : "; " + options.advice);
}

Error bind(tcp::acceptor& acceptor, const Endpoint& endpoint) {
  const tcp::endpoint at = to_asio(endpoint);
  Error error;
  acceptor.open(at.protocol(), error);
  if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error && at.address().is_v6())
    acceptor.set_option(asio::ip::v6_only(!at.address().is_unspecified()), error);
  if (!error) acceptor.bind(at, error);
  return error;
}

/// v4-mapped addresses unmapped; empty where the socket is not connected any more.
IpAddress peer_of(const tcp::socket& socket) {
  Error error;
  const tcp::endpoint peer = socket.remote_endpoint(error);
  if (error) return {};
  sockaddr_storage storage{};
  std::memcpy(&storage, peer.data(), peer.size());
  return endpoint_of(storage).address;
}

}  // namespace

Response fault_response(Fault fault, std::string_view text) {
  switch (fault) {
    case Fault::not_http:
      return error_response(400, "this is not HTTP: " + std::string(text));
    case Fault::head_too_large:
      return error_response(431, "the request's head is too large");
    case Fault::body_too_large:
      return error_response(413, "the request's body is too large");
    case Fault::handler_threw:
      return error_response(500, text);
    case Fault::too_many:
      return error_response(503, "too many connections");
    case Fault::plain_where_tls:
      return error_response(400, "this port speaks HTTPS; ask https://");
  }
  return error_response(500, text);
}

std::optional<ListenRefusal> try_out(const Options& options) {
  asio::io_context io(1);
  tcp::acceptor acceptor(io);
  const Error error = bind(acceptor, options.at);
  if (!error) return std::nullopt;
  return ListenRefusal{error.value(), why_not(options, error)};
}

/// Takes connections and knows those that live. Outlives its server as long as an operation of it is under
/// way.
class Listener : public std::enable_shared_from_this<Listener> {
 public:
  Listener(asio::io_context& io, std::shared_ptr<const Service> service)
      : acceptor_(io), pause_(io), service_(std::move(service)) {}

  Error open() {
    Error error = bind(acceptor_, service_->options.at);
    if (!error) acceptor_.listen(tcp::acceptor::max_listen_connections, error);
    if (!error) port_ = acceptor_.local_endpoint(error).port();
    return error;
  }
  std::uint16_t port() const { return port_; }

  void accept() {
    acceptor_.async_accept([self = shared_from_this()](Error error, tcp::socket socket) {
      if (self->stopped_) return;
      if (error) return self->accept_later();
      self->take(std::move(socket));
      self->accept();
    });
  }

  /// Takes nothing new.
  void stop() {
    stopped_ = true;
    Error ignored;
    acceptor_.close(ignored);
    pause_.cancel();
  }
  void close_all() {
    for_each([](Connection& one) { one.close(); });
  }
  /// Those that are idle at once, the others when they are; `empty` is called once none is left.
  void drain(std::function<void()> empty) {
    for_each([](Connection& one) { one.drain(); });
    empty_ = std::move(empty);
    if (connections_.empty()) empty_();
  }

 private:
  void accept_later() {
    pause_.expires_after(kAcceptPause);
    pause_.async_wait([self = shared_from_this()](Error) {
      if (!self->stopped_) self->accept();
    });
  }

  void take(tcp::socket socket) {
    const Options& options = service_->options;
    const IpAddress peer = peer_of(socket);
    if (options.admit_peer && !options.admit_peer(peer)) return;
    if (connections_.size() >= options.limits.connections) return turn_away(socket);
    Error ignored;
    socket.set_option(tcp::no_delay(true), ignored);
    boost::beast::tcp_stream stream(std::move(socket));
    const std::uint64_t id = next_id_++;
    const auto connection = std::make_shared<Connection>(
        options.tls ? tls_stream(std::move(stream), options.tls->context(), Side::server)
                    : plain_stream(std::move(stream)),
        peer, service_, [weak = weak_from_this(), id] {
          if (const auto self = weak.lock()) self->forget(id);
        });
    connections_.emplace(id, connection);
    connection->start();
  }

  void turn_away(tcp::socket& socket) const {
    Error ignored;
    if (!service_->options.tls) {
      // As much as the empty send buffer takes at once, which is all of it; nothing is waited for.
      const Response response = service_->options.fault(Fault::too_many, "");
      const std::string text =
          head_text(response.status, {{"Connection", "close"},
                                      {"Content-Type", response.content_type},
                                      {"Content-Length", std::to_string(response.body.size())}}) +
          response.body;
      socket.non_blocking(true, ignored);
      socket.write_some(asio::buffer(text), ignored);
    }
    socket.shutdown(tcp::socket::shutdown_both, ignored);
  }

  void forget(std::uint64_t id) {
    connections_.erase(id);
    if (connections_.empty() && empty_) empty_();
  }

  template <class F>
  void for_each(F&& call) {
    // What is called may end a connection, which then forgets itself.
    std::vector<std::shared_ptr<Connection>> living;
    for (const auto& [id, connection] : connections_)
      if (auto one = connection.lock()) living.push_back(std::move(one));
    for (const auto& one : living) call(*one);
  }

  tcp::acceptor acceptor_;
  asio::steady_timer pause_;
  const std::shared_ptr<const Service> service_;
  std::map<std::uint64_t, std::weak_ptr<Connection>> connections_;
  std::uint64_t next_id_ = 0;
  std::uint16_t port_ = 0;
  bool stopped_ = false;
  std::function<void()> empty_;
};

Result<std::unique_ptr<Server>, std::string> Server::start(asio::io_context& io, Options options,
                                                           Handler handler) {
  const auto service = std::make_shared<Service>();
  service->options = std::move(options);
  service->handler = std::move(handler);
  auto listener = std::make_shared<Listener>(io, service);
  if (const Error error = listener->open()) return failure(why_not(service->options, error));
  listener->accept();
  return std::unique_ptr<Server>(new Server(std::move(listener)));
}

Server::Server(std::shared_ptr<Listener> listener) : listener_(std::move(listener)) {}
Server::~Server() {
  listener_->stop();
  listener_->close_all();
}
std::uint16_t Server::port() const { return listener_->port(); }

struct StreamServer::Parts {
  asio::io_context io{1};
  std::shared_ptr<Service> service = std::make_shared<Service>();
  std::shared_ptr<Listener> listener;
  asio::steady_timer patience{io};
  Threads threads;  // last: they use the others
};

Result<std::unique_ptr<StreamServer>, std::string> StreamServer::listen(Options options) {
  auto parts = std::make_unique<Parts>();
  parts->service->options = std::move(options);
  parts->service->threads = &parts->threads;
  parts->listener = std::make_shared<Listener>(parts->io, parts->service);
  if (const Error error = parts->listener->open()) return failure(why_not(parts->service->options, error));
  return std::unique_ptr<StreamServer>(new StreamServer(std::move(parts)));
}

StreamServer::StreamServer(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
StreamServer::~StreamServer() = default;
std::uint16_t StreamServer::port() const { return parts_->listener->port(); }

void StreamServer::run(StreamHandler handler, const std::stop_token& stop, std::chrono::milliseconds grace,
                       std::function<void()> hurry) {
  Parts& parts = *parts_;
  parts.service->stream_handler = std::move(handler);
  const auto after_grace = [&parts, grace](std::function<void()> then) {
    parts.patience.expires_after(grace);
    parts.patience.async_wait([then = std::move(then)](Error error) {
      if (!error) then();
    });
  };
  const auto end = [&] {
    parts.listener->stop();
    after_grace([&] {
      // It may block, and what it ends needs this thread to end.
      const bool runs = parts.threads.run([hurry, work = asio::make_work_guard(parts.io)] { hurry(); });
      if (!runs) parts.listener->close_all();
      after_grace([&] { parts.listener->close_all(); });
    });
    parts.listener->drain([&parts] { parts.patience.cancel(); });
  };
  parts.listener->accept();
  {
    const std::stop_callback waker(stop, [&] { asio::post(parts.io, end); });
    parts.io.run();  // until nothing is left to do
  }
  parts.threads.end();  // so that nothing of what the handlers used lives on in them
}

}  // namespace sluice::http
