#pragma once
// What --to says.
#include <sys/socket.h>

#include <string>
#include <string_view>

#include "config/config.hpp"
#include "sluice/flow/address.hpp"
#include "sluice/flow/record.hpp"
#include "sluice/util/result.hpp"

namespace sluice::generate {

/// An address and a port of a receiver.
struct Destination {
  IpAddress address;
  std::uint16_t port = 0;

  /// 127.0.0.0/8: where each exporter can have an address of its own.
  bool many_loopback_addresses() const { return address.is_v4() && address.bytes[0] == 127; }
  sockaddr_storage socket_address() const;
};

/// "HOST:PORT" or "[V6]:PORT"; a name is resolved.
Result<Destination, std::string> resolve(std::string_view to);

/// The port that collectors listen on for the protocol.
std::uint16_t usual_port(FlowType protocol);

bool is_kafka(std::string_view to);
/// "kafka://BROKERS/TOPIC[?framing=batch|single|plain][&compression=none|gzip|snappy|lz4|zstd]", BROKERS
/// being HOST:PORT[,HOST:PORT...].
Result<config::KafkaSink, std::string> parse_kafka(std::string_view to);

/// Source address of exporter `index` on loopback: 127.0.0.2 and on, 253 of them in each 127.0.x.0/24.
IpAddress loopback_source(std::uint32_t index);
inline constexpr std::uint32_t kLoopbackSources = 253 * 256;

sockaddr_storage to_sockaddr(const IpAddress& address, std::uint16_t port);

}  // namespace sluice::generate
