#include "net/udp_socket.hpp"

#include <fcntl.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <limits>

#include "flow/endpoint.hpp"
#include "util/guarded.hpp"

namespace sluice::net {
namespace {

bool set_option(int fd, int level, int option, int value) {
  return ::setsockopt(fd, level, option, &value, sizeof value) == 0;
}

}  // namespace

struct UdpSocket::Drops {
  struct Count {
    std::uint32_t last = 0;
    std::uint64_t total = 0;
  };
  Guarded<Count> count;
};

UdpSocket::UdpSocket(UniqueFd fd) : fd_(std::move(fd)), drops_(std::make_unique<Drops>()) {}
UdpSocket::UdpSocket(UdpSocket&&) noexcept = default;
UdpSocket& UdpSocket::operator=(UdpSocket&&) noexcept = default;
UdpSocket::~UdpSocket() = default;

Result<UdpSocket, std::string> UdpSocket::open(const SocketOptions& options) {
  auto socket = open_as(options, options.reuse_port ? Sharing::before_bind : Sharing::never);
  if (!socket) return failure(std::move(socket.error().sentence));
  return std::move(*socket);
}

Result<UdpSocket, ListenRefusal> UdpSocket::open_as(const SocketOptions& options, Sharing sharing) {
  if (options.address.empty())
    return failure(ListenRefusal{EINVAL, "cannot listen on UDP: there is no address"});
  const bool any_v6 = options.address.is_v6() && options.address.all_zero();
  UniqueFd fd(
      ::socket(options.address.is_v6() ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd && errno == EAFNOSUPPORT && any_v6) {
    SocketOptions v4_only = options;
    v4_only.address = IpAddress::v4(INADDR_ANY);
    return open_as(v4_only, sharing);
  }
  if (!fd) return failure(why_not("UDP", {options.address, options.port}, errno));
  if (options.address.is_v6()) set_option(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, any_v6 ? 0 : 1);

  UdpSocket socket(std::move(fd));
  if (sharing == Sharing::before_bind && !set_option(socket.fd(), SOL_SOCKET, SO_REUSEPORT, 1))
    return failure(why_not("UDP", {options.address, options.port}, errno));
  // Before the bind: not one datagram shall meet the small default buffer.
  socket.set_receive_buffer(options.receive_buffer);
  if (options.gro) socket.set_gro();
  const SocketAddress address({options.address, options.port});
  if (::bind(socket.fd(), address.get(), address.size()) != 0)
    return failure(why_not("UDP", {options.address, options.port}, errno));
  if (sharing == Sharing::after_bind && !set_option(socket.fd(), SOL_SOCKET, SO_REUSEPORT, 1))
    return failure(why_not("UDP", {options.address, options.port}, errno));
  socket.read_local_name();
  return socket;
}

UdpSocket UdpSocket::adopt(UniqueFd bound, const SocketOptions& options) {
  UdpSocket socket(std::move(bound));
  const int flags = ::fcntl(socket.fd(), F_GETFL);
  if (flags >= 0) ::fcntl(socket.fd(), F_SETFL, flags | O_NONBLOCK);
  ::fcntl(socket.fd(), F_SETFD, FD_CLOEXEC);
  socket.set_receive_buffer(options.receive_buffer);
  if (options.gro)
    socket.set_gro();
  else
    set_option(socket.fd(), IPPROTO_UDP, UDP_GRO, 0);
  socket.read_local_name();
  socket.begin_drops();
  return socket;
}

Result<std::vector<UdpSocket>, std::string> open_group(SocketOptions options, unsigned count,
                                                       std::vector<UdpSocket> begun) {
  std::vector<UdpSocket> group = std::move(begun);
  if (!group.empty() && group.size() < count) {
    // One that was alone in its group shares with nobody yet.
    set_option(group.front().fd(), SOL_SOCKET, SO_REUSEPORT, 1);
    options.port = group.front().local_port();
    options.address = group.front().local_address();
  }
  for (auto i = static_cast<unsigned>(group.size()); i < count; ++i) {
    // A port is taken exclusively and shared from then on: between looking whether it is free and sharing it
    // there is no moment in which somebody else could join.
    using Sharing = UdpSocket::Sharing;
    const Sharing sharing = count == 1 ? Sharing::never : i == 0 ? Sharing::after_bind : Sharing::before_bind;
    auto socket = UdpSocket::open_as(options, sharing);
    if (!socket) return failure(std::move(socket.error().sentence));
    options.port = socket->local_port();
    options.address = socket->local_address();
    group.push_back(std::move(*socket));
  }
  return group;
}

std::optional<ListenRefusal> try_out(const SocketOptions& options, unsigned count) {
  SocketOptions trial = options;
  trial.receive_buffer = 0;
  trial.gro = false;
  using Sharing = UdpSocket::Sharing;
  if (auto closed_at_once = UdpSocket::open_as(trial, Sharing::never); !closed_at_once)
    return std::move(closed_at_once.error());
  trial.port = 0;
  std::vector<UdpSocket> held;
  while (held.size() < count) {
    auto socket = UdpSocket::open_as(trial, Sharing::never);
    if (!socket) return std::move(socket.error());
    held.push_back(std::move(*socket));
  }
  return std::nullopt;
}

void UdpSocket::set_receive_buffer(std::uint64_t asked) {
  if (asked > 0) {
    const int bytes = static_cast<int>(std::min<std::uint64_t>(asked, std::numeric_limits<int>::max() / 2));
    // The forced variant ignores rmem_max but needs CAP_NET_ADMIN.
    if (!set_option(fd(), SOL_SOCKET, SO_RCVBUFFORCE, bytes)) set_option(fd(), SOL_SOCKET, SO_RCVBUF, bytes);
  }
  int booked = 0;
  socklen_t size = sizeof booked;
  if (::getsockopt(fd(), SOL_SOCKET, SO_RCVBUF, &booked, &size) == 0)
    receive_buffer_got_ = static_cast<std::uint64_t>(booked) / 2;
  if (receive_buffer_got_ < asked)
    warnings_.push_back("asked for a receive buffer of " + std::to_string(asked) + " bytes and got " +
                        std::to_string(receive_buffer_got_) + "; `sysctl -w net.core.rmem_max=" +
                        std::to_string(asked) + "` or the capability CAP_NET_ADMIN would give it");
}

void UdpSocket::set_gro() {
  gro_ = set_option(fd(), IPPROTO_UDP, UDP_GRO, 1);
  if (!gro_)
    warnings_.push_back("this kernel does not know UDP_GRO (" + std::string(std::strerror(errno)) + ")");
}

void UdpSocket::read_local_name() {
  const auto bound = bound_endpoint(fd());
  if (!bound) return;
  local_address_ = bound->address;
  local_port_ = bound->port;
}

void UdpSocket::begin_drops() {
  std::array<std::uint32_t, SK_MEMINFO_VARS> info{};
  socklen_t size = sizeof info;
  if (::getsockopt(fd(), SOL_SOCKET, SO_MEMINFO, info.data(), &size) != 0) return;
  drops_->count.with([&](Drops::Count& count) { count.last = info[SK_MEMINFO_DROPS]; });
}

std::string UdpSocket::local_name() const { return Endpoint{local_address_, local_port_}.to_string(); }

SocketStats UdpSocket::stats() const {
  std::array<std::uint32_t, SK_MEMINFO_VARS> info{};
  socklen_t size = sizeof info;
  if (::getsockopt(fd(), SOL_SOCKET, SO_MEMINFO, info.data(), &size) != 0) return {};
  SocketStats out{
      .drops = 0, .queued_bytes = info[SK_MEMINFO_RMEM_ALLOC], .queue_limit = info[SK_MEMINFO_RCVBUF]};
  out.drops = drops_->count.with([&](Drops::Count& count) {
    // Modulo 2^32 the difference is right over a wrap. A caller that was overtaken between its getsockopt and
    // the lock has an older value, seen as a huge step forward; it changes nothing.
    const std::uint32_t step = info[SK_MEMINFO_DROPS] - count.last;
    if (step < 0x80000000U) {
      count.total += step;
      count.last = info[SK_MEMINFO_DROPS];
    }
    return count.total;
  });
  return out;
}

}  // namespace sluice::net
