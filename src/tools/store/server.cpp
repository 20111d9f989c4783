#include "store/server.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>

namespace sluice::store {
namespace {

constexpr std::chrono::milliseconds kPause{20};
constexpr std::chrono::milliseconds kAcceptPause{100};  // when no descriptor is left

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;
};

SocketAddress socket_address(const IpAddress& address, std::uint16_t port) {
  SocketAddress out;
  if (address.is_v4()) {
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port);
    std::memcpy(&v4.sin_addr, address.bytes.data(), sizeof(v4.sin_addr));
    std::memcpy(&out.storage, &v4, out.size = sizeof(v4));
  } else {
    sockaddr_in6 v6{};
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(port);
    std::memcpy(&v6.sin6_addr, address.bytes.data(), sizeof(v6.sin6_addr));
    std::memcpy(&out.storage, &v6, out.size = sizeof(v6));
  }
  return out;
}

std::uint16_t port_of(int fd) {
  sockaddr_storage bound{};
  socklen_t size = sizeof(bound);
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&bound), &size) != 0) return 0;
  std::uint16_t port = 0;  // at the same place in both families
  std::memcpy(&port, reinterpret_cast<const char*>(&bound) + offsetof(sockaddr_in, sin_port), sizeof(port));
  return ntohs(port);
}

bool listen_at(int fd, const SocketAddress& at) {
  const int on = 1;
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  return ::bind(fd, reinterpret_cast<const sockaddr*>(&at.storage), at.size) == 0 &&
         ::listen(fd, SOMAXCONN) == 0;
}

/// As much as the empty send buffer takes at once, which is all of it; nothing is waited for.
void turn_away(const UniqueFd& fd) {
  static constexpr std::string_view kAnswer =
      "HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Type: text/plain; charset=UTF-8\r\n"
      "Content-Length: 22\r\n\r\nToo many connections.\n";
  if (::send(fd.get(), kAnswer.data(), kAnswer.size(), MSG_NOSIGNAL) > 0) ::shutdown(fd.get(), SHUT_WR);
}

}  // namespace

struct Server::Client {
  explicit Client(UniqueFd fd) : channel(std::move(fd)) {}

  Channel channel;
  std::atomic<Activity> activity{Activity::idle};
  std::atomic<bool> over{false};
  std::jthread thread;  // last: it uses the others
};

Server::Server(UniqueFd listener, UniqueFd wake, std::uint16_t port, unsigned max_connections)
    : listener_(std::move(listener)),
      wake_(std::move(wake)),
      port_(port),
      max_connections_(max_connections) {}
Server::~Server() = default;

Result<std::unique_ptr<Server>, std::string> Server::listen(const IpAddress& address, std::uint16_t port,
                                                            unsigned max_connections) {
  UniqueFd listener(
      ::socket(address.is_v4() ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  UniqueFd wake(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!listener || !wake || !listen_at(listener.get(), socket_address(address, port))) {
    const std::string text = address.to_string();
    return failure("cannot listen on " + (address.is_v6() ? "[" + text + "]" : text) + ":" +
                   std::to_string(port) + ": " + std::strerror(errno) +
                   "; --http takes another address or port");
  }
  const std::uint16_t bound = port_of(listener.get());
  return std::unique_ptr<Server>(new Server(std::move(listener), std::move(wake), bound, max_connections));
}

void Server::run(const Handler& handler, const std::stop_token& stop, std::chrono::milliseconds grace,
                 const std::function<void()>& hurry) {
  const std::stop_callback waker(stop, [this] { ::eventfd_write(wake_.get(), 1); });
  while (!stop.stop_requested()) {
    std::array<pollfd, 2> items{pollfd{listener_.get(), POLLIN, 0}, pollfd{wake_.get(), POLLIN, 0}};
    ::poll(items.data(), items.size(), 1000);
    reap();
    if ((items[0].revents & POLLIN) != 0) accept_one(handler);
  }
  listener_.reset();
  stopping_ = true;
  if (!wait_for_idle(grace)) {
    hurry();
    wait_for_idle(grace);
  }
  for (const auto& client : clients_) client->channel.shutdown();
  clients_.clear();  // joins
}

void Server::accept_one(const Handler& handler) {
  UniqueFd fd(::accept4(listener_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (!fd) {
    if (errno == EMFILE || errno == ENFILE || errno == ENOMEM) std::this_thread::sleep_for(kAcceptPause);
    return;
  }
  if (clients_.size() >= max_connections_) return turn_away(fd);
  const int on = 1;
  ::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  Client& client = *clients_.emplace_back(std::make_unique<Client>(std::move(fd)));
  try {
    client.thread = std::jthread([this, &client, &handler] {
      serve_connection(client.channel, handler, client.activity, stopping_);
      client.over = true;
    });
  } catch (const std::system_error&) {
    clients_.pop_back();  // no thread is to be had: the client sees its connection end
  }
}

void Server::reap() {
  clients_.remove_if([](const auto& client) { return client->over.load(); });
}

/// Ends who is idle, as they become idle. True: nobody is left.
bool Server::wait_for_idle(std::chrono::milliseconds time) {
  const auto deadline = Channel::Clock::now() + time;
  for (;;) {
    for (const auto& client : clients_)
      if (client->activity == Activity::idle) client->channel.shutdown(SHUT_RD);
    reap();
    if (clients_.empty()) return true;
    if (Channel::Clock::now() >= deadline) return false;
    std::this_thread::sleep_for(kPause);
  }
}

}  // namespace sluice::store
