#pragma once
// HOST:PORT as settings, options and URLs write it. Only the form is looked at; an address is parsed and a
// name looked up elsewhere (flow/endpoint.hpp). Any thread.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sluice {

struct HostPort {
  std::string_view host;   ///< name or address without its brackets; a part of the text given
  bool bracketed = false;  ///< it stood in brackets, as an IPv6 address must
  std::optional<std::uint16_t> port =
      std::nullopt;  ///< nothing where the text has none; 0 is a number like any other
};

/// "host:2055", "192.0.2.1:2055", "[2001:db8::1]:2055", or any of them without a port. Nothing where the host
/// is empty, a colon stands in it without brackets ("::1:8080" could be read in two ways), a bracket stands
/// in it or is not closed, or what follows the colon is no port.
std::optional<HostPort> parse_host_port(std::string_view text);

/// 0 to 65535 in digits, without sign or blank.
std::optional<std::uint16_t> parse_port(std::string_view text);

/// Letters, digits and hyphens with dots between (RFC 1123 section 2.1), the root's dot behind them or not,
/// and underscores, which containers' names have.
bool is_host_name(std::string_view text);

/// "host:2055"; a host with a colon in it, an IPv6 address, is put into brackets.
std::string host_port(std::string_view host, std::uint16_t port);

}  // namespace sluice
