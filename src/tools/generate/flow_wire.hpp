#pragma once
// Small conversions that several protocols need.
#include <algorithm>
#include <span>

#include "sluice/flow/record.hpp"

namespace sluice::generate {

inline constexpr std::uint8_t kIcmp = 1, kTcp = 6, kUdp = 17, kIcmpV6 = 58;

inline bool is_ipv6(const FlowRecord& flow) { return flow.src_addr_size == 16; }
inline bool is_icmp(const FlowRecord& flow) { return flow.proto == kIcmp || flow.proto == kIcmpV6; }

/// Type in the high byte, code in the low one; 0 where the flow is not ICMP.
inline std::uint16_t icmp_word(const FlowRecord& flow) {
  return is_icmp(flow) ? static_cast<std::uint16_t>(flow.icmp_type << 8 | flow.icmp_code) : std::uint16_t{0};
}

inline std::uint32_t narrow32(std::uint64_t value) {
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(value, 0xffffffffU));
}
inline std::uint16_t narrow16(std::uint64_t value) {
  return static_cast<std::uint16_t>(std::min<std::uint64_t>(value, 0xffffU));
}

/// sysUptime at a time, milliseconds; wraps after 49.7 days as it does in routers.
inline std::uint32_t uptime(std::uint64_t time_ns, std::uint64_t boot_time_ns) {
  return static_cast<std::uint32_t>((time_ns - boot_time_ns) / 1000000);
}

/// How many flows at the front are IPv4; the writers want those of IPv6 after them.
inline std::size_t ipv4_count(std::span<const FlowRecord> flows) {
  return static_cast<std::size_t>(std::find_if(flows.begin(), flows.end(), is_ipv6) - flows.begin());
}

}  // namespace sluice::generate
