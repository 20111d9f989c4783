#pragma once
// An address with its port, and the way to it from text and from the kernel. A value; any thread.
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "sluice/flow/address.hpp"
#include "sluice/util/result.hpp"
#include "util/host_port.hpp"

struct sockaddr;

namespace sluice {

struct Endpoint {
  IpAddress address;
  std::uint16_t port = 0;  ///< 0: any free port

  /// "192.0.2.1:2055" or "[2001:db8::1]:2055".
  std::string to_string() const;
  /// 127.0.0.0/8, ::1, or the former mapped into IPv6.
  bool loopback() const;
  friend bool operator==(const Endpoint&, const Endpoint&) = default;
};

/// "192.0.2.1:2055" or "[2001:db8::1]:2055"; no names, since a listener must not wait for a resolver.
std::optional<Endpoint> parse_endpoint(std::string_view text);

/// The host where it is an address, else the first one that the resolver knows for the name (of IPv6 where it
/// stood in brackets). May wait for a DNS server. The error is the resolver's: "Name or service not known".
Result<IpAddress, std::string> resolve_host(const HostPort& host);

/// An endpoint as bind() and connect() take it: sockaddr_in or sockaddr_in6, by the address.
class SocketAddress {
 public:
  explicit SocketAddress(const Endpoint& endpoint);
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(bytes_.data()); }
  unsigned size() const { return size_; }  ///< bytes

 private:
  alignas(8) std::array<std::byte, 28> bytes_{};
  unsigned size_ = 0;
};

/// What getsockname() and recvfrom() give; a v4-mapped address becomes IPv4.
Endpoint endpoint_of(const sockaddr_storage& address);
/// Where a socket is bound; nothing of it (and errno) where the kernel does not say.
std::optional<Endpoint> bound_endpoint(int fd);

}  // namespace sluice
