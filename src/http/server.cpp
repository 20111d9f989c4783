#include "http/server.hpp"

#include <fcntl.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <cerrno>
#include <cstring>
#include <optional>

#include "http/connection.hpp"
#include "http/handler_memory.hpp"
#include "http/in_any_case.hpp"
#include "http/places.hpp"
#include "http/threads.hpp"

namespace sluice::http {

namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

// When accept fails (no descriptor is left), trying again at once would burn the core that the rest needs.
constexpr std::chrono::milliseconds kAcceptPause{100};
// What is left to the rest of the process, which opens files.
constexpr unsigned kSpareDescriptors = 8;

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

/// One household or host has a /64 of IPv6 to choose addresses from.
IpAddress network_of(const IpAddress& peer) { return peer.is_v6() ? IpPrefix{peer, 64}.first() : peer; }

/// The kernel gives the lowest number that is free: one so high says that hardly any is.
bool short_of_descriptors(int any_open) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return false;
  const int next = ::fcntl(any_open, F_DUPFD_CLOEXEC, 0);
  if (next < 0) return errno == EMFILE;
  ::close(next);
  return static_cast<rlim_t>(next) + kSpareDescriptors >= limit.rlim_cur;
}

/// How many connections the kernel has made that nobody has taken yet.
std::size_t queued(int listening) {
  tcp_info info{};
  socklen_t size = sizeof info;
  return ::getsockopt(listening, IPPROTO_TCP, TCP_INFO, &info, &size) == 0 ? info.tcpi_unacked : 0;
}

std::string unknown_name(std::string_view host, std::string_view hosts_setting) {
  std::string out = '"' + std::string(host) + "\" is none of the names of what listens here; ask by address";
  if (!hosts_setting.empty()) out += ", or have the name added to " + std::string(hosts_setting);
  return out;
}

/// Until nothing is left to do. False: memory ended, which costs whom it was for, and the rest goes on.
bool ran_to_its_end(asio::io_context& io) {
  try {
    io.run();
    return true;
  } catch (const std::bad_alloc&) {
    return false;
  }
}

}  // namespace

Response fault_response(Fault fault, std::string_view text, std::string_view hosts_setting) {
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
    case Fault::not_allowed:
      return error_response(403, std::string(text) + " may not ask here");
    case Fault::foreign_host:
      return error_response(421, unknown_name(text, hosts_setting));
    case Fault::foreign_page:
      return error_response(403, "pages of other sites are not answered");
    case Fault::no_token: {
      Response refused = error_response(401, "a token is needed: send \"Authorization: Bearer TOKEN\"");
      refused.headers.emplace_back("WWW-Authenticate", "Bearer");
      return refused;
    }
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
  Listener(asio::io_context& io, std::shared_ptr<Service> service)
      : acceptor_(io), pause_(io), service_(std::move(service)), places_(*service_) {}

  Error open() {
    Error error = bind(acceptor_, service_->options.at);
    if (!error) acceptor_.listen(tcp::acceptor::max_listen_connections, error);
    if (!error) acceptor_.non_blocking(true, error);
    if (!error) port_ = acceptor_.local_endpoint(error).port();
    return error;
  }
  std::uint16_t port() const { return port_; }
  Service& service() { return *service_; }

  void accept() {
    if (armed_) return;
    acceptor_.async_wait(tcp::acceptor::wait_read,
                         with_memory(accept_memory_, [self = shared_from_this()](Error error) {
                           self->armed_ = false;
                           if (self->stopped_ || self->paused_) return;
                           self->accept();  // first of all: what comes then may find no memory
                           if (!error) error = self->accept_one();
                           if (!error) return;
                           self->service_->count(HttpCount::accept_failures);
                           self->pause_until(Clock::now() + kAcceptPause);
                         }));
    armed_ = true;
  }

  /// Takes nothing new.
  void stop() {
    stopped_ = true;
    Error ignored;
    acceptor_.close(ignored);
    pause_.cancel();
    next_.reset();
  }
  void close_all() {
    // What is called may end a connection, which then forgets itself.
    for (const auto& one : places_.living()) one->close();
  }
  /// Those that are idle at once, the others when they are; `empty` is called once none is left.
  void drain(std::function<void()> empty) {
    for (const auto& one : places_.living()) one->drain();
    empty_ = std::move(empty);
    if (places_.size() == 0) empty_();
  }

 private:
  using Clock = Places::Clock;
  using Room = Places::Room;

  /// Room is made before, so that connections never have the last descriptors, whose numbers are the highest.
  Error accept_one() {
    const int any_open = acceptor_.native_handle();
    bool room = !short_of_descriptors(any_open);
    if (!room) {
      const Places::Offer freed = places_.end_one(newcomer({}));
      if (freed.room == Room::later) return wait_for_room(freed.when);
      room = freed.room == Room::enough && !short_of_descriptors(any_open);
      waits_since_.reset();
    }
    Error error;
    tcp::socket socket(acceptor_.get_executor());
    acceptor_.accept(socket, error);
    if (error)
      waits_since_.reset();  // whoever waited is gone
    else
      receive(std::move(socket), room);
    const bool gone = error == asio::error::would_block || error == asio::error::connection_aborted;
    return gone ? Error() : error;
  }

  void pause_until(Clock::time_point when) {
    pause_.expires_at(when);
    pause_.async_wait(with_memory(pause_memory_, [self = shared_from_this()](Error) {
      self->paused_ = false;
      if (self->stopped_) return;
      self->accept();
      if (self->next_) self->let_in();
    }));
    paused_ = true;
  }

  /// Nobody passes the one that waits: those behind it say meanwhile what they want.
  Error wait_for_room(Clock::time_point when) {
    if (!waits_since_) waits_since_ = Clock::now();
    pause_until(when);
    return {};
  }

  Places::Newcomer newcomer(const IpAddress& network) {
    return {network, waits_since_.value_or(Clock::now()), queued(acceptor_.native_handle())};
  }

  void receive(tcp::socket socket, bool has_descriptors) {
    const IpAddress peer = peer_of(socket);
    if (!service_->gate->takes(peer)) {
      service_->count(HttpCount::refused_address);
      waits_since_.reset();
      return send_away(socket, Fault::not_allowed, peer.to_string());
    }
    if (!has_descriptors) return turn_away(socket);
    next_.emplace(std::move(socket), peer);
    let_in();
  }

  /// What throws, for want of memory, costs the one that waits: it is closed.
  void let_in() {
    auto [socket, peer] = std::move(*next_);
    next_.reset();
    const Places::Offer offer = places_.make_room(newcomer(network_of(peer)));
    if (offer.room == Room::later) {
      wait_for_room(offer.when);
      next_.emplace(std::move(socket), peer);
      return;
    }
    waits_since_.reset();
    offer.room == Room::none ? turn_away(socket) : take(std::move(socket), peer, offer.room);
  }

  void take(tcp::socket socket, const IpAddress& peer, Room room) {
    const Options& options = service_->options;
    service_->count(HttpCount::connections);
    Error ignored;
    socket.set_option(tcp::no_delay(true), ignored);
    boost::beast::tcp_stream stream(std::move(socket));
    const Places::Id id = places_.next_id();
    const auto connection = std::make_shared<Connection>(
        options.tls ? tls_stream(std::move(stream), options.tls->context(), Side::server)
                    : plain_stream(std::move(stream)),
        peer, service_, [weak = weak_from_this(), id] {
          if (const auto self = weak.lock()) self->forget(id);
        });
    places_.add(connection, network_of(peer), room);
    service_->counts[HttpCount::open].set(places_.size());
    try {
      if (room == Room::for_health) connection->answer_health_alone();
      connection->start();
    } catch (...) {
      forget(id);
      throw;
    }
  }

  void turn_away(tcp::socket& socket) const {
    service_->count(HttpCount::turned_away);
    send_away(socket, Fault::too_many, "");
  }

  void send_away(tcp::socket& socket, Fault why, std::string_view text) const {
    Error ignored;
    if (!service_->options.tls) {
      // As much as the empty send buffer takes at once, which is all of it; nothing is waited for.
      const Response response = service_->fault(why, text);
      const std::string answer =
          head_text(response.status, {{"Connection", "close"},
                                      {"Content-Type", response.content_type},
                                      {"Content-Length", std::to_string(response.body.size())}}) +
          response.body;
      socket.non_blocking(true, ignored);
      socket.write_some(asio::buffer(answer), ignored);
    }
    socket.shutdown(tcp::socket::shutdown_both, ignored);
  }

  void forget(Places::Id id) {
    places_.remove(id);
    service_->counts[HttpCount::open].set(places_.size());
    if (waits_since_) pause_.cancel();  // there may be room now
    if (places_.size() == 0 && empty_) empty_();
  }

  tcp::acceptor acceptor_;
  asio::steady_timer pause_;
  const std::shared_ptr<Service> service_;
  Places places_;
  std::optional<std::pair<tcp::socket, IpAddress>> next_;  ///< accepted; there is no room for it yet
  std::optional<Clock::time_point> waits_since_;           ///< that, or one that no descriptor is left for
  std::uint16_t port_ = 0;
  HandlerMemory accept_memory_, pause_memory_;
  bool armed_ = false, paused_ = false, stopped_ = false;
  std::function<void()> empty_;
};

Result<std::unique_ptr<Server>, std::string> Server::start(asio::io_context& io, Options options,
                                                           Handler handler) {
  const auto service = std::make_shared<Service>(std::move(options));
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
void Server::change(Options next) {
  Service& service = listener_->service();
  service.gate = std::make_shared<const Gate>(next.access);
  service.options.access = std::move(next.access);
  service.options.tls = std::move(next.tls);
  service.options.limits = next.limits;
  service.options.deadlines = next.deadlines;
}
Counts<HttpCount> Server::counts() const { return listener_->service().counted(); }

struct StreamServer::Parts {
  asio::io_context io{1};
  std::shared_ptr<Service> service;
  std::shared_ptr<Listener> listener;
  asio::steady_timer patience{io};
  Threads threads;  // last: they use the others
};

Result<std::unique_ptr<StreamServer>, std::string> StreamServer::listen(Options options) {
  auto parts = std::make_unique<Parts>();
  parts->service = std::make_shared<Service>(std::move(options));
  parts->service->threads = &parts->threads;
  parts->listener = std::make_shared<Listener>(parts->io, parts->service);
  if (const Error error = parts->listener->open()) return failure(why_not(parts->service->options, error));
  return std::unique_ptr<StreamServer>(new StreamServer(std::move(parts)));
}

StreamServer::StreamServer(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
StreamServer::~StreamServer() = default;
std::uint16_t StreamServer::port() const { return parts_->listener->port(); }
Counts<HttpCount> StreamServer::counts() const { return parts_->service->counted(); }

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
    const std::stop_callback waker(stop, [&] { post_in_any_case(parts.io.get_executor(), end); });
    while (!ran_to_its_end(parts.io))
      if (stop.stop_requested())
        post_in_any_case(parts.io.get_executor(), end);  // it may have been that which did not end
  }
  parts.threads.end();  // so that nothing of what the handlers used lives on in them
}

}  // namespace sluice::http
