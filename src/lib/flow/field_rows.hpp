#pragma once
// The rows of the table of message fields (sluice/flow/fields.hpp), where the compiler can see them: whoever
// means one field by name has its number checked when it is compiled. Constant data; any thread.
#include <cstddef>

#include "sluice/flow/fields.hpp"

namespace sluice {
namespace field_rows {

using K = FieldKind;
using H = FieldHome;

#define IN_RECORD(member) \
  H::record, static_cast<std::uint16_t>(offsetof(FlowRecord, member)), sizeof(FlowRecord::member), 0, false
#define IN_RECORD_ADDRESS(member)                                         \
  H::record, static_cast<std::uint16_t>(offsetof(FlowRecord, member)), 0, \
      static_cast<std::uint16_t>(offsetof(FlowRecord, member##_size)), false

template <class E>
constexpr std::uint16_t at(E e) {
  return static_cast<std::uint16_t>(e);
}

// Members of Origin are told apart by this index: Origin is no standard-layout type, so offsetof is not for
// it.
enum OriginMember : std::uint16_t {
  kType,
  kSequence,
  kDomain,
  kReceived,
  kSampler,
  kExporter,
  kExporterName,
  kCollectorId
};

#define ORIGIN(member) H::origin, member, 0, 0, false
#define SCALAR(e) H::extra_scalar, at(ExtraScalar::e), 8, 0, false
#define OPTIONAL(e) H::extra_scalar, at(ExtraScalar::e), 8, 0, true
#define ADDRESS(e) H::extra_address, at(ExtraAddress::e), 0, 0, false
#define TEXT(e) H::extra_text, at(ExtraText::e), 0, 0, false
#define LIST(e) H::extra_list, at(ExtraList::e), 0, 0, false
#define ADDRESS_LIST(e) H::extra_address_list, at(ExtraAddressList::e), 0, 0, false

inline constexpr FieldInfo kFields[] = {
    {1, "type", K::flow_type, ORIGIN(kType), "", "Protocol that the flow arrived by"},
    {3, "sampling_rate", K::uint64, IN_RECORD(sampling_rate), "1 in N",
     "Packets that one sampled packet stands for; 0 unknown. Never multiplied into bytes or packets"},
    {4, "sequence_num", K::uint32, ORIGIN(kSequence), "",
     "Sequence number of the datagram's header: counts datagrams in sFlow and v9, flows in v5, data records "
     "in IPFIX"},
    {6, "src_addr", K::address, IN_RECORD_ADDRESS(src_addr), "", "Source address"},
    {7, "dst_addr", K::address, IN_RECORD_ADDRESS(dst_addr), "", "Destination address"},
    {9, "bytes", K::uint64, IN_RECORD(bytes), "bytes",
     "Layer 3 bytes as the exporter counted them; for sFlow the frame length, layer 2 included"},
    {10, "packets", K::uint64, IN_RECORD(packets), "packets",
     "Packets as the exporter counted them; 1 for an sFlow sample"},
    {11, "sampler_address", K::address, ORIGIN(kSampler), "",
     "sFlow agent address, or the UDP source address of NetFlow and IPFIX"},
    {12, "next_hop", K::address, IN_RECORD_ADDRESS(next_hop), "", "Address of the next hop router"},
    {13, "next_hop_as", K::uint32, SCALAR(next_hop_as), "", "First AS of the path (sFlow gateway record)"},
    {14, "src_as", K::uint32, IN_RECORD(src_as), "", "Source AS number"},
    {15, "dst_as", K::uint32, IN_RECORD(dst_as), "", "Destination AS number"},
    {16, "src_net", K::uint32, IN_RECORD(src_net), "bits", "Prefix length of the source address"},
    {17, "dst_net", K::uint32, IN_RECORD(dst_net), "bits", "Prefix length of the destination address"},
    {18, "in_if", K::uint32, IN_RECORD(in_if), "ifIndex", "Input interface"},
    {19, "out_if", K::uint32, IN_RECORD(out_if), "ifIndex", "Output interface"},
    {20, "proto", K::uint32, IN_RECORD(proto), "", "IP protocol number"},
    {21, "src_port", K::uint32, IN_RECORD(src_port), "", "Source port"},
    {22, "dst_port", K::uint32, IN_RECORD(dst_port), "", "Destination port"},
    {23, "ip_tos", K::uint32, IN_RECORD(ip_tos), "",
     "IPv4 type of service or IPv6 traffic class, all 8 bits"},
    {24, "forwarding_status", K::uint32, IN_RECORD(forwarding_status), "",
     "Forwarding status and reason (IE 89)"},
    {25, "ip_ttl", K::uint32, IN_RECORD(ip_ttl), "hops", "Time to live or hop limit"},
    {26, "tcp_flags", K::uint32, IN_RECORD(tcp_flags), "bit set",
     "TCP flags, of all packets of the flow ORed"},
    {27, "src_mac", K::mac, IN_RECORD(src_mac), "", "Source MAC address"},
    {28, "dst_mac", K::mac, IN_RECORD(dst_mac), "", "Destination MAC address"},
    {29, "vlan_id", K::uint32, IN_RECORD(vlan_id), "", "802.1Q VLAN of the sampled packet, or IE 58"},
    {30, "etype", K::uint32, IN_RECORD(etype), "",
     "Ethertype of the network layer: 0x0800 IPv4, 0x86dd IPv6, 0x0806 ARP"},
    {31, "icmp_type", K::uint32, IN_RECORD(icmp_type), "", "ICMP or ICMPv6 type"},
    {32, "icmp_code", K::uint32, IN_RECORD(icmp_code), "", "ICMP or ICMPv6 code"},
    {33, "src_vlan", K::uint32, IN_RECORD(src_vlan), "", "VLAN at the input"},
    {34, "dst_vlan", K::uint32, IN_RECORD(dst_vlan), "", "VLAN at the output"},
    {35, "fragment_id", K::uint32, IN_RECORD(fragment_id), "", "IP identification"},
    {36, "fragment_offset", K::uint32, IN_RECORD(fragment_offset), "8 bytes", "Fragment offset"},
    {37, "ipv6_flow_label", K::uint32, IN_RECORD(ipv6_flow_label), "", "IPv6 flow label"},
    {38, "ip_flags", K::uint32, IN_RECORD(ip_flags), "bit set",
     "The 3 IPv4 flag bits, or the low 3 bits of the IPv6 fragment header"},
    {70, "observation_domain_id", K::uint32, ORIGIN(kDomain), "",
     "NetFlow v9 source id or IPFIX observation domain"},
    {71, "observation_point_id", K::uint32, SCALAR(observation_point_id), "", "Observation point (IE 138)"},
    {80, "mpls_ttl", K::uint32_list, LIST(mpls_ttl), "hops", "TTL of each MPLS label, outermost first"},
    {81, "mpls_label", K::uint32_list, LIST(mpls_label), "", "MPLS labels, outermost first"},
    {82, "mpls_ip", K::address_list, ADDRESS_LIST(mpls_ip), "", "Address of the MPLS top label (IE 47, 140)"},
    {100, "bgp_next_hop", K::address, ADDRESS(bgp_next_hop), "", "BGP next hop"},
    {101, "bgp_communities", K::uint32_list, LIST(bgp_communities), "",
     "BGP communities, AS in the high 16 bits"},
    {102, "as_path", K::uint32_list, LIST(as_path), "", "AS path to the destination"},
    {103, "layer_stack", K::layer_list, LIST(layer_stack), "",
     "Layers of the sampled packet, outermost first"},
    {104, "layer_size", K::uint32_list, LIST(layer_size), "bytes", "Header bytes of each layer"},
    {105, "ipv6_routing_header_addresses", K::address_list, ADDRESS_LIST(ipv6_routing_addresses), "",
     "Addresses of the IPv6 routing header"},
    {106, "ipv6_routing_header_seg_left", K::uint32, SCALAR(ipv6_routing_seg_left), "",
     "Segments left in the IPv6 routing header"},
    {110, "time_received_ns", K::time_ns, ORIGIN(kReceived), "ns",
     "When the collector received the datagram, Unix time"},
    {111, "time_flow_start_ns", K::time_ns, IN_RECORD(time_flow_start_ns), "ns",
     "First packet of the flow, Unix time"},
    {112, "time_flow_end_ns", K::time_ns, IN_RECORD(time_flow_end_ns), "ns",
     "Last packet of the flow, Unix time"},
    {200, "flow_direction", K::direction, IN_RECORD(flow_direction), "",
     "Where the flow was observed (IE 61): ingress or egress"},
    {201, "ingress_vrf_id", K::uint32, OPTIONAL(ingress_vrf_id), "", "VRF of the input (IE 234)"},
    {202, "egress_vrf_id", K::uint32, OPTIONAL(egress_vrf_id), "", "VRF of the output (IE 235)"},
    {203, "flow_end_reason", K::uint32, IN_RECORD(flow_end_reason), "",
     "Why the exporter ended the flow (IE 136): 1 idle, 2 active timeout, 3 end seen, 4 forced, 5 lack of "
     "resources"},
    {204, "flow_id", K::uint64, SCALAR(flow_id), "", "The exporter's flow identifier (IE 148)"},
    {205, "post_nat_src_addr", K::address, ADDRESS(post_nat_src_addr), "",
     "Source address after NAT (IE 225, 281)"},
    {206, "post_nat_dst_addr", K::address, ADDRESS(post_nat_dst_addr), "",
     "Destination address after NAT (IE 226, 282)"},
    {207, "post_nat_src_port", K::uint32, SCALAR(post_nat_src_port), "", "Source port after NAT (IE 227)"},
    {208, "post_nat_dst_port", K::uint32, SCALAR(post_nat_dst_port), "",
     "Destination port after NAT (IE 228)"},
    {209, "nat_event", K::uint32, OPTIONAL(nat_event), "", "NAT event (IE 230)"},
    {210, "firewall_event", K::uint32, OPTIONAL(firewall_event), "",
     "Firewall event (IE 233): 1 created, 2 deleted, 3 denied, 4 alert, 5 update"},
    {211, "application_id", K::raw, TEXT(application_id), "",
     "Application tag as sent (IE 95, RFC 6759): engine id, then selector"},
    {212, "application_name", K::text, TEXT(application_name), "", "Application name (IE 96)"},
    {213, "user_name", K::text, TEXT(user_name), "", "User name (IE 371, Cisco 40000)"},
    {214, "in_phys_if", K::uint32, SCALAR(in_phys_if), "ifIndex", "Physical input interface (IE 252)"},
    {215, "out_phys_if", K::uint32, SCALAR(out_phys_if), "ifIndex", "Physical output interface (IE 253)"},
    {216, "customer_vlan_id", K::uint32, OPTIONAL(customer_vlan_id), "",
     "Customer VLAN of a QinQ frame (IE 245)"},
    {217, "post_customer_vlan_id", K::uint32, OPTIONAL(post_customer_vlan_id), "",
     "Customer VLAN after the box (IE 255)"},
    {218, "vlan_priority", K::uint32, OPTIONAL(vlan_priority), "",
     "802.1p priority (IE 244, or the sampled tag)"},
    {219, "vni", K::uint32, OPTIONAL(vni), "", "VXLAN network identifier (IE 351)"},
    {220, "src_peer_as", K::uint32, SCALAR(src_peer_as), "",
     "AS that the packet came from (sFlow gateway record)"},
    {221, "next_adjacent_as", K::uint32, SCALAR(next_adjacent_as), "", "Next adjacent AS (IE 128)"},
    {222, "prev_adjacent_as", K::uint32, SCALAR(prev_adjacent_as), "", "Previous adjacent AS (IE 129)"},
    {223, "local_pref", K::uint32, OPTIONAL(local_pref), "", "BGP local preference (sFlow gateway record)"},
    {224, "out_if_discard_reason", K::uint32, OPTIONAL(out_if_discard_reason), "",
     "Why the packet was discarded (sFlow output interface of format 1)"},
    {225, "out_if_multiple", K::uint32, OPTIONAL(out_if_multiple), "interfaces",
     "Number of output interfaces (sFlow output interface of format 2); 0 unknown"},
    {226, "drop_reason", K::uint32, OPTIONAL(drop_reason), "", "Reason of an sFlow discarded-packet sample"},
    {230, "inner_src_addr", K::address, ADDRESS(inner_src_addr), "",
     "Source address of the encapsulated packet"},
    {231, "inner_dst_addr", K::address, ADDRESS(inner_dst_addr), "",
     "Destination address of the encapsulated packet"},
    {232, "inner_proto", K::uint32, SCALAR(inner_proto), "", "IP protocol of the encapsulated packet"},
    {233, "inner_src_port", K::uint32, SCALAR(inner_src_port), "", "Source port of the encapsulated packet"},
    {234, "inner_dst_port", K::uint32, SCALAR(inner_dst_port), "",
     "Destination port of the encapsulated packet"},
    {235, "inner_etype", K::uint32, SCALAR(inner_etype), "", "Ethertype of the encapsulated packet"},
    {240, "sampling_rate_source", K::rate_source, IN_RECORD(sampling_rate_source), "",
     "Where sampling_rate comes from"},
    {241, "in_if_name", K::text, TEXT(in_if_name), "", "Name of the input interface"},
    {242, "out_if_name", K::text, TEXT(out_if_name), "", "Name of the output interface"},
    {243, "in_if_description", K::text, TEXT(in_if_description), "", "Description of the input interface"},
    {244, "out_if_description", K::text, TEXT(out_if_description), "", "Description of the output interface"},
    {245, "ingress_vrf_name", K::text, TEXT(ingress_vrf_name), "", "Name of the input's VRF"},
    {246, "egress_vrf_name", K::text, TEXT(egress_vrf_name), "", "Name of the output's VRF"},
    {250, "exporter_name", K::text, ORIGIN(kExporterName), "", "Configured name of the exporter"},
    {251, "collector_id", K::text, ORIGIN(kCollectorId), "",
     "Configured name of the collector that decoded the flow"},
    {252, "exporter_address", K::address, ORIGIN(kExporter), "",
     "UDP source address of the datagram; absent where it is sampler_address"},
};

#undef IN_RECORD
#undef IN_RECORD_ADDRESS
#undef ORIGIN
#undef SCALAR
#undef OPTIONAL
#undef ADDRESS
#undef TEXT
#undef LIST
#undef ADDRESS_LIST

}  // namespace field_rows

/// The number of the message field of that name. Does not compile where there is no such field.
consteval std::uint16_t field_number(std::string_view name) {
  for (const FieldInfo& field : field_rows::kFields)
    if (field.name == name) return field.number;
  throw "no message field of that name";
}

}  // namespace sluice
