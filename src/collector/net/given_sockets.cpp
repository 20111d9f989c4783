#include "net/given_sockets.hpp"

#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <utility>

namespace sluice::net {
namespace {

constexpr std::string_view kNamePrefix = "sluice-udp-";

std::optional<int> option(int fd, int which) {
  int value = 0;
  socklen_t size = sizeof value;
  if (::getsockopt(fd, SOL_SOCKET, which, &value, &size) != 0) return std::nullopt;
  return value;
}

/// Where it is bound, if it is a UDP socket over IP.
std::optional<Endpoint> udp_endpoint(int fd) {
  const auto domain = option(fd, SO_DOMAIN);
  if (domain != AF_INET && domain != AF_INET6) return std::nullopt;
  if (option(fd, SO_PROTOCOL) != IPPROTO_UDP) return std::nullopt;
  return bound_endpoint(fd);
}

/// The number behind the last but one dash: sluice-udp-2055-3-....
unsigned index_in(const std::string& name) {
  const std::size_t port = kNamePrefix.size();
  const std::size_t dash = name.find('-', port);
  unsigned index = 0;
  if (dash != std::string::npos) std::from_chars(name.data() + dash + 1, name.data() + name.size(), index);
  return index;
}

bool machine_has_ipv6() {
  return static_cast<bool>(UniqueFd(::socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0)));
}

/// "::" is 0.0.0.0 where the machine has no IPv6, as UdpSocket::open() has it.
IpAddress bindable(const IpAddress& address) {
  if (address.is_v6() && address.all_zero() && !machine_has_ipv6()) return IpAddress::v4(INADDR_ANY);
  return address;
}

/// Takes out what waits. A sender that goes on must not keep us here.
std::uint64_t count_waiting(int fd) {
  constexpr std::uint64_t kMost = 10'000'000;
  std::uint64_t datagrams = 0;
  char byte = 0;
  while (datagrams < kMost && ::recv(fd, &byte, 1, MSG_DONTWAIT | MSG_TRUNC) >= 0) ++datagrams;
  return datagrams;
}

}  // namespace

std::string kept_name(const IpAddress& address, std::uint16_t port, unsigned index) {
  std::string text = address.to_string();
  std::ranges::replace(text, ':', '.');
  return std::string(kNamePrefix) + std::to_string(port) + "-" + std::to_string(index) + "-" + text;
}

bool is_kept_name(const std::string& name) { return name.starts_with(kNamePrefix); }

GivenSockets::GivenSockets(std::vector<GivenSocket> sockets) {
  for (GivenSocket& given : sockets) {
    One one;
    one.at = udp_endpoint(given.fd.get());
    one.kept = is_kept_name(given.name);
    one.index = one.kept ? index_in(given.name) : static_cast<unsigned>(all_.size());
    one.given = std::move(given);
    all_.push_back(std::move(one));
  }
  // Of the same index, in the order in which they were given: descriptors count up.
  std::ranges::sort(all_, {}, [](const One& one) { return std::pair(one.index, one.given.fd.get()); });
}

Result<std::optional<unsigned>, std::string> GivenSockets::per_listener() const {
  std::map<std::string, unsigned> sockets;  // by address
  for (const One& one : all_)
    if (one.at && !one.kept) ++sockets[one.at->to_string()];
  if (sockets.empty()) return std::optional<unsigned>{};
  const auto& [first, count] = *sockets.begin();
  for (const auto& [address, others] : sockets)
    if (others != count)
      return failure("the socket unit gives " + std::to_string(count) + " sockets of " + first + " and " +
                     std::to_string(others) + " of " + address +
                     "; each worker takes one of every address, so give as many of each");
  return std::optional<unsigned>{count};
}

std::vector<UdpSocket> GivenSockets::take(const SocketOptions& options, unsigned count) {
  std::vector<UdpSocket> out;
  const Endpoint wanted{bindable(options.address), options.port};
  std::vector<One> rest;
  for (One& one : all_) {
    if (out.size() < count && options.port != 0 && one.at == wanted)
      out.push_back(UdpSocket::adopt(std::move(one.given.fd), options));
    else
      rest.push_back(std::move(one));
  }
  const bool beyond = std::ranges::any_of(rest, [&](const One& one) { return one.at == wanted; });
  // Where this fails what comes between the count and the close goes with them.
  if (beyond && !out.empty()) (void)steer_to_first(out.front(), count);
  all_ = std::move(rest);
  return out;
}

std::vector<ClosedSocket> GivenSockets::close_rest() {
  std::vector<ClosedSocket> out;
  // The last of a group first, so that the others keep their places.
  for (auto one = all_.rbegin(); one != all_.rend(); ++one) {
    ClosedSocket closed;
    closed.name = one->given.name;
    closed.what = one->at ? one->at->to_string() : "a descriptor that is no UDP socket";
    if (one->at) closed.datagrams = count_waiting(one->given.fd.get());
    one->given.fd.reset();
    out.push_back(std::move(closed));
  }
  all_.clear();
  return out;
}

}  // namespace sluice::net
