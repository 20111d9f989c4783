#pragma once
// The rows of the table of message fields (sluice/flow/fields.hpp): one for each, with all that is told of a
// field anywhere. The compiler can see them: whoever means one field by name has its number checked when it
// is compiled. Constant data; any thread.
#include <array>
#include <cstddef>
#include <iterator>

#include "sluice/flow/fields.hpp"

namespace sluice {

/// What flows_raw may be made without (apply.sh --without): columns that only some networks fill. What each
/// is for operators is told in columns.cpp.
enum class ColumnSet : std::uint8_t {
  always,  ///< a column of every flows_raw
  packet,
  ip,
  mac,
  vlan,
  qinq,
  mpls,
  bgp,
  vrf,
  nat,
  firewall,
  application,
  tunnel,
  wlan,
  device,
  metering,
  names,
  collector
};

namespace field_rows {

using K = FieldKind;
using H = FieldHome;
using S = ColumnSet;

/// The field's column in flows_raw, where what its kind asks for is not enough.
struct FieldColumn {
  std::string_view codec = "ZSTD(1)";
  bool few_values = false;          ///< a text of few values: LowCardinality(String)
  std::string_view otherwise = {};  ///< of a time: the expression that stands in for an absent one
  std::string_view refused = {};    ///< of a time: where this holds, it counts as absent
};

/// What fills the field, but for the elements of NetFlow v9 and IPFIX, which say themselves which field they
/// go to: the fixed layouts of sFlow and NetFlow v5, and what the collector knows by itself. For operators.
struct FieldSources {
  std::string_view sflow = {};
  std::string_view netflow5 = {};
  std::string_view other = {};  ///< of NetFlow v9 and IPFIX, before the elements; behind them from "else" on
  bool packet = false;          ///< the headers of a sampled packet, whatever protocol brought it
};

/// All that is told of a field in one place. What is made from it: see docs/architecture.md.
struct FieldRow {
  FieldInfo info;
  FieldColumn column = {};
  FieldSources from = {};
  ColumnSet set = ColumnSet::always;
};

/// Milliseconds as nanoseconds. Without T64 behind it, which ClickHouse 24.8 cannot ("data size is not
/// multiplier").
inline constexpr std::string_view kGcd = "GCD, ZSTD(1)";
inline constexpr FieldColumn kT64 = {.codec = "T64, ZSTD(1)"};  ///< numbers that leave their upper bits free
inline constexpr FieldColumn kDelta = {.codec = "Delta, ZSTD(1)"};
inline constexpr FieldColumn kFewTexts = {.few_values = true};

inline constexpr FieldSources kPacket = {.packet = true};
/// The same in every protocol.
constexpr FieldSources everywhere(std::string_view source) {
  return {.sflow = source, .netflow5 = source, .other = source};
}

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

inline constexpr FieldRow kRows[] = {
    {.info = {1, "type", K::flow_type, ORIGIN(kType), "", "Protocol that the flow arrived by"},
     .from = everywhere("always")},
    {.info =
         {3, "sampling_rate", K::uint64, IN_RECORD(sampling_rate), "1 in N",
          "Packets that one sampled packet stands for; 0 unknown. Never multiplied into bytes or packets"},
     .from = {.sflow = "sample: sampling_rate",
              .netflow5 = "header: sampling",
              .other = "options data by sampler"}},
    {.info = {4, "sequence_num", K::uint32, ORIGIN(kSequence), "",
              "Sequence number of the datagram's header: counts datagrams in sFlow and v9, flows in v5, data "
              "records in IPFIX"},
     .column = kDelta,
     .from = {.sflow = "header: sequence number",
              .netflow5 = "header: flow_sequence",
              .other = "header: sequence number"}},
    {.info = {6, "src_addr", K::address, IN_RECORD_ADDRESS(src_addr), "", "Source address"},
     .from = {.sflow = "sampled IPv4, IPv6", .netflow5 = "srcaddr", .packet = true}},
    {.info = {7, "dst_addr", K::address, IN_RECORD_ADDRESS(dst_addr), "", "Destination address"},
     .from = {.sflow = "sampled IPv4, IPv6", .netflow5 = "dstaddr", .packet = true}},
    {.info = {9, "bytes", K::uint64, IN_RECORD(bytes), "bytes",
              "Layer 3 bytes as the exporter counted them; for sFlow the frame length, layer 2 included"},
     .column = kT64,
     .from = {.sflow = "frame_length; else length of sampled Ethernet, IPv4, IPv6", .netflow5 = "dOctets"}},
    {.info = {10, "packets", K::uint64, IN_RECORD(packets), "packets",
              "Packets as the exporter counted them; 1 for an sFlow sample"},
     .column = kT64,
     .from = {.sflow = "1", .netflow5 = "dPkts"}},
    {.info = {11, "sampler_address", K::address, ORIGIN(kSampler), "",
              "sFlow agent address, or the UDP source address of NetFlow and IPFIX"},
     .from = {.sflow = "header: agent address", .netflow5 = "UDP source", .other = "UDP source"}},
    {.info = {12, "next_hop", K::address, IN_RECORD_ADDRESS(next_hop), "", "Address of the next hop router"},
     .from = {.sflow = "router: next hop, else MPLS: next hop", .netflow5 = "nexthop"}},
    {.info = {13, "next_hop_as", K::uint32, SCALAR(next_hop_as), "",
              "First AS of the path (sFlow gateway record)"},
     .from = {.sflow = "gateway: first AS of the path"},
     .set = S::bgp},
    {.info = {14, "src_as", K::uint32, IN_RECORD(src_as), "", "Source AS number"},
     .from = {.sflow = "gateway: source AS, else own AS", .netflow5 = "src_as"}},
    {.info = {15, "dst_as", K::uint32, IN_RECORD(dst_as), "", "Destination AS number"},
     .from = {.sflow = "gateway: last AS of the path, else own AS", .netflow5 = "dst_as"}},
    {.info = {16, "src_net", K::uint32, IN_RECORD(src_net), "bits", "Prefix length of the source address"},
     .column = kT64,
     .from = {.sflow = "router: source mask", .netflow5 = "src_mask"}},
    {.info = {17, "dst_net", K::uint32, IN_RECORD(dst_net), "bits",
              "Prefix length of the destination address"},
     .column = kT64,
     .from = {.sflow = "router: destination mask", .netflow5 = "dst_mask"}},
    {.info = {18, "in_if", K::uint32, IN_RECORD(in_if), "ifIndex", "Input interface"},
     .from = {.sflow = "sample: input", .netflow5 = "input"}},
    {.info = {19, "out_if", K::uint32, IN_RECORD(out_if), "ifIndex", "Output interface"},
     .from = {.sflow = "sample: output", .netflow5 = "output"}},
    {.info = {20, "proto", K::uint32, IN_RECORD(proto), "", "IP protocol number"},
     .from = {.sflow = "sampled IPv4, IPv6", .netflow5 = "prot", .packet = true}},
    {.info = {21, "src_port", K::uint32, IN_RECORD(src_port), "", "Source port"},
     .column = kT64,
     .from = {.sflow = "sampled IPv4, IPv6", .netflow5 = "srcport", .packet = true}},
    {.info = {22, "dst_port", K::uint32, IN_RECORD(dst_port), "", "Destination port"},
     .column = kT64,
     .from = {.sflow = "sampled IPv4, IPv6", .netflow5 = "dstport", .packet = true}},
    {.info = {23, "ip_tos", K::uint32, IN_RECORD(ip_tos), "",
              "IPv4 type of service or IPv6 traffic class, all 8 bits"},
     .from = {.sflow = "sampled IPv4, IPv6", .netflow5 = "tos", .packet = true}},
    {.info = {24, "forwarding_status", K::uint32, IN_RECORD(forwarding_status), "",
              "Forwarding status and reason (IE 89)"},
     .from = {.sflow = "discarded packet: reason; output of format 1"}},
    {.info = {25, "ip_ttl", K::uint32, IN_RECORD(ip_ttl), "hops", "Time to live or hop limit"},
     .column = kT64,
     .from = kPacket,
     .set = S::ip},
    {.info = {26, "tcp_flags", K::uint32, IN_RECORD(tcp_flags), "bit set",
              "TCP flags, of all packets of the flow ORed"},
     .column = kT64,
     .from = {.sflow = "sampled IPv4, IPv6", .netflow5 = "tcp_flags", .packet = true}},
    {.info = {27, "src_mac", K::mac, IN_RECORD(src_mac), "", "Source MAC address"},
     .from = {.sflow = "sampled Ethernet", .packet = true},
     .set = S::mac},
    {.info = {28, "dst_mac", K::mac, IN_RECORD(dst_mac), "", "Destination MAC address"},
     .from = {.sflow = "sampled Ethernet", .packet = true},
     .set = S::mac},
    {.info = {29, "vlan_id", K::uint32, IN_RECORD(vlan_id), "",
              "802.1Q VLAN of the sampled packet, or IE 58"},
     .from = {.sflow = "VLAN tunnel: first tag", .packet = true}},
    {.info = {30, "etype", K::uint32, IN_RECORD(etype), "",
              "Ethertype of the network layer: 0x0800 IPv4, 0x86dd IPv6, 0x0806 ARP"},
     .from = {.sflow = "sampled Ethernet, IPv4, IPv6",
              .netflow5 = "0x0800",
              .other = "else by the address",
              .packet = true}},
    {.info = {31, "icmp_type", K::uint32, IN_RECORD(icmp_type), "", "ICMP or ICMPv6 type"},
     .from = {.netflow5 = "dstport of ICMP, high byte",
              .other = "else 11 of ICMP, high byte",
              .packet = true}},
    {.info = {32, "icmp_code", K::uint32, IN_RECORD(icmp_code), "", "ICMP or ICMPv6 code"},
     .from = {.netflow5 = "dstport of ICMP, low byte", .other = "else 11 of ICMP, low byte", .packet = true}},
    {.info = {33, "src_vlan", K::uint32, IN_RECORD(src_vlan), "", "VLAN at the input"},
     .from = {.sflow = "switch: source VLAN"},
     .set = S::vlan},
    {.info = {34, "dst_vlan", K::uint32, IN_RECORD(dst_vlan), "", "VLAN at the output"},
     .from = {.sflow = "switch: destination VLAN"},
     .set = S::vlan},
    {.info = {35, "fragment_id", K::uint32, IN_RECORD(fragment_id), "", "IP identification"},
     .column = kT64,
     .from = kPacket,
     .set = S::ip},
    {.info = {36, "fragment_offset", K::uint32, IN_RECORD(fragment_offset), "8 bytes", "Fragment offset"},
     .from = kPacket,
     .set = S::ip},
    {.info = {37, "ipv6_flow_label", K::uint32, IN_RECORD(ipv6_flow_label), "", "IPv6 flow label"},
     .from = kPacket,
     .set = S::ip},
    {.info = {38, "ip_flags", K::uint32, IN_RECORD(ip_flags), "bit set",
              "The 3 IPv4 flag bits, or the low 3 bits of the IPv6 fragment header"},
     .column = kT64,
     .from = kPacket,
     .set = S::ip},
    {.info = {70, "observation_domain_id", K::uint32, ORIGIN(kDomain), "",
              "NetFlow v9 source id or IPFIX observation domain"},
     .from = {.other = "header: source id, observation domain"}},
    {.info = {71, "observation_point_id", K::uint32, SCALAR(observation_point_id), "",
              "Observation point (IE 138)"},
     .set = S::metering},
    {.info = {80, "mpls_ttl", K::uint32_list, LIST(mpls_ttl), "hops",
              "TTL of each MPLS label, outermost first"},
     .from = {.sflow = "MPLS: labels in, else out", .packet = true},
     .set = S::mpls},
    {.info = {81, "mpls_label", K::uint32_list, LIST(mpls_label), "", "MPLS labels, outermost first"},
     .from = {.sflow = "MPLS: labels in, else out", .packet = true},
     .set = S::mpls},
    {.info = {82, "mpls_ip", K::address_list, ADDRESS_LIST(mpls_ip), "",
              "Address of the MPLS top label (IE 47, 140)"},
     .from = {.other = "else options data by 70"},
     .set = S::mpls},
    {.info = {100, "bgp_next_hop", K::address, ADDRESS(bgp_next_hop), "", "BGP next hop"},
     .from = {.sflow = "gateway: next hop"},
     .set = S::bgp},
    {.info = {101, "bgp_communities", K::uint32_list, LIST(bgp_communities), "",
              "BGP communities, AS in the high 16 bits"},
     .from = {.sflow = "gateway: communities"},
     .set = S::bgp},
    {.info = {102, "as_path", K::uint32_list, LIST(as_path), "", "AS path to the destination"},
     .from = {.sflow = "gateway: AS path"},
     .set = S::bgp},
    {.info = {103, "layer_stack", K::layer_list, LIST(layer_stack), "",
              "Layers of the sampled packet, outermost first"},
     .from = kPacket,
     .set = S::packet},
    {.info = {104, "layer_size", K::uint32_list, LIST(layer_size), "bytes", "Header bytes of each layer"},
     .from = kPacket,
     .set = S::packet},
    {.info = {105, "ipv6_routing_header_addresses", K::address_list, ADDRESS_LIST(ipv6_routing_addresses), "",
              "Addresses of the IPv6 routing header"},
     .from = kPacket,
     .set = S::packet},
    {.info = {106, "ipv6_routing_header_seg_left", K::uint32, SCALAR(ipv6_routing_seg_left), "",
              "Segments left in the IPv6 routing header"},
     .from = kPacket,
     .set = S::packet},
    {.info = {110, "time_received_ns", K::time_ns, ORIGIN(kReceived), "ns",
              "When the collector received the datagram, Unix time"},
     .column = {.codec = "T64, ZSTD(1)",
                .otherwise = "toDateTime64(ifNull(kafka_time, now64(3)), 9, 'UTC')",
                .refused = "kafka_time_fault = 1"},
     .from = everywhere("clock of the collector")},
    {.info = {111, "time_flow_start_ns", K::time_ns, IN_RECORD(time_flow_start_ns), "ns",
              "First packet of the flow, Unix time"},
     .column = {.codec = kGcd, .otherwise = "time_flow_end"},
     .from = {.sflow = "time of receipt", .netflow5 = "First", .other = "else export time"}},
    {.info = {112, "time_flow_end_ns", K::time_ns, IN_RECORD(time_flow_end_ns), "ns",
              "Last packet of the flow, Unix time"},
     .column = {.codec = kGcd, .otherwise = "time_received"},
     .from = {.sflow = "time of receipt", .netflow5 = "Last", .other = "else export time"}},
    {.info = {200, "flow_direction", K::direction, IN_RECORD(flow_direction), "",
              "Where the flow was observed (IE 61): ingress or egress"}},
    {.info = {201, "ingress_vrf_id", K::uint32, OPTIONAL(ingress_vrf_id), "", "VRF of the input (IE 234)"},
     .set = S::vrf},
    {.info = {202, "egress_vrf_id", K::uint32, OPTIONAL(egress_vrf_id), "", "VRF of the output (IE 235)"},
     .set = S::vrf},
    {.info = {203, "flow_end_reason", K::uint32, IN_RECORD(flow_end_reason), "",
              "Why the exporter ended the flow (IE 136): 1 idle, 2 active timeout, 3 end seen, 4 forced, 5 "
              "lack of resources"},
     .column = kT64},
    {.info = {204, "flow_id", K::uint64, SCALAR(flow_id), "", "The exporter's flow identifier (IE 148)"},
     .set = S::metering},
    {.info = {205, "post_nat_src_addr", K::address, ADDRESS(post_nat_src_addr), "",
              "Source address after NAT (IE 225, 281)"},
     .from = {.sflow = "NAT: source address"},
     .set = S::nat},
    {.info = {206, "post_nat_dst_addr", K::address, ADDRESS(post_nat_dst_addr), "",
              "Destination address after NAT (IE 226, 282)"},
     .from = {.sflow = "NAT: destination address"},
     .set = S::nat},
    {.info = {207, "post_nat_src_port", K::uint32, SCALAR(post_nat_src_port), "",
              "Source port after NAT (IE 227)"},
     .column = kT64,
     .from = {.sflow = "NAT port: source"},
     .set = S::nat},
    {.info = {208, "post_nat_dst_port", K::uint32, SCALAR(post_nat_dst_port), "",
              "Destination port after NAT (IE 228)"},
     .column = kT64,
     .from = {.sflow = "NAT port: destination"},
     .set = S::nat},
    {.info = {209, "nat_event", K::uint32, OPTIONAL(nat_event), "", "NAT event (IE 230)"}, .set = S::nat},
    {.info = {210, "firewall_event", K::uint32, OPTIONAL(firewall_event), "",
              "Firewall event (IE 233): 1 created, 2 deleted, 3 denied, 4 alert, 5 update"},
     .set = S::firewall},
    {.info = {211, "application_id", K::raw, TEXT(application_id), "",
              "Application tag as sent (IE 95, RFC 6759): engine id, then selector"},
     .set = S::application},
    {.info = {212, "application_name", K::text, TEXT(application_name), "", "Application name (IE 96)"},
     .column = kFewTexts,
     .from = {.other = "else options data by 95"},
     .set = S::application},
    {.info = {213, "user_name", K::text, TEXT(user_name), "", "User name (IE 371, Cisco 40000)"},
     .from = {.sflow = "user: source user, else destination user"},
     .set = S::application},
    {.info = {214, "in_phys_if", K::uint32, SCALAR(in_phys_if), "ifIndex",
              "Physical input interface (IE 252)"},
     .set = S::metering},
    {.info = {215, "out_phys_if", K::uint32, SCALAR(out_phys_if), "ifIndex",
              "Physical output interface (IE 253)"},
     .set = S::metering},
    {.info = {216, "customer_vlan_id", K::uint32, OPTIONAL(customer_vlan_id), "",
              "Customer VLAN of a QinQ frame (IE 245)"},
     .from = {.sflow = "VLAN tunnel: second tag", .packet = true},
     .set = S::qinq},
    {.info = {217, "post_customer_vlan_id", K::uint32, OPTIONAL(post_customer_vlan_id), "",
              "Customer VLAN after the box (IE 255)"},
     .set = S::qinq},
    {.info = {218, "vlan_priority", K::uint32, OPTIONAL(vlan_priority), "",
              "802.1p priority (IE 244, or the sampled tag)"},
     .from = {.sflow = "switch: source priority, VLAN tunnel: first tag", .packet = true},
     .set = S::qinq},
    {.info = {219, "vni", K::uint32, OPTIONAL(vni), "", "VXLAN network identifier (IE 351)"},
     .from = {.sflow = "VNI ingress, else egress", .packet = true},
     .set = S::tunnel},
    {.info = {220, "src_peer_as", K::uint32, SCALAR(src_peer_as), "",
              "AS that the packet came from (sFlow gateway record)"},
     .from = {.sflow = "gateway: source peer AS"},
     .set = S::bgp},
    {.info = {221, "next_adjacent_as", K::uint32, SCALAR(next_adjacent_as), "", "Next adjacent AS (IE 128)"},
     .set = S::bgp},
    {.info = {222, "prev_adjacent_as", K::uint32, SCALAR(prev_adjacent_as), "",
              "Previous adjacent AS (IE 129)"},
     .set = S::bgp},
    {.info = {223, "local_pref", K::uint32, OPTIONAL(local_pref), "",
              "BGP local preference (sFlow gateway record)"},
     .from = {.sflow = "gateway: local preference"},
     .set = S::bgp},
    {.info = {224, "out_if_discard_reason", K::uint32, OPTIONAL(out_if_discard_reason), "",
              "Why the packet was discarded (sFlow output interface of format 1)"},
     .from = {.sflow = "sample: output of format 1"},
     .set = S::device},
    {.info = {225, "out_if_multiple", K::uint32, OPTIONAL(out_if_multiple), "interfaces",
              "Number of output interfaces (sFlow output interface of format 2); 0 unknown"},
     .from = {.sflow = "sample: output of format 2"},
     .set = S::device},
    {.info = {226, "drop_reason", K::uint32, OPTIONAL(drop_reason), "",
              "Reason of an sFlow discarded-packet sample"},
     .from = {.sflow = "discarded packet: reason"},
     .set = S::device},
    {.info = {230, "inner_src_addr", K::address, ADDRESS(inner_src_addr), "",
              "Source address of the encapsulated packet"},
     .from = kPacket,
     .set = S::tunnel},
    {.info = {231, "inner_dst_addr", K::address, ADDRESS(inner_dst_addr), "",
              "Destination address of the encapsulated packet"},
     .from = kPacket,
     .set = S::tunnel},
    {.info = {232, "inner_proto", K::uint32, SCALAR(inner_proto), "",
              "IP protocol of the encapsulated packet"},
     .from = kPacket,
     .set = S::tunnel},
    {.info = {233, "inner_src_port", K::uint32, SCALAR(inner_src_port), "",
              "Source port of the encapsulated packet"},
     .column = kT64,
     .from = kPacket,
     .set = S::tunnel},
    {.info = {234, "inner_dst_port", K::uint32, SCALAR(inner_dst_port), "",
              "Destination port of the encapsulated packet"},
     .column = kT64,
     .from = kPacket,
     .set = S::tunnel},
    {.info = {235, "inner_etype", K::uint32, SCALAR(inner_etype), "", "Ethertype of the encapsulated packet"},
     .from = kPacket,
     .set = S::tunnel},
    {.info = {236, "inner_ip_tos", K::uint32, SCALAR(inner_ip_tos), "",
              "Type of service byte of the encapsulated packet"},
     .from = kPacket,
     .set = S::tunnel},
    {.info = {240, "sampling_rate_source", K::rate_source, IN_RECORD(sampling_rate_source), "",
              "Where sampling_rate comes from"},
     .from = everywhere("by where the rate came from")},
    {.info = {241, "in_if_name", K::text, TEXT(in_if_name), "", "Name of the input interface"},
     .column = kFewTexts,
     .from = {.sflow = "options data by input",
              .netflow5 = "options data by input",
              .other = "else options data by 10"},
     .set = S::names},
    {.info = {242, "out_if_name", K::text, TEXT(out_if_name), "", "Name of the output interface"},
     .column = kFewTexts,
     .from = {.sflow = "options data by output",
              .netflow5 = "options data by output",
              .other = "else options data by 14"},
     .set = S::names},
    {.info = {243, "in_if_description", K::text, TEXT(in_if_description), "",
              "Description of the input interface"},
     .column = kFewTexts,
     .from = {.sflow = "options data by input",
              .netflow5 = "options data by input",
              .other = "else options data by 10"},
     .set = S::names},
    {.info = {244, "out_if_description", K::text, TEXT(out_if_description), "",
              "Description of the output interface"},
     .column = kFewTexts,
     .from = {.sflow = "options data by output",
              .netflow5 = "options data by output",
              .other = "else options data by 14"},
     .set = S::names},
    {.info = {245, "ingress_vrf_name", K::text, TEXT(ingress_vrf_name), "", "Name of the input's VRF"},
     .column = kFewTexts,
     .from = {.other = "else options data by 234"},
     .set = S::vrf},
    {.info = {246, "egress_vrf_name", K::text, TEXT(egress_vrf_name), "", "Name of the output's VRF"},
     .column = kFewTexts,
     .from = {.other = "else options data by 235"},
     .set = S::vrf},
    {.info = {250, "exporter_name", K::text, ORIGIN(kExporterName), "", "Configured name of the exporter"},
     .column = kFewTexts,
     .from = everywhere("configuration"),
     .set = S::collector},
    {.info = {251, "collector_id", K::text, ORIGIN(kCollectorId), "",
              "Configured name of the collector that decoded the flow"},
     .column = kFewTexts,
     .from = everywhere("configuration"),
     .set = S::collector},
    {.info = {252, "exporter_address", K::address, ORIGIN(kExporter), "",
              "UDP source address of the datagram; absent where it is sampler_address"},
     .from = everywhere("UDP source"),
     .set = S::collector},
    {.info = {253, "original_exporter_address", K::address, ADDRESS(original_exporter_address), "",
              "Exporter that measured the flow, where a mediator sends it on (IE 130, 131, 403, 404)"},
     .set = S::metering},
    {.info = {254, "nat_port_start", K::uint32, SCALAR(nat_port_start), "",
              "First port of a block that NAT gave to a subscriber (IE 361)"},
     .column = kT64,
     .set = S::nat},
    {.info = {255, "nat_port_end", K::uint32, SCALAR(nat_port_end), "", "Last port of the block (IE 362)"},
     .column = kT64,
     .set = S::nat},
    {.info = {256, "nat_port_step", K::uint32, SCALAR(nat_port_step), "",
              "From one port of the block to the next (IE 363)"},
     .set = S::nat},
    {.info = {257, "nat_port_count", K::uint32, SCALAR(nat_port_count), "ports",
              "Number of ports in the block (IE 364)"},
     .set = S::nat},
    {.info = {258, "nat_pool_id", K::uint32, SCALAR(nat_pool_id), "", "Pool of the NAT (IE 283)"},
     .set = S::nat},
    {.info = {259, "nat_pool_name", K::text, TEXT(nat_pool_name), "", "Name of the pool (IE 284)"},
     .column = kFewTexts,
     .set = S::nat},
    {.info = {260, "wlan_ssid", K::text, TEXT(wlan_ssid), "", "Name of the wireless network (IE 147)"},
     .column = kFewTexts,
     .set = S::wlan},
    {.info = {261, "station_mac", K::mac, SCALAR(station_mac), "",
              "MAC address of the wireless station (IE 365)"},
     .set = S::wlan},
    {.info = {262, "station_address", K::address, ADDRESS(station_address), "",
              "IP address of the wireless station (IE 366)"},
     .set = S::wlan},
    {.info = {263, "access_point_mac", K::mac, SCALAR(access_point_mac), "",
              "MAC address of the wireless access point (IE 367)"},
     .set = S::wlan},
    {.info = {264, "mpls_label_type", K::uint32, SCALAR(mpls_label_type), "",
              "Who assigned the MPLS top label (IE 46): 1 TE, 2 pseudowire, 3 VPN, 4 BGP, 5 LDP"},
     .from = {.other = "else options data by 70"},
     .set = S::mpls},
    {.info = {265, "mpls_prefix_length", K::uint32, SCALAR(mpls_prefix_length), "bits",
              "Prefix length that the MPLS top label stands for (IE 91)"},
     .from = {.other = "else options data by 70"},
     .set = S::mpls},
    {.info = {266, "mpls_vpn_rd", K::raw, TEXT(mpls_vpn_rd), "",
              "Route distinguisher of the VPN as sent (IE 90): 8 bytes, see RFC 4364"},
     .from = {.other = "else options data by 70"},
     .set = S::mpls},
    {.info = {267, "flow_count", K::uint64, SCALAR(flow_count), "flows",
              "Flows that the exporter put together into this one (IE 3)"},
     .set = S::metering},
    {.info = {268, "biflow_direction", K::uint32, SCALAR(biflow_direction), "",
              "How the exporter told source from destination (IE 239): 1 initiator, 2 reverse initiator, 3 "
              "perimeter"},
     .set = S::metering},
    {.info = {269, "engine_type", K::uint32, OPTIONAL(engine_type), "",
              "Type of the switching engine (IE 38)"},
     .set = S::metering},
    {.info = {270, "engine_id", K::uint32, OPTIONAL(engine_id), "", "Switching engine (IE 39)"},
     .set = S::metering},
    {.info = {271, "ingress_acl_id", K::raw, TEXT(ingress_acl_id), "",
              "Access list at the input of a firewall, as sent (element 33000)"},
     .set = S::firewall},
    {.info = {272, "egress_acl_id", K::raw, TEXT(egress_acl_id), "",
              "Access list at the output of a firewall, as sent (element 33001)"},
     .set = S::firewall},
    {.info = {273, "firewall_event_code", K::uint32, OPTIONAL(firewall_event_code), "",
              "The firewall's own code of the event (element 33002)"},
     .set = S::firewall},
    {.info = {274, "egress_queue", K::uint32, OPTIONAL(egress_queue), "",
              "Queue that the packet left through (sFlow egress queue record)"},
     .from = {.sflow = "egress queue: queue"},
     .set = S::device},
    {.info = {275, "access_list", K::text, TEXT(acl_name), "",
              "Access list that the packet met, by its name or else its number (sFlow ACL record)"},
     .column = kFewTexts,
     .from = {.sflow = "ACL: name, else number"},
     .set = S::firewall},
    {.info = {276, "tunnel_src_addr", K::address, ADDRESS(tunnel_src_addr), "",
              "Source address of the tunnel that the packet came or left through (sFlow tunnel records)"},
     .from = {.sflow = "tunnel ingress, else egress: source"},
     .set = S::tunnel},
    {.info = {277, "tunnel_dst_addr", K::address, ADDRESS(tunnel_dst_addr), "",
              "Destination address of the tunnel"},
     .from = {.sflow = "tunnel ingress, else egress: destination"},
     .set = S::tunnel},
    {.info = {278, "http_host", K::text, TEXT(http_host), "", "Host of an HTTP request (IE 460)"},
     .from = {.sflow = "HTTP request: host, else URL: host"},
     .set = S::application},
    {.info = {279, "http_url", K::text, TEXT(http_url), "", "Target of an HTTP request (IE 461)"},
     .from = {.sflow = "HTTP request: URI, else URL: url"},
     .set = S::application},
    {.info = {280, "http_status", K::uint32, SCALAR(http_status), "", "Status of the HTTP answer (IE 457)"},
     .from = {.sflow = "HTTP request: status"},
     .set = S::application},
    {.info = {281, "function_name", K::text, TEXT(function_name), "",
              "Function of the agent that took or dropped the packet (sFlow function record)"},
     .column = kFewTexts,
     .from = {.sflow = "function: symbol"},
     .set = S::device},
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

/// What the library shows of the rows.
inline constexpr auto kFields = [] {
  std::array<FieldInfo, std::size(kRows)> fields{};
  for (std::size_t i = 0; i < fields.size(); ++i) fields[i] = kRows[i].info;
  return fields;
}();

}  // namespace field_rows

/// The number of the message field of that name. Does not compile where there is no such field.
consteval std::uint16_t field_number(std::string_view name) {
  for (const FieldInfo& field : field_rows::kFields)
    if (field.name == name) return field.number;
  throw "no message field of that name";
}

}  // namespace sluice
