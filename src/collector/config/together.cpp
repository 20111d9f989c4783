// Rules that span settings. They keep quiet where a setting they need is wrong by itself.
#include <algorithm>
#include <initializer_list>
#include <string_view>

#include "config/tables.hpp"
#include "flow/endpoint.hpp"
#include "setting/text.hpp"
#include "sluice/flow/address.hpp"

namespace sluice::config {
namespace {

std::string joined(std::initializer_list<std::string_view> parts) {
  std::string out;
  for (const auto part : parts) out += part;
  return out;
}

void check_listeners(Reading& in, const Config& config) {
  const auto& list = config.listeners;
  const auto same = [](const Listener& a, const Listener& b) {
    return a.port != 0 && a.port == b.port && IpAddress::parse(a.address) == IpAddress::parse(b.address);
  };
  for (std::size_t i = 0; i < list.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      if (!same(list[i], list[j])) continue;
      const std::string path = "listeners[" + std::to_string(i) + "]";
      const std::string first = "listeners[" + std::to_string(j) + "]";
      const Endpoint endpoint{*IpAddress::parse(list[i].address), list[i].port};
      in.fault(path, in.origin(path),
               joined({path, " listens on ", endpoint.to_string(), " as ", first, line_of(in.origin(first)),
                       " does; keep one of them"}));
      break;
    }
  }
}

/// The prefix with the bits behind its length cleared, so that 192.0.2.1/24 and 192.0.2.0/24 are the same.
std::optional<IpPrefix> network(const std::string& text) {
  auto prefix = IpPrefix::parse(text);
  if (!prefix) return prefix;
  for (unsigned bit = prefix->length; bit < prefix->address.size * 8U; ++bit)
    prefix->address.bytes[bit / 8] &= static_cast<std::uint8_t>(~(0x80U >> (bit % 8)));
  return prefix;
}

void check_exporters(Reading& in, const Config& config) {
  const auto& list = config.exporters;
  for (std::size_t i = 0; i < list.size(); ++i) {
    const auto own = network(list[i].prefix);
    for (std::size_t j = 0; own && j < i; ++j) {
      if (network(list[j].prefix) != own) continue;
      const std::string path = "exporters[" + std::to_string(i) + "].prefix";
      const std::string first = "exporters[" + std::to_string(j) + "]";
      in.fault(path, in.origin(path),
               joined({path, " is ", own->to_string(), ", as that of ", first, line_of(in.origin(first)),
                       "; keep one of them"}));
      break;
    }
  }
}

void check_http(Reading& in, const Config& config) {
  const auto metrics = parse_endpoint(config.metrics.listen);
  const auto api = parse_endpoint(config.api.listen);
  if (api && !api->loopback() && config.api.token.empty() && !in.failed("api.token") &&
      !in.failed("api.token_file"))
    in.fault("api.listen", in.origin("api.listen"),
             "api.listen " + config.api.listen +
                 " is reachable from other machines; set api.token or listen on 127.0.0.1");
  if (metrics && api && metrics == api && api->port != 0) {
    const std::string later = in.given("api.listen") ? "api.listen" : "metrics.listen";
    in.fault(later, in.origin(later),
             "metrics.listen and api.listen are both " + api->to_string() + "; give them ports of their own");
  }
}

}  // namespace

void check_together(Reading& in, const Config& config) {
  check_listeners(in, config);
  check_exporters(in, config);
  check_user_fields(in, config);
  check_http(in, config);
  check_sinks(in, config);
}

}  // namespace sluice::config
