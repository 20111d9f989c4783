#include <array>
#include <utility>

#include "nfdump/records.hpp"

namespace sluice::nfdump {
namespace {

void generic(FieldReader& in, Said& said) {
  FlowRecord& flow = said.flow;
  flow.time_flow_start_ns = in.u64() * kNsPerMs;
  flow.time_flow_end_ns = in.u64() * kNsPerMs;
  said.received_ms = in.u64();
  flow.packets = in.u64();
  flow.bytes = in.u64();
  flow.src_port = in.u16();
  flow.dst_port = in.u16();
  flow.proto = in.u8();
  flow.tcp_flags = in.u8();
  flow.forwarding_status = in.u8();
  flow.ip_tos = in.u8();
}
void addresses_v4(FieldReader& in, Said& said) {
  said.flow.set_source(in.v4());
  said.flow.set_destination(in.v4());
}
void addresses_v6(FieldReader& in, Said& said) {
  said.flow.set_source(in.v6());
  said.flow.set_destination(in.v6());
}
void miscellaneous(FieldReader& in, Said& said) {
  parts::interfaces32(in, said);
  said.flow.src_net = in.u8();
  said.flow.dst_net = in.u8();
  parts::direction(in.u8(), said.flow);
  in.skip(1);  // type of service at the output
  parts::biflow_direction(in.u8(), said);
  said.flow.flow_end_reason = in.u8();
}
void counts(FieldReader& in, Said& said) {
  parts::flow_count64(in, said);
  said.out_packets = in.u64();
  said.out_bytes = in.u64();
}
void macs(FieldReader& in, Said& said) {
  parts::macs_in_source(in, said);
  parts::macs_in_destination(in, said);
}
void firewall_event(FieldReader& in, Said& said) {
  said.event_ms = in.u64();
  FlowExtras& extras = said.extras();
  extras.set(ExtraScalar::flow_id, in.u32());
  const std::uint16_t code = in.u16();
  extras.set(ExtraScalar::firewall_event, in.u8());
  extras.set(ExtraScalar::firewall_event_code, code);
}
void vrfs(FieldReader& in, Said& said) {
  const std::uint32_t egress = in.u32();
  parts::vrfs(egress, in.u32(), said);
}
void nat_event(FieldReader& in, Said& said) {
  constexpr std::size_t kWithVrfs = 16;  // versions before 1.7.2 wrote them here
  said.event_ms = in.u64();
  if (in.remaining() >= kWithVrfs) vrfs(in, said);
  FlowExtras& extras = said.extras();
  if (const std::uint32_t pool = in.u32(); pool != 0) extras.set(ExtraScalar::nat_pool_id, pool);
  extras.set(ExtraScalar::nat_event, in.u8());
}
void application(FieldReader& in, Said& said) {
  const Bytes id = in.rest();
  if (id.empty()) return;
  said.extras().set(ExtraText::application_id, {reinterpret_cast<const char*>(id.data()), id.size()});
}
void tunnel_v4(FieldReader& in, Said& said) {
  said.extras().set(ExtraAddress::tunnel_src_addr, in.v4());
  said.extras().set(ExtraAddress::tunnel_dst_addr, in.v4());
}
void tunnel_v6(FieldReader& in, Said& said) {
  said.extras().set(ExtraAddress::tunnel_src_addr, in.v6());
  said.extras().set(ExtraAddress::tunnel_dst_addr, in.v6());
}
void observation(FieldReader& in, Said& said) {
  if (const std::uint64_t point = in.u64(); point != 0)
    said.extras().set(ExtraScalar::observation_point_id, point);
}
void layer2(FieldReader& in, Said& said) {
  const std::uint16_t vlan = in.u16(), customer = in.u16(), post = in.u16(), post_customer = in.u16();
  if (vlan != 0) said.flow.vlan_id = said.flow.src_vlan = vlan;
  if (post != 0) said.flow.dst_vlan = post;
  const std::pair<ExtraScalar, std::uint64_t> rest[] = {{ExtraScalar::customer_vlan_id, customer},
                                                        {ExtraScalar::post_customer_vlan_id, post_customer},
                                                        {ExtraScalar::in_phys_if, in.u32()},
                                                        {ExtraScalar::out_phys_if, in.u32()},
                                                        {ExtraScalar::vni, in.u64() & 0xffffffU}};
  for (const auto& [field, value] : rest)
    if (value != 0) said.extras().set(field, value);
}

/// nfdump's nfxV3.h; in the order of ids. Elements that have nothing for a flow are not here.
constexpr Part kElements[] = {
    {1, 48, generic},
    {2, 8, addresses_v4},
    {3, 32, addresses_v6},
    {4, 14, miscellaneous},
    {5, 24, counts},
    {6, 8, parts::vlans32},
    {7, 8, parts::as32},
    {8, 4, parts::bgp_next_hop_v4},
    {9, 16, parts::bgp_next_hop_v6},
    {10, 4, parts::next_hop_v4},
    {11, 16, parts::next_hop_v6},
    {12, 4, parts::exporter_v4},
    {13, 16, parts::exporter_v6},
    {14, 40, parts::labels},
    {15, 32, macs},
    {16, 8, parts::adjacent_as},
    {19, 15, firewall_event},
    {20, 8, parts::nat_v4},
    {21, 32, parts::nat_v6},
    {22, 4, parts::nat_ports},
    {23, 24, parts::access_lists},
    {24, 1, parts::user_name},
    {25, 13, nat_event},
    {26, 8, parts::nat_port_block},
    {27, 1, application},
    {31, 12, tunnel_v4},
    {32, 36, tunnel_v6},
    {33, 12, observation},
    {36, 8, vrfs},
    {38, 24, layer2},
};

constexpr std::size_t kIds = 64;
constexpr auto kById = [] {
  std::array<const Part*, kIds> out{};
  for (const Part& part : kElements) out[part.id] = &part;
  return out;
}();

constexpr unsigned kSampled = 0x2;
constexpr std::size_t kElementHead = 4;

}  // namespace

bool read_layout2(FieldReader& in, FlowHead& head, Said& said) {
  const std::size_t elements = in.u16();
  in.skip(2);  // engine type and id: the exporter record's source id
  head.exporter = in.u16();
  head.sampled = in.u8() & kSampled;
  head.version = in.u8();
  bool whole = false;
  for (std::size_t i = 0; i < elements && in.remaining() >= kElementHead; ++i) {
    const std::uint16_t id = in.u16();
    const std::size_t length = in.u16();
    if (length < kElementHead) return false;
    FieldReader own = in.part(length - kElementHead);
    if (!in.ok()) return false;
    const Part* const part = id < kIds ? kById[id] : nullptr;
    if (!part || own.remaining() < part->bytes) continue;
    part->apply(own, said);
    whole = whole || part->apply == generic;
  }
  return whole && in.ok();
}

}  // namespace sluice::nfdump
