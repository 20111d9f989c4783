#include "config/endpoint.hpp"

#include "config/text.hpp"

namespace sluice::config {

std::string Endpoint::to_string() const {
  const std::string host = address.is_v6() ? "[" + address.to_string() + "]" : address.to_string();
  return host + ":" + std::to_string(port);
}

bool Endpoint::loopback() const {
  const IpAddress plain = address.unmapped();
  if (plain.is_v4()) return plain.bytes[0] == 127;
  return plain == *IpAddress::parse("::1");
}

std::optional<Endpoint> parse_endpoint(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  std::string_view host = text.substr(0, colon);
  const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);
  const auto address = IpAddress::parse(host);
  const auto port = parse_integer(text.substr(colon + 1));
  // "::1:8080" would be an address or an address and a port; only brackets tell.
  if (!address || address->is_v6() != bracketed || !port || *port > 65535) return std::nullopt;
  return Endpoint{*address, static_cast<std::uint16_t>(*port)};
}

}  // namespace sluice::config
