#pragma once
// A device's latest answer as state.file keeps it (message SnmpDevice of proto/state.proto).
#include <optional>
#include <string>

#include "sluice/flow/address.hpp"
#include "sluice/util/byte_reader.hpp"
#include "snmp/interfaces.hpp"
#include "snmp/settings.hpp"

namespace sluice::snmp {

/// State.snmp_devices of proto/state.proto.
inline constexpr unsigned kStateField = 6;

std::string to_message(const IpAddress& exporter, const Answer& answer);

struct KeptAnswer {
  IpAddress exporter;
  Answer answer;
};
/// Texts are cleaned as those of devices are, and interfaces past the bound left out; nothing where it is no
/// such message.
std::optional<KeptAnswer> from_message(Bytes message, std::uint32_t max_interfaces);
/// Whether it still counts: answered within 30 days, and of a device that the settings have.
bool counts_still(const KeptAnswer& kept, const Settings& settings, std::uint64_t now_ns);

}  // namespace sluice::snmp
