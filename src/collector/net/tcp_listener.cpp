#include "net/tcp_listener.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>

namespace sluice::net {
namespace {

constexpr int kBacklog = 128;
// An exporter that has nothing to send is silent for as long as it likes; one that is gone is found out by
// the kernel within two minutes.
constexpr int kIdleSeconds = 60, kBetweenSeconds = 15, kProbes = 4;

bool set_option(int fd, int level, int option, int value) {
  return ::setsockopt(fd, level, option, &value, sizeof value) == 0;
}

void look_after(int fd) {
  set_option(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
  set_option(fd, IPPROTO_TCP, TCP_KEEPIDLE, kIdleSeconds);
  set_option(fd, IPPROTO_TCP, TCP_KEEPINTVL, kBetweenSeconds);
  set_option(fd, IPPROTO_TCP, TCP_KEEPCNT, kProbes);
}

}  // namespace

Result<TcpListener, ListenRefusal> TcpListener::open(const Endpoint& at) {
  const bool any_v6 = at.address.is_v6() && at.address.all_zero();
  UniqueFd fd(
      ::socket(at.address.is_v6() ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd && errno == EAFNOSUPPORT && any_v6) return open({IpAddress::v4(INADDR_ANY), at.port});
  if (!fd) return failure(why_not("TCP", at, errno));
  if (at.address.is_v6()) set_option(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, any_v6 ? 0 : 1);
  // Sessions of the process before linger in the kernel; they must not keep this one from its port.
  set_option(fd.get(), SOL_SOCKET, SO_REUSEADDR, 1);
  const SocketAddress address(at);
  if (::bind(fd.get(), address.get(), address.size()) != 0 || ::listen(fd.get(), kBacklog) != 0)
    return failure(why_not("TCP", at, errno));
  const Endpoint bound = bound_endpoint(fd.get()).value_or(at);
  return TcpListener(std::move(fd), bound);
}

std::optional<Connected> TcpListener::accept() const {
  sockaddr_storage from{};
  socklen_t size = sizeof from;
  UniqueFd fd(::accept4(fd_.get(), reinterpret_cast<sockaddr*>(&from), &size, SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (!fd) return std::nullopt;
  look_after(fd.get());
  return Connected{std::move(fd), endpoint_of(from)};
}

std::optional<ListenRefusal> try_out_tcp(const Endpoint& at) {
  auto closed_at_once = TcpListener::open(at);
  if (closed_at_once) return std::nullopt;
  return std::move(closed_at_once.error());
}

}  // namespace sluice::net
