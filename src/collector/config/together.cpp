// Rules that span settings. They keep quiet where a setting they need is wrong by itself.
#include <algorithm>
#include <initializer_list>
#include <string_view>

#include "config/tables.hpp"
#include "config/text.hpp"
#include "flow/endpoint.hpp"
#include "sluice/flow/address.hpp"

namespace sluice::config {
namespace {

std::string joined(std::initializer_list<std::string_view> parts) {
  std::string out;
  for (const auto part : parts) out += part;
  return out;
}

std::string line_of(const Origin& origin) {
  return origin.line > 0 ? " (line " + std::to_string(origin.line) + ")" : "";
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

void check_kafka(Reading& in, const std::string& path, const KafkaSink& kafka) {
  const std::string tls = path + ".tls.";
  const bool certificate = !kafka.tls_certificate_file.empty() || in.failed(tls + "certificate_file");
  const bool key = !kafka.tls_key_file.empty() || in.failed(tls + "key_file");
  if (certificate != key) {
    const std::string given = tls + (certificate ? "certificate_file" : "key_file");
    const std::string missing = tls + (certificate ? "key_file" : "certificate_file");
    in.fault(given, in.origin(given),
             given + " is given without " + missing + "; a certificate needs its key");
  }
  const std::string sasl = path + ".sasl.";
  if (in.failed(sasl + "mechanism")) return;
  if (kafka.sasl_mechanism.empty()) {
    for (const std::string name : {"username", "password", "password_file"}) {
      const bool set = name == "username" ? !kafka.sasl_username.empty() : in.given(sasl + name);
      if (!set) continue;
      in.fault(sasl + name, in.origin(sasl + name),
               joined({sasl, name, " is given without ", sasl,
                       "mechanism; it takes PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512"}));
      return;
    }
    return;
  }
  std::vector<std::string> missing;
  if (kafka.sasl_username.empty() && !in.failed(sasl + "username")) missing.push_back(sasl + "username");
  if (kafka.sasl_password.empty() && !in.failed(sasl + "password") && !in.failed(sasl + "password_file"))
    missing.push_back(sasl + "password");
  if (missing.empty()) return;
  in.fault(sasl + "mechanism", in.origin(sasl + "mechanism"),
           sasl + "mechanism " + kafka.sasl_mechanism + " needs " + missing.front() +
               (missing.size() > 1 ? " and " + missing.back() : std::string{}));
}

/// The settings of a sink that choose among the fields of a flow: records of counters have none of them.
void check_counters(Reading& in, const std::string& path, const Sink& sink) {
  const auto refuse = [&](const std::string& key, std::string_view value, std::string_view instead) {
    in.fault(path + key, in.origin(path + key),
             joined({path, key, " is ", value, ", which only flows have; with stream counters ", instead}));
  };
  if (sink.json_fields != JsonFields::sluice)
    refuse(".json.fields", sink.json_fields == JsonFields::kflow ? "kflow" : "goflow2", "it takes sluice");
  if (sink.kafka.partition_by == PartitionBy::fields)
    refuse(".partition_by", "a list of fields", "it takes exporter or round_robin");
}

}  // namespace

void check_together(Reading& in, const Config& config) {
  check_listeners(in, config);
  check_exporters(in, config);
  check_user_fields(in, config);
  check_http(in, config);
  for (const auto& [name, sink] : config.sinks) {
    const std::string path = sink_path(name == "kafka" && in.given("kafka"), name);
    if (sink.type == SinkType::kafka) check_kafka(in, path, sink.kafka);
    if (sink.stream == SinkStream::counters) check_counters(in, path, sink);
  }
}

}  // namespace sluice::config
