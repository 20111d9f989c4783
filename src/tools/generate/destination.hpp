#pragma once
// What --to says.
#include <string>
#include <string_view>

#include "flow/endpoint.hpp"
#include "sink/settings.hpp"
#include "sluice/flow/record.hpp"
#include "sluice/util/result.hpp"

namespace sluice::generate {

/// The receiver: "HOST:PORT" or "[V6]:PORT"; a name is resolved.
Result<Endpoint, std::string> resolve(std::string_view to);

/// The port that collectors listen on for the protocol.
std::uint16_t usual_port(FlowType protocol);

bool is_kafka(std::string_view to);
/// "kafka://BROKERS/TOPIC[?framing=batch|single|plain][&compression=none|gzip|snappy|lz4|zstd]", BROKERS
/// being HOST:PORT[,HOST:PORT...].
Result<sink::KafkaSettings, std::string> parse_kafka(std::string_view to);

/// In 127.0.0.0/8 each exporter can have an address of its own.
inline bool has_many_addresses(const Endpoint& to) { return to.address.is_v4() && to.loopback(); }
/// Source address of exporter `index` on loopback: 127.0.0.2 and on, 253 of them in each 127.0.x.0/24.
IpAddress loopback_source(std::uint32_t index);
inline constexpr std::uint32_t kLoopbackSources = 253 * 256;

}  // namespace sluice::generate
