#include "nfdump/parts.hpp"

#include <string_view>

namespace sluice::nfdump::parts {
namespace {

/// Parts are there where the collector was told to store them, sent or not: zeros say nothing.
void set(ExtraScalar field, std::uint64_t value, Said& said) {
  if (value != 0) said.extras().set(field, value);
}
void set(ExtraAddress field, const IpAddress& value, Said& said) {
  if (!value.all_zero()) said.extras().set(field, value);
}
void set_next_hop(const IpAddress& value, Said& said) {
  if (!value.all_zero()) said.flow.set_next_hop(value);
}

void set_vlans(std::uint64_t input, std::uint64_t output, Said& said) {
  said.flow.vlan_id = said.flow.src_vlan = static_cast<std::uint16_t>(input);
  said.flow.dst_vlan = static_cast<std::uint16_t>(output);
}

void set_exporter(const IpAddress& value, Said& said) {
  if (!value.all_zero()) said.exporter = value.unmapped();
}

}  // namespace

void interfaces16(FieldReader& in, Said& said) {
  said.flow.in_if = in.u16();
  said.flow.out_if = in.u16();
}
void interfaces32(FieldReader& in, Said& said) {
  said.flow.in_if = in.u32();
  said.flow.out_if = in.u32();
}
void as16(FieldReader& in, Said& said) {
  said.flow.src_as = in.u16();
  said.flow.dst_as = in.u16();
}
void as32(FieldReader& in, Said& said) {
  said.flow.src_as = in.u32();
  said.flow.dst_as = in.u32();
}
void next_hop_v4(FieldReader& in, Said& said) { set_next_hop(in.v4(), said); }
void next_hop_v6(FieldReader& in, Said& said) { set_next_hop(in.v6(), said); }
void bgp_next_hop_v4(FieldReader& in, Said& said) { set(ExtraAddress::bgp_next_hop, in.v4(), said); }
void bgp_next_hop_v6(FieldReader& in, Said& said) { set(ExtraAddress::bgp_next_hop, in.v6(), said); }

void vlans16(FieldReader& in, Said& said) {
  const std::uint16_t input = in.u16();
  set_vlans(input, in.u16(), said);
}
void vlans32(FieldReader& in, Said& said) {
  const std::uint32_t input = in.u32();
  set_vlans(input, in.u32(), said);
}
void exporter_v4(FieldReader& in, Said& said) { set_exporter(in.v4(), said); }
void exporter_v6(FieldReader& in, Said& said) { set_exporter(in.v6(), said); }

void labels(FieldReader& in, Said& said) {
  constexpr std::size_t kMost = 10;
  for (std::size_t i = 0; i < kMost; ++i) {
    const std::uint32_t entry = in.u32();
    if (entry != 0) said.extras().list(ExtraList::mpls_label).push_back(entry >> 4);
  }
}

void adjacent_as(FieldReader& in, Said& said) {
  set(ExtraScalar::next_adjacent_as, in.u32(), said);
  set(ExtraScalar::prev_adjacent_as, in.u32(), said);
}

/// As decoders do it: at the input source and destination, else those of the output.
void macs_in_source(FieldReader& in, Said& said) {
  const std::uint64_t source = in.u64(), destination = in.u64();
  if (source != 0) said.flow.src_mac = source;
  if (said.flow.dst_mac == 0) said.flow.dst_mac = destination;
}
void macs_in_destination(FieldReader& in, Said& said) {
  const std::uint64_t destination = in.u64(), source = in.u64();
  if (destination != 0) said.flow.dst_mac = destination;
  if (said.flow.src_mac == 0) said.flow.src_mac = source;
}

void flow_count32(FieldReader& in, Said& said) { set(ExtraScalar::flow_count, in.u32(), said); }
void flow_count64(FieldReader& in, Said& said) { set(ExtraScalar::flow_count, in.u64(), said); }

void nat_v4(FieldReader& in, Said& said) {
  set(ExtraAddress::post_nat_src_addr, in.v4(), said);
  set(ExtraAddress::post_nat_dst_addr, in.v4(), said);
}
void nat_v6(FieldReader& in, Said& said) {
  set(ExtraAddress::post_nat_src_addr, in.v6(), said);
  set(ExtraAddress::post_nat_dst_addr, in.v6(), said);
}
void nat_ports(FieldReader& in, Said& said) {
  set(ExtraScalar::post_nat_src_port, in.u16(), said);
  set(ExtraScalar::post_nat_dst_port, in.u16(), said);
}
void nat_port_block(FieldReader& in, Said& said) {
  for (const ExtraScalar field : {ExtraScalar::nat_port_start, ExtraScalar::nat_port_end,
                                  ExtraScalar::nat_port_step, ExtraScalar::nat_port_count})
    set(field, in.u16(), said);
}

/// Twelve bytes each, which the exporter sent as three integers and nfdump keeps as integers.
void access_lists(FieldReader& in, Said& said) {
  for (const ExtraText field : {ExtraText::ingress_acl_id, ExtraText::egress_acl_id}) {
    char id[12];
    bool any = false;
    for (std::size_t i = 0; i < 3; ++i) {
      const std::uint32_t word = in.u32();
      any = any || word != 0;
      boost::endian::store_big_u32(reinterpret_cast<unsigned char*>(id) + 4 * i, word);
    }
    if (any) said.extras().set(field, std::string_view(id, sizeof(id)));
  }
}

void user_name(FieldReader& in, Said& said) {
  const Bytes all = in.rest();
  const std::string_view text(reinterpret_cast<const char*>(all.data()), all.size());
  const std::string_view name = text.substr(0, text.find('\0'));
  if (!name.empty()) said.extras().set(ExtraText::user_name, name);
}

void direction(std::uint8_t value, FlowRecord& flow) {
  if (value <= 1) flow.flow_direction = value == 0 ? FlowDirection::ingress : FlowDirection::egress;
}
void biflow_direction(std::uint8_t value, Said& said) { set(ExtraScalar::biflow_direction, value, said); }
void vrfs(std::uint32_t egress, std::uint32_t ingress, Said& said) {
  set(ExtraScalar::egress_vrf_id, egress, said);
  set(ExtraScalar::ingress_vrf_id, ingress, said);
}

}  // namespace sluice::nfdump::parts
