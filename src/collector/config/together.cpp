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

/// Who listens on "::" takes IPv4 too, who listens on 0.0.0.0 all of IPv4: whatever else would listen on the
/// port there is in the way.
bool in_the_way(const Endpoint& a, const Endpoint& b) {
  if (a.port == 0 || a.port != b.port) return false;
  const auto covers = [](const IpAddress& all, const IpAddress& one) {
    return all.all_zero() && (all.is_v6() || one.is_v4());
  };
  return a.address == b.address || covers(a.address, b.address) || covers(b.address, a.address);
}

std::optional<Endpoint> endpoint(const Listener& listener) {
  const auto address = IpAddress::parse(listener.address);
  if (!address) return std::nullopt;
  return Endpoint{*address, listener.port};
}

/// What only one of the transports has.
void check_transport(Reading& in, const std::string& path, const Listener& listener) {
  const bool tcp = listener.transport == Transport::tcp;
  const auto fault = [&](const std::string& key, std::string_view why) {
    if (!in.failed(path + key) && !in.failed(path + ".transport"))
      in.fault(path + key, in.origin(path + key), joined({path, key, why}));
  };
  if (tcp && listener.protocol != decode::Accept::automatic && listener.protocol != decode::Accept::ipfix)
    fault(".protocol", " is not spoken over TCP; a listener of transport: tcp takes IPFIX alone");
  if (tcp && listener.receive_buffer != 0)
    fault(".receive_buffer", " is for UDP; the kernel sizes the buffers of TCP by itself");
  const std::string certificate = ".tls.certificate_file", key = ".tls.key_file", ca = ".tls.client_ca_file";
  if (listener.certificate_file.empty() != listener.key_file.empty())
    fault(listener.key_file.empty() ? certificate : key,
          joined({" is set and ", path, listener.key_file.empty() ? key : certificate,
                  " is not; TLS needs both"}));
  else if (!listener.client_ca_file.empty() && listener.certificate_file.empty())
    fault(ca, " is set without a certificate of the listener's own; TLS needs that, and its key");
  else if (!tcp && !listener.certificate_file.empty())
    fault(certificate, " is set for UDP; TLS needs transport: tcp");
}

void check_listeners(Reading& in, const Config& config) {
  const auto& list = config.listeners;
  if (list.empty() && config.sources.empty() && !in.failed("listeners"))
    in.fault("listeners", in.origin("listeners"),
             "listeners is empty; name at least one, or leave it out for 6343, 2055 and 4739");
  for (std::size_t i = 0; i < list.size(); ++i) {
    check_transport(in, "listeners[" + std::to_string(i) + "]", list[i]);
    for (std::size_t j = 0; j < i; ++j) {
      const auto one = endpoint(list[i]), other = endpoint(list[j]);
      if (list[i].transport != list[j].transport) continue;
      if (!one || !other || !in_the_way(*one, *other)) continue;
      const std::string path = "listeners[" + std::to_string(i) + "]";
      const std::string first = "listeners[" + std::to_string(j) + "]";
      in.fault(path, in.origin(path),
               *one == *other ? joined({path, " listens on ", one->to_string(), " as ", first,
                                        line_of(in.origin(first)), " does; keep one of them"})
                              : joined({path, " listens on ", one->to_string(), ", which ", first,
                                        line_of(in.origin(first)), " on ", other->to_string(),
                                        " takes too; keep one of them"}));
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
  if (config.receive.exporters_only && list.empty() && !in.failed("exporters"))
    in.fault("receive.exporters_only", in.origin("receive.exporters_only"),
             "receive.exporters_only is true and exporters is empty, so that nobody may send; name the "
             "exporters' prefixes");
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

void check_decode(Reading& in, const Config& config) {
  const decode::Limits& limits = config.decode.limits;
  if (limits.held_bytes <= limits.state_bytes || in.failed("decode.held_bytes") ||
      in.failed("decode.state_bytes"))
    return;
  const std::string later = in.given("decode.held_bytes") ? "decode.held_bytes" : "decode.state_bytes";
  in.fault(later, in.origin(later),
           "decode.held_bytes is more than decode.state_bytes, of which it is a part; raise "
           "decode.state_bytes or lower decode.held_bytes");
}

void check_tls(Reading& in, const std::string& name, const HttpListener& listener) {
  const std::string certificate = name + ".tls.certificate_file", key = name + ".tls.key_file";
  if (listener.certificate_file.empty() == listener.key_file.empty() || in.failed(certificate) ||
      in.failed(key))
    return;
  const bool lacks_key = listener.key_file.empty();
  const std::string& given = lacks_key ? certificate : key;
  in.fault(given, in.origin(given),
           joined({given, " is set and ", lacks_key ? key : certificate, " is not; TLS needs both"}));
}

/// HTTP and sessions are both TCP.
void check_tcp_ports(Reading& in, const Config& config) {
  for (std::size_t i = 0; i < config.listeners.size(); ++i) {
    const auto one = endpoint(config.listeners[i]);
    if (!one || config.listeners[i].transport != Transport::tcp) continue;
    for (const auto& [setting, text] :
         {std::pair{"metrics.listen", config.metrics.listen}, std::pair{"api.listen", config.api.listen}}) {
      const auto other = parse_endpoint(text);
      if (!other || !in_the_way(*one, *other)) continue;
      const std::string path = "listeners[" + std::to_string(i) + "]";
      in.fault(path, in.origin(path),
               joined({path, " listens on TCP ", one->to_string(), ", which ", setting, " on ",
                       other->to_string(), " needs too; give them ports of their own"}));
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
  check_tcp_ports(in, config);
  check_tls(in, "metrics", config.metrics);
  check_tls(in, "api", config.api);
  if (metrics && api && in_the_way(*metrics, *api)) {
    const std::string later = in.given("api.listen") ? "api.listen" : "metrics.listen";
    in.fault(
        later, in.origin(later),
        metrics == api
            ? "metrics.listen and api.listen are both " + api->to_string() + "; give them ports of their own"
            : "metrics.listen " + metrics->to_string() + " and api.listen " + api->to_string() +
                  " are in each other's way; give them ports of their own");
  }
}

}  // namespace

void check_together(Reading& in, const Config& config) {
  check_listeners(in, config);
  check_exporters(in, config);
  check_decode(in, config);
  check_user_fields(in, config);
  check_snmp(in, config);
  check_http(in, config);
  check_web(in, config);
  check_sources(in, config);
  check_sinks(in, config);
}

}  // namespace sluice::config
