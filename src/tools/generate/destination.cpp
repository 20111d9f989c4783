#include "generate/destination.hpp"
#include "generate/sentence.hpp"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <memory>
#include <utility>

namespace sluice::generate {
namespace {

constexpr std::string_view kKafka = "kafka://";

/// One NAME=VALUE behind the topic; false where there is no such.
bool apply_parameter(std::string_view parameter, config::KafkaSink& out) {
  using config::Framing;
  constexpr std::array<std::pair<std::string_view, Framing>, 3> framings{
      {{"batch", Framing::batch}, {"single", Framing::single}, {"plain", Framing::plain}}};
  constexpr std::array<std::string_view, 5> compressions{"none", "gzip", "snappy", "lz4", "zstd"};
  const auto equals = parameter.find('=');
  const auto name = parameter.substr(0, equals);
  const auto value = equals == std::string_view::npos ? "" : parameter.substr(equals + 1);
  if (name == "framing") {
    const auto* found = std::ranges::find(framings, value, &std::pair<std::string_view, Framing>::first);
    if (found == framings.end()) return false;
    out.framing = found->second;
    return true;
  }
  if (name != "compression" || std::ranges::find(compressions, value) == compressions.end()) return false;
  out.compression = value;
  return true;
}

}  // namespace

sockaddr_storage to_sockaddr(const IpAddress& address, std::uint16_t port) {
  sockaddr_storage out{};
  if (address.is_v4()) {
    sockaddr_in in{};
    in.sin_family = AF_INET;
    in.sin_port = htons(port);
    std::memcpy(&in.sin_addr, address.bytes.data(), 4);
    std::memcpy(&out, &in, sizeof in);
  } else {
    sockaddr_in6 in{};
    in.sin6_family = AF_INET6;
    in.sin6_port = htons(port);
    std::memcpy(&in.sin6_addr, address.bytes.data(), 16);
    std::memcpy(&out, &in, sizeof in);
  }
  return out;
}

sockaddr_storage Destination::socket_address() const { return to_sockaddr(address, port); }

Result<Destination, std::string> resolve(std::string_view to) {
  const auto colon = to.rfind(':');
  std::string_view host = to.substr(0, colon);
  const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);
  Destination out;
  const std::string_view digits = colon == std::string_view::npos ? "" : to.substr(colon + 1);
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), out.port);
  const bool port_right = error == std::errc{} && end == digits.data() + digits.size() && out.port != 0;
  if (!port_right || host.empty() || (!bracketed && host.find(':') != std::string_view::npos))
    return failure(
        join({"--to is \"", to, "\", but should be HOST:PORT, [IPV6]:PORT or kafka://BROKERS/TOPIC"}));
  if (const auto address = IpAddress::parse(host)) {
    out.address = address->unmapped();
    return out;
  }
  addrinfo hints{};
  hints.ai_socktype = SOCK_DGRAM;
  addrinfo* found = nullptr;
  if (const int code = getaddrinfo(std::string(host).c_str(), nullptr, &hints, &found); code != 0)
    return failure(
        join({"--to names the host \"", host, "\", which cannot be resolved: ", gai_strerror(code)}));
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> guard(found, &freeaddrinfo);
  sockaddr_storage first{};
  std::memcpy(&first, found->ai_addr, found->ai_addrlen);
  out.address = IpAddress::from_sockaddr(first);
  return out;
}

std::uint16_t usual_port(FlowType protocol) {
  return protocol == FlowType::sflow5 ? 6343 : protocol == FlowType::ipfix ? 4739 : 2055;
}

bool is_kafka(std::string_view to) { return to.starts_with(kKafka); }

Result<config::KafkaSink, std::string> parse_kafka(std::string_view to) {
  const auto wrong = [&] {
    return failure(join({"--to is \"", to, "\", but should be kafka://HOST:PORT[,HOST:PORT]/TOPIC",
                         "[?framing=batch|single|plain][&compression=none|gzip|snappy|lz4|zstd]"}));
  };
  std::string_view rest = to.substr(kKafka.size());
  config::KafkaSink out;
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
