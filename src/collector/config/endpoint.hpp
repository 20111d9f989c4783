#pragma once
// An address with its port, as settings write it. A value; any thread.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "sluice/flow/address.hpp"

namespace sluice::config {

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

}  // namespace sluice::config
