#include <array>

#include "nfdump/records.hpp"

namespace sluice::nfdump {
namespace {

void what_was_not_common(FieldReader& in, Said& said) {
  in.skip(1);  // type of service at the output
  parts::direction(in.u8(), said.flow);
  said.flow.src_net = in.u8();
  said.flow.dst_net = in.u8();
}
void out_packets32(FieldReader& in, Said& said) { said.out_packets = in.u32(); }
void out_packets64(FieldReader& in, Said& said) { said.out_packets = in.u64(); }
void out_bytes32(FieldReader& in, Said& said) { said.out_bytes = in.u32(); }
void out_bytes64(FieldReader& in, Said& said) { said.out_bytes = in.u64(); }
void received(FieldReader& in, Said& said) { said.received_ms = in.u64(); }

void firewall_event(FieldReader& in, Said& said) {
  said.event_ms = in.u64();
  FlowExtras& extras = said.extras();
  extras.set(ExtraScalar::flow_id, in.u32());
  in.skip(2);  // ICMP, which the ports say too
  extras.set(ExtraScalar::firewall_event, in.u8());
  in.skip(1);
  extras.set(ExtraScalar::firewall_event_code, in.u16());
}
void nat_event(FieldReader& in, Said& said) {
  said.extras().set(ExtraScalar::nat_event, in.u8());
  in.skip(3);
  const std::uint32_t egress = in.u32();
  parts::vrfs(egress, in.u32(), said);
}

/// nfdump's nfx.h; in the order of ids.
constexpr Part kExtensions[] = {
    {4, 4, parts::interfaces16},
    {5, 8, parts::interfaces32},
    {6, 4, parts::as16},
    {7, 8, parts::as32},
    {8, 4, what_was_not_common},
    {9, 4, parts::next_hop_v4},
    {10, 16, parts::next_hop_v6},
    {11, 4, parts::bgp_next_hop_v4},
    {12, 16, parts::bgp_next_hop_v6},
    {13, 4, parts::vlans16},
    {14, 4, out_packets32},
    {15, 8, out_packets64},
    {16, 4, out_bytes32},
    {17, 8, out_bytes64},
    {18, 4, parts::flow_count32},
    {19, 8, parts::flow_count64},
    {20, 16, parts::macs_in_source},
    {21, 16, parts::macs_in_destination},
    {22, 40, parts::labels},
    {23, 4, parts::exporter_v4},
    {24, 16, parts::exporter_v6},
    {25, 4, nullptr},  // engine type and id: the exporter record's source id
    {26, 8, parts::adjacent_as},
    {27, 8, received},
    {37, 20, firewall_event},
    {38, 4, parts::nat_ports},
    {39, 8, parts::nat_v4},
    {40, 32, parts::nat_v6},
    {41, 24, parts::access_lists},
    {42, 24, parts::user_name},
    {43, 72, parts::user_name},
    {45, 24, nullptr},  // latencies
    {46, 12, nat_event},
    {47, 8, parts::nat_v4},
    {48, 8, parts::nat_port_block},
};

constexpr std::size_t kIds = 64;
/// The row of each id; null where there is none.
constexpr auto kById = [] {
  std::array<const Part*, kIds> out{};
  for (const Part& part : kExtensions) out[part.id] = &part;
  return out;
}();

// Bits of a record's flags.
constexpr unsigned kIpv6 = 0x1, kPackets64 = 0x2, kBytes64 = 0x4, kSampled = 0x80;

std::uint64_t unix_ns(std::uint64_t seconds, std::uint64_t ms) {
  return seconds * 1'000'000'000 + ms * 1'000'000;
}

}  // namespace

bool extension_known(std::uint16_t id) { return id < kIds && kById[id]; }

bool read_layout1(FieldReader& in, bool oldest, const ExtensionMaps& maps, FlowHead& head, Said& said) {
  FlowRecord& flow = said.flow;
  const unsigned flags = in.u8();
  head.sampled = flags & kSampled;
  const std::uint8_t version_or_exporter = in.u8();
  if (oldest)
    head.exporter = version_or_exporter;
  else
    head.version = version_or_exporter;
  const auto map = maps.find(in.u16());
  const std::uint16_t first_ms = in.u16(), last_ms = in.u16();
  flow.time_flow_start_ns = unix_ns(in.u32(), first_ms);
  flow.time_flow_end_ns = unix_ns(in.u32(), last_ms);
  flow.forwarding_status = in.u8();
  flow.tcp_flags = in.u8();
  flow.proto = in.u8();
  flow.ip_tos = in.u8();
  flow.src_port = in.u16();
  flow.dst_port = in.u16();
  if (!oldest) {
    head.exporter = in.u16();
    parts::biflow_direction(in.u8(), said);
    flow.flow_end_reason = in.u8();
  }
  flow.set_source(flags & kIpv6 ? in.v6() : in.v4());
  flow.set_destination(flags & kIpv6 ? in.v6() : in.v4());
  flow.packets = flags & kPackets64 ? in.u64() : in.u32();
  flow.bytes = flags & kBytes64 ? in.u64() : in.u32();
  if (map == maps.end() || !in.ok()) return false;
  for (const std::uint8_t id : map->second) {
    const Part& part = *kById[id];
    FieldReader own = in.part(part.bytes);
    if (!in.ok()) return false;
    if (part.apply) part.apply(own, said);
  }
  return true;
}

}  // namespace sluice::nfdump
