#include "flow/endpoint.hpp"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cstring>
#include <memory>
#include <tuple>

namespace sluice {

std::string Endpoint::to_string() const { return host_port(address.to_string(), port); }

bool Endpoint::loopback() const {
  const IpAddress plain = address.unmapped();
  if (plain.is_v4()) return plain.bytes[0] == 127;
  return plain == *IpAddress::parse("::1");
}

std::optional<Endpoint> parse_endpoint(std::string_view text) {
  const auto parts = parse_host_port(text);
  if (!parts || !parts->port) return std::nullopt;
  const auto address = IpAddress::parse(parts->host);
  if (!address || address->is_v6() != parts->bracketed) return std::nullopt;
  return Endpoint{*address, *parts->port};
}

Result<IpAddress, std::string> resolve_host(const HostPort& host) {
  if (const auto address = IpAddress::parse(host.host)) return *address;
  addrinfo hints{};
  hints.ai_family = host.bracketed ? AF_INET6 : AF_UNSPEC;
  hints.ai_socktype = SOCK_DGRAM;
  addrinfo* list = nullptr;
  const int status = ::getaddrinfo(std::string(host.host).c_str(), nullptr, &hints, &list);
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(list, &::freeaddrinfo);
  if (status != 0) return failure(std::string(::gai_strerror(status)));
  sockaddr_storage first{};
  std::memcpy(&first, list->ai_addr, list->ai_addrlen);
  return IpAddress::from_sockaddr(first);
}

SocketAddress::SocketAddress(const Endpoint& endpoint) {
  const auto keep = [this](const auto& filled) {
    static_assert(sizeof filled <= std::tuple_size_v<decltype(bytes_)>);
    std::memcpy(bytes_.data(), &filled, size_ = sizeof filled);
  };
  if (endpoint.address.is_v4()) {
    sockaddr_in in{};
    in.sin_family = AF_INET;
    in.sin_port = htons(endpoint.port);
    std::memcpy(&in.sin_addr, endpoint.address.bytes.data(), 4);
    keep(in);
  } else {
    sockaddr_in6 in{};
    in.sin6_family = AF_INET6;
    in.sin6_port = htons(endpoint.port);
    std::memcpy(&in.sin6_addr, endpoint.address.bytes.data(), 16);
    keep(in);
  }
}

Endpoint endpoint_of(const sockaddr_storage& address) {
  Endpoint out{.address = IpAddress::from_sockaddr(address)};
  std::uint16_t port = 0;  // at the same place in both families
  static_assert(offsetof(sockaddr_in, sin_port) == offsetof(sockaddr_in6, sin6_port));
  std::memcpy(&port, reinterpret_cast<const char*>(&address) + offsetof(sockaddr_in, sin_port), sizeof port);
  if (!out.address.empty()) out.port = ntohs(port);
  return out;
}

std::optional<Endpoint> bound_endpoint(int fd) {
  sockaddr_storage bound{};
  socklen_t length = sizeof bound;
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&bound), &length) != 0) return std::nullopt;
  return endpoint_of(bound);
}

}  // namespace sluice
