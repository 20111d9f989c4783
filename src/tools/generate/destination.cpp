#include "generate/destination.hpp"
#include "generate/sentence.hpp"

#include <algorithm>

namespace sluice::generate {
namespace {

constexpr std::string_view kKafka = "kafka://";

/// One NAME=VALUE behind the topic; false where there is no such.
bool apply_parameter(std::string_view parameter, sink::KafkaSettings& out) {
  const auto equals = parameter.find('=');
  const auto name = parameter.substr(0, equals);
  const auto value = equals == std::string_view::npos ? "" : parameter.substr(equals + 1);
  if (name == "framing") {
    const auto framing = value_of(sink::kFramings, value);
    out.framing = framing.value_or(out.framing);
    return framing.has_value();
  }
  if (name != "compression" || std::ranges::find(sink::kCompressions, value) == sink::kCompressions.end())
    return false;
  out.compression = value;
  return true;
}

}  // namespace

Result<Endpoint, std::string> resolve(std::string_view to) {
  const auto parts = parse_host_port(to);
  if (!parts || parts->port.value_or(0) == 0)
    return failure(
        join({"--to is \"", to, "\", but should be HOST:PORT, [IPV6]:PORT or kafka://BROKERS/TOPIC"}));
  const auto address = resolve_host(*parts);
  if (!address)
    return failure(
        join({"--to names the host \"", parts->host, "\", which cannot be resolved: ", address.error()}));
  return Endpoint{address->unmapped(), *parts->port};
}

std::uint16_t usual_port(FlowType protocol) {
  return protocol == FlowType::sflow5 ? 6343 : protocol == FlowType::ipfix ? 4739 : 2055;
}

bool is_kafka(std::string_view to) { return to.starts_with(kKafka); }

Result<sink::KafkaSettings, std::string> parse_kafka(std::string_view to) {
  const auto wrong = [&] {
    return failure(join({"--to is \"", to, "\", but should be kafka://HOST:PORT[,HOST:PORT]/TOPIC",
                         "[?framing=batch|single|plain][&compression=none|gzip|snappy|lz4|zstd]"}));
  };
  std::string_view rest = to.substr(kKafka.size());
  sink::KafkaSettings out;
  const auto question = rest.find('?');
  if (question != std::string_view::npos) {
    for (std::string_view query = rest.substr(question + 1);;) {
      const auto end = query.find('&');
      if (!apply_parameter(query.substr(0, end), out)) return wrong();
      if (end == std::string_view::npos) break;
      query.remove_prefix(end + 1);
    }
    rest = rest.substr(0, question);
  }
  const auto slash = rest.find('/');
  if (slash == 0 || slash == std::string_view::npos || slash + 1 == rest.size()) return wrong();
  out.brokers = rest.substr(0, slash);
  out.topic = rest.substr(slash + 1);
  if (out.topic.find('/') != std::string::npos) return wrong();
  return out;
}

IpAddress loopback_source(std::uint32_t index) {
  return IpAddress::v4(127U << 24 | (index / 253) << 8 | (2 + index % 253));
}

}  // namespace sluice::generate
