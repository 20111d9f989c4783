#pragma once
// The last step of a NetFlow flow of any version: what follows from several of its values together.
#include <cstdint>
#include <span>

#include "sluice/flow/record.hpp"

namespace sluice::decode {

inline constexpr std::uint16_t kEtypeIpv4 = 0x0800;
inline constexpr std::uint16_t kEtypeIpv6 = 0x86dd;

/// Ethertype from IE 60, else from the addresses' family.
inline std::uint16_t ethertype_of(const FlowRecord& flow, std::uint8_t ip_version) {
  if (ip_version == 4) return kEtypeIpv4;
  if (ip_version == 6) return kEtypeIpv6;
  const std::uint8_t size = flow.src_addr_size ? flow.src_addr_size : flow.dst_addr_size;
  return size == 4 ? kEtypeIpv4 : size == 16 ? kEtypeIpv6 : std::uint16_t{0};
}

inline bool is_icmp(const FlowRecord& flow) { return flow.proto == 1 || flow.proto == 58; }

/// The same where the exporter says an ethertype too, which is in the flow already: that of the frame, often
/// of a tag or label in front of the packet, so it counts only where nothing else tells.
inline std::uint16_t settled_ethertype(const FlowRecord& flow, std::uint8_t ip_version) {
  const bool known = ip_version == 4 || ip_version == 6 || !flow.source().all_zero() ||
                     !flow.destination().all_zero() || flow.etype == 0;
  return known ? ethertype_of(flow, ip_version) : flow.etype;
}

/// No type 0 that is assigned has codes, so a number of one byte is a type alone.
constexpr std::uint16_t icmp_type_and_code(std::uint16_t value) {
  return value > 0xff ? value : static_cast<std::uint16_t>(value << 8);
}

/// ICMP type and code where they came packed into one number: IE 32 or 139, else the destination port, else
/// the source port, where some exporters put them.
inline void unpack_icmp(FlowRecord& flow, std::uint16_t type_code, bool from_port) {
  if (!is_icmp(flow)) return;
  if (type_code == 0 && from_port) type_code = flow.dst_port;
  if (type_code == 0 && from_port) type_code = flow.src_port;
  if (type_code == 0 || flow.icmp_type != 0 || flow.icmp_code != 0) return;
  type_code = icmp_type_and_code(type_code);
  flow.icmp_type = static_cast<std::uint8_t>(type_code >> 8);
  flow.icmp_code = static_cast<std::uint8_t>(type_code & 0xffU);
}

/// For exporters that send the type as source port and the code as destination port.
inline void icmp_from_both_ports(std::span<FlowRecord> flows) {
  for (FlowRecord& flow : flows) {
    if (!is_icmp(flow)) continue;
    flow.icmp_type = static_cast<std::uint8_t>(flow.src_port);
    flow.icmp_code = static_cast<std::uint8_t>(flow.dst_port);
  }
}

}  // namespace sluice::decode
