#include "decode/elements.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "flow/field_rows.hpp"

namespace sluice::decode {
namespace {

using A = Action;
using U = TimeUnit;

constexpr std::uint16_t kNoField = 0;
/// The rank of elements that wait for what all others say.
constexpr std::uint8_t kBehindAll = 250;

consteval std::uint16_t field(std::string_view name) { return field_number(name); }

constexpr std::uint16_t kStart = field("time_flow_start_ns"), kEnd = field("time_flow_end_ns");

constexpr ActionInfo kActions[] = {
    {.action = A::none, .widths = Widths::none},
    {.action = A::store, .widths = Widths::of_field},
    {.action = A::vlan, .second = field("src_vlan")},
    {.action = A::direction, .counts_once = true},
    {.action = A::fragment_flags},
    {.action = A::icmp_type_code, .needs_scratch = true, .second = field("icmp_code")},
    {.action = A::mpls_label, .widths = Widths::mpls_label, .second = field("mpls_ttl")},
    {.action = A::mpls_address, .widths = Widths::of_family},
    {.action = A::segment_id},
    {.action = A::exception_code, .second = field("drop_reason")},
    {.action = A::time_start, .widths = Widths::of_unit},
    {.action = A::time_end, .widths = Widths::of_unit},
    {.action = A::time_both, .widths = Widths::of_unit, .second = kEnd},
    {.action = A::system_init_time, .needs_scratch = true, .in_options = true},
    {.action = A::ip_version, .needs_scratch = true, .runs_first = true},
    {.action = A::sampler, .says = Says::sampler, .needs_scratch = true, .in_options = true},
    {.action = A::interval_34, .says = Says::rate, .needs_scratch = true, .in_options = true},
    {.action = A::interval_50, .says = Says::rate, .needs_scratch = true, .in_options = true},
    {.action = A::interval_305, .says = Says::rate, .needs_scratch = true, .in_options = true},
    {.action = A::space_306, .says = Says::rate, .needs_scratch = true, .in_options = true},
    {.action = A::size_309, .says = Says::rate, .needs_scratch = true, .in_options = true},
    {.action = A::population_310, .says = Says::rate, .needs_scratch = true, .in_options = true},
    {.action = A::probability_311,
     .widths = Widths::real,
     .says = Says::rate,
     .needs_scratch = true,
     .in_options = true},
    {.action = A::reverse_octets, .says = Says::both_directions, .needs_scratch = true},
    {.action = A::reverse_packets, .says = Says::both_directions, .needs_scratch = true},
    {.action = A::frame_size, .needs_scratch = true},
    {.action = A::packet_ethernet,
     .widths = Widths::any,
     .says = Says::packet,
     .needs_scratch = true,
     .counts_once = true},
    {.action = A::packet_ip,
     .widths = Widths::any,
     .says = Says::packet,
     .needs_scratch = true,
     .counts_once = true},
};

constexpr bool a_row_for_each_action() {
  std::size_t row = 0;
  for (const ActionInfo& info : kActions)
    if (info.action != static_cast<Action>(row++)) return false;
  return row == static_cast<std::size_t>(Action::count);
}
static_assert(a_row_for_each_action(), "info_of() finds an action's row by its place");

// A row a line.
// clang-format off
constexpr ElementInfo kElements[] = {
    {0, 1, "octetDeltaCount", field("bytes"), A::store},
    {0, 2, "packetDeltaCount", field("packets"), A::store},
    {0, 4, "protocolIdentifier", field("proto"), A::store},
    {0, 5, "ipClassOfService", field("ip_tos"), A::store},
    {0, 6, "tcpControlBits", field("tcp_flags"), A::store},
    {0, 7, "sourceTransportPort", field("src_port"), A::store},
    {0, 8, "sourceIPv4Address", field("src_addr"), A::store, {.family = Family::ipv4}},
    {0, 9, "sourceIPv4PrefixLength", field("src_net"), A::store},
    {0, 10, "ingressInterface", field("in_if"), A::store, {.role = Role::input_interface}},
    {0, 11, "destinationTransportPort", field("dst_port"), A::store},
    {0, 12, "destinationIPv4Address", field("dst_addr"), A::store, {.family = Family::ipv4}},
    {0, 13, "destinationIPv4PrefixLength", field("dst_net"), A::store},
    {0, 14, "egressInterface", field("out_if"), A::store, {.role = Role::output_interface}},
    {0, 15, "ipNextHopIPv4Address", field("next_hop"), A::store, {.family = Family::ipv4}},
    {0, 16, "bgpSourceAsNumber", field("src_as"), A::store},
    {0, 17, "bgpDestinationAsNumber", field("dst_as"), A::store},
    {0, 18, "bgpNextHopIPv4Address", field("bgp_next_hop"), A::store, {.family = Family::ipv4}},
    {0, 21, "flowEndSysUpTime", kEnd, A::time_end, {.rank = 6, .unit = U::uptime_ms}},
    {0, 22, "flowStartSysUpTime", kStart, A::time_start, {.rank = 6, .unit = U::uptime_ms}},
    {0, 23, "postOctetDeltaCount", field("bytes"), A::store, {.rank = 1}},
    {0, 24, "postPacketDeltaCount", field("packets"), A::store, {.rank = 1}},
    {0, 27, "sourceIPv6Address", field("src_addr"), A::store, {.rank = 1, .family = Family::ipv6}},
    {0, 28, "destinationIPv6Address", field("dst_addr"), A::store, {.rank = 1, .family = Family::ipv6}},
    {0, 29, "sourceIPv6PrefixLength", field("src_net"), A::store, {.rank = 1}},
    {0, 30, "destinationIPv6PrefixLength", field("dst_net"), A::store, {.rank = 1}},
    {0, 31, "flowLabelIPv6", field("ipv6_flow_label"), A::store},
    {0, 32, "icmpTypeCodeIPv4", field("icmp_type"), A::icmp_type_code},
    {0, 34, "samplingInterval", field("sampling_rate"), A::interval_34},
    {0, 35, "samplingAlgorithm", kNoField, A::none},
    {0, 47, "mplsTopLabelIPv4Address", field("mpls_ip"), A::mpls_address, {.family = Family::ipv4}},
    {0, 48, "samplerId", kNoField, A::sampler},
    {0, 49, "samplerMode", kNoField, A::none},
    {0, 50, "samplerRandomInterval", field("sampling_rate"), A::interval_50},
    {0, 52, "minimumTTL", field("ip_ttl"), A::store},
    {0, 54, "fragmentIdentification", field("fragment_id"), A::store},
    {0, 56, "sourceMacAddress", field("src_mac"), A::store},
    {0, 57, "postDestinationMacAddress", field("dst_mac"), A::store, {.rank = 1}},
    {0, 58, "vlanId", field("vlan_id"), A::vlan},
    {0, 59, "postVlanId", field("dst_vlan"), A::store},
    {0, 60, "ipVersion", field("etype"), A::ip_version},
    {0, 61, "flowDirection", field("flow_direction"), A::direction},
    {0, 62, "ipNextHopIPv6Address", field("next_hop"), A::store, {.rank = 1, .family = Family::ipv6}},
    {0, 63, "bgpNextHopIPv6Address", field("bgp_next_hop"), A::store, {.rank = 1, .family = Family::ipv6}},
    {0, 70, "mplsTopLabelStackSection", field("mpls_label"), A::mpls_label},
    {0, 71, "mplsLabelStackSection2", field("mpls_label"), A::mpls_label, {.rank = 1}},
    {0, 72, "mplsLabelStackSection3", field("mpls_label"), A::mpls_label, {.rank = 2}},
    {0, 73, "mplsLabelStackSection4", field("mpls_label"), A::mpls_label, {.rank = 3}},
    {0, 74, "mplsLabelStackSection5", field("mpls_label"), A::mpls_label, {.rank = 4}},
    {0, 75, "mplsLabelStackSection6", field("mpls_label"), A::mpls_label, {.rank = 5}},
    {0, 76, "mplsLabelStackSection7", field("mpls_label"), A::mpls_label, {.rank = 6}},
    {0, 77, "mplsLabelStackSection8", field("mpls_label"), A::mpls_label, {.rank = 7}},
    {0, 78, "mplsLabelStackSection9", field("mpls_label"), A::mpls_label, {.rank = 8}},
    {0, 79, "mplsLabelStackSection10", field("mpls_label"), A::mpls_label, {.rank = 9}},
    {0, 80, "destinationMacAddress", field("dst_mac"), A::store},
    {0, 81, "postSourceMacAddress", field("src_mac"), A::store, {.rank = 1}},
    // Behind all others, so that the direction is known; input or output is chosen for each template.
    {0, 82, "interfaceName", field("in_if_name"), A::store, {.rank = kBehindAll, .role = Role::interface_name, .output_number = field("out_if_name")}},
    {0, 83, "interfaceDescription", field("in_if_description"), A::store, {.rank = kBehindAll, .role = Role::interface_description, .output_number = field("out_if_description")}},
    {0, 85, "octetTotalCount", field("bytes"), A::store, {.rank = 2, .only_alone = true}},
    {0, 86, "packetTotalCount", field("packets"), A::store, {.rank = 2, .only_alone = true}},
    {0, 88, "fragmentOffset", field("fragment_offset"), A::store},
    {0, 89, "forwardingStatus", field("forwarding_status"), A::store},
    {0, 94, "applicationDescription", kNoField, A::none, {.role = Role::application_description}},
    {0, 95, "applicationId", field("application_id"), A::store, {.role = Role::application}},
    {0, 96, "applicationName", field("application_name"), A::store, {.role = Role::application_name}},
    {0, 104, "layer2packetSectionData", kNoField, A::packet_ethernet},
    {0, 128, "bgpNextAdjacentAsNumber", field("next_adjacent_as"), A::store},
    {0, 129, "bgpPrevAdjacentAsNumber", field("prev_adjacent_as"), A::store},
    {0, 136, "flowEndReason", field("flow_end_reason"), A::store},
    {0, 138, "observationPointId", field("observation_point_id"), A::store},
    {0, 139, "icmpTypeCodeIPv6", field("icmp_type"), A::icmp_type_code, {.rank = 1}},
    {0, 140, "mplsTopLabelIPv6Address", field("mpls_ip"), A::mpls_address, {.rank = 1, .family = Family::ipv6}},
    {0, 148, "flowId", field("flow_id"), A::store},
    {0, 150, "flowStartSeconds", kStart, A::time_start, {.rank = 4, .unit = U::seconds}},
    {0, 151, "flowEndSeconds", kEnd, A::time_end, {.rank = 4, .unit = U::seconds}},
    {0, 152, "flowStartMilliseconds", kStart, A::time_start, {.rank = 3, .unit = U::ms}},
    {0, 153, "flowEndMilliseconds", kEnd, A::time_end, {.rank = 3, .unit = U::ms}},
    {0, 154, "flowStartMicroseconds", kStart, A::time_start, {.rank = 2, .unit = U::ntp, .wide_unit = U::seconds_and_us}},
    {0, 155, "flowEndMicroseconds", kEnd, A::time_end, {.rank = 2, .unit = U::ntp, .wide_unit = U::seconds_and_us}},
    {0, 156, "flowStartNanoseconds", kStart, A::time_start, {.rank = 1, .unit = U::ntp}},
    {0, 157, "flowEndNanoseconds", kEnd, A::time_end, {.rank = 1, .unit = U::ntp}},
    {0, 158, "flowStartDeltaMicroseconds", kStart, A::time_start, {.rank = 5, .unit = U::delta_us}},
    {0, 159, "flowEndDeltaMicroseconds", kEnd, A::time_end, {.rank = 5, .unit = U::delta_us}},
    {0, 160, "systemInitTimeMilliseconds", kNoField, A::system_init_time},
    {0, 176, "icmpTypeIPv4", field("icmp_type"), A::store},
    {0, 177, "icmpCodeIPv4", field("icmp_code"), A::store},
    {0, 178, "icmpTypeIPv6", field("icmp_type"), A::store, {.rank = 1}},
    {0, 179, "icmpCodeIPv6", field("icmp_code"), A::store, {.rank = 1}},
    {0, 192, "ipTTL", field("ip_ttl"), A::store, {.rank = 1}},
    {0, 197, "fragmentFlags", field("ip_flags"), A::fragment_flags},
    {0, 225, "postNATSourceIPv4Address", field("post_nat_src_addr"), A::store, {.family = Family::ipv4}},
    {0, 226, "postNATDestinationIPv4Address", field("post_nat_dst_addr"), A::store, {.family = Family::ipv4}},
    {0, 227, "postNAPTSourceTransportPort", field("post_nat_src_port"), A::store},
    {0, 228, "postNAPTDestinationTransportPort", field("post_nat_dst_port"), A::store},
    {0, 230, "natEvent", field("nat_event"), A::store},
    {0, 231, "initiatorOctets", field("bytes"), A::store, {.rank = 3}},
    {0, 232, "responderOctets", kNoField, A::reverse_octets},
    {0, 233, "firewallEvent", field("firewall_event"), A::store},
    {0, 234, "ingressVRFID", field("ingress_vrf_id"), A::store, {.role = Role::input_vrf}},
    {0, 235, "egressVRFID", field("egress_vrf_id"), A::store, {.role = Role::output_vrf}},
    {0, 236, "VRFname", field("ingress_vrf_name"), A::store, {.rank = kBehindAll, .role = Role::vrf_name, .output_number = field("egress_vrf_name")}},
    {0, 243, "dot1qVlanId", field("vlan_id"), A::vlan, {.rank = 1}},
    {0, 244, "dot1qPriority", field("vlan_priority"), A::store},
    {0, 245, "dot1qCustomerVlanId", field("customer_vlan_id"), A::store},
    {0, 252, "ingressPhysicalInterface", field("in_phys_if"), A::store, {.role = Role::input_interface}},
    {0, 253, "egressPhysicalInterface", field("out_phys_if"), A::store, {.role = Role::output_interface}},
    {0, 254, "postDot1qVlanId", field("dst_vlan"), A::store, {.rank = 1}},
    {0, 255, "postDot1qCustomerVlanId", field("post_customer_vlan_id"), A::store},
    {0, 256, "ethernetType", field("etype"), A::store},
    {0, 281, "postNATSourceIPv6Address", field("post_nat_src_addr"), A::store, {.rank = 1, .family = Family::ipv6}},
    {0, 282, "postNATDestinationIPv6Address", field("post_nat_dst_addr"), A::store, {.rank = 1, .family = Family::ipv6}},
    {0, 298, "initiatorPackets", field("packets"), A::store, {.rank = 3}},
    {0, 299, "responderPackets", kNoField, A::reverse_packets},
    {0, 302, "selectorId", kNoField, A::sampler, {.rank = 1}},
    {0, 304, "selectorAlgorithm", kNoField, A::none},
    {0, 305, "samplingPacketInterval", field("sampling_rate"), A::interval_305},
    {0, 306, "samplingPacketSpace", field("sampling_rate"), A::space_306},
    {0, 309, "samplingSize", field("sampling_rate"), A::size_309},
    {0, 310, "samplingPopulation", field("sampling_rate"), A::population_310},
    {0, 311, "samplingProbability", field("sampling_rate"), A::probability_311},
    {0, 312, "dataLinkFrameSize", field("bytes"), A::frame_size, {.rank = kBehindAll}},
    {0, 313, "ipHeaderPacketSection", kNoField, A::packet_ip},
    {0, 315, "dataLinkFrameSection", kNoField, A::packet_ethernet},
    {0, 322, "observationTimeSeconds", kStart, A::time_both, {.rank = 10, .unit = U::seconds}},
    {0, 323, "observationTimeMilliseconds", kStart, A::time_both, {.rank = 9, .unit = U::ms}},
    {0, 324, "observationTimeMicroseconds", kStart, A::time_both, {.rank = 8, .unit = U::ntp}},
    {0, 325, "observationTimeNanoseconds", kStart, A::time_both, {.rank = 7, .unit = U::ntp}},
    {0, 351, "layer2SegmentId", field("vni"), A::segment_id},
    {0, 352, "layer2OctetDeltaCount", field("bytes"), A::store, {.rank = 4, .only_alone = true}},
    {0, 371, "userName", field("user_name"), A::store},
    {0, 40000, "NF_F_USERNAME", field("user_name"), A::store, {.rank = 1}},
    {0, 40001, "NF_F_XLATE_SRC_ADDR_IPV4", field("post_nat_src_addr"), A::store, {.family = Family::ipv4}},
    {0, 40002, "NF_F_XLATE_DST_ADDR_IPV4", field("post_nat_dst_addr"), A::store, {.family = Family::ipv4}},
    {0, 40003, "NF_F_XLATE_SRC_PORT", field("post_nat_src_port"), A::store, {.rank = 1}},
    {0, 40004, "NF_F_XLATE_DST_PORT", field("post_nat_dst_port"), A::store, {.rank = 1}},
    {0, 40005, "NF_F_FW_EVENT", field("firewall_event"), A::store, {.rank = 1}},
    // Nokia: the services (VRFs) of a NAT and the subscriber.
    {637, 91, "aluInsideServiceId", field("ingress_vrf_id"), A::store, {.rank = 1}},
    {637, 92, "aluOutsideServiceId", field("egress_vrf_id"), A::store, {.rank = 1}},
    {637, 93, "aluNatSubString", field("user_name"), A::store, {.rank = 2}},
    // Juniper inline monitoring.
    {2636, 137, "commonPropertiesId", field("forwarding_status"), A::exception_code, {.rank = 1}},
    // VMware: the packet in a tunnel, and Open vSwitch's tunnel.
    {6876, 880, "tenantProtocol", field("inner_proto"), A::store},
    {6876, 881, "tenantSourceIPv4", field("inner_src_addr"), A::store, {.family = Family::ipv4}},
    {6876, 882, "tenantDestIPv4", field("inner_dst_addr"), A::store, {.family = Family::ipv4}},
    {6876, 883, "tenantSourceIPv6", field("inner_src_addr"), A::store, {.rank = 1, .family = Family::ipv6}},
    {6876, 884, "tenantDestIPv6", field("inner_dst_addr"), A::store, {.rank = 1, .family = Family::ipv6}},
    {6876, 886, "tenantSourcePort", field("inner_src_port"), A::store},
    {6876, 887, "tenantDestPort", field("inner_dst_port"), A::store},
    {6876, 892, "tunnelKey", field("vni"), A::store, {.rank = 1}},
    // What makes a second flow. All other elements of the way back need no row, see compile().
    {29305, 1, "reverseOctetDeltaCount", kNoField, A::reverse_octets, {.rank = 1}},
    {29305, 2, "reversePacketDeltaCount", kNoField, A::reverse_packets, {.rank = 1}},
    {29305, 23, "reversePostOctetDeltaCount", kNoField, A::reverse_octets, {.rank = 2}},
    {29305, 24, "reversePostPacketDeltaCount", kNoField, A::reverse_packets, {.rank = 2}},
    {29305, 85, "reverseOctetTotalCount", kNoField, A::reverse_octets, {.rank = 3, .only_alone = true}},
    {29305, 86, "reversePacketTotalCount", kNoField, A::reverse_packets, {.rank = 3, .only_alone = true}},
    {29305, 352, "reverseLayer2OctetDeltaCount", kNoField, A::reverse_octets, {.rank = 4, .only_alone = true}},
    {35632, 119, "L7_PROTO_NAME", field("application_name"), A::store, {.rank = 1}},
};
// clang-format on

constexpr std::pair<std::uint32_t, std::uint16_t> key_of(const ElementInfo& e) { return {e.pen, e.id}; }

static_assert(std::ranges::is_sorted(kElements, {}, key_of), "find_element() searches by bisection");

constexpr bool is_address(std::uint16_t number) {
  const auto* found = std::ranges::find(field_rows::kFields, number, &FieldInfo::number);
  return found != std::end(field_rows::kFields) &&
         (found->kind == FieldKind::address || found->kind == FieldKind::address_list);
}

static_assert(std::ranges::all_of(kElements,
                                  [](const ElementInfo& e) {
                                    return is_address(e.number) == (e.family != Family::none);
                                  }),
              "an address has a family, and nothing else has");
constexpr bool is_of_either_side(Role role) {
  return role == Role::interface_name || role == Role::interface_description || role == Role::vrf_name;
}

static_assert(std::ranges::all_of(kElements,
                                  [](const ElementInfo& e) {
                                    return is_of_either_side(e.role) == (e.output_number != kNoField);
                                  }),
              "what may name input or output has a field for each");
static_assert(std::ranges::all_of(kElements,
                                  [](const ElementInfo& e) {
                                    const ActionInfo& action = kActions[static_cast<std::size_t>(e.action)];
                                    return (action.widths == Widths::of_unit) == (e.unit != TimeUnit::absent);
                                  }),
              "a time has a unit, and nothing else has");

}  // namespace

const ActionInfo& info_of(Action action) { return kActions[static_cast<std::size_t>(action)]; }

std::span<const ElementInfo> elements() { return kElements; }

const ElementInfo* find_element(std::uint32_t pen, std::uint16_t id) {
  const std::pair wanted{pen, id};
  const auto* found = std::ranges::lower_bound(kElements, wanted, {}, key_of);
  return found != std::end(kElements) && key_of(*found) == wanted ? found : nullptr;
}

bool fills(const ElementInfo& element, std::uint16_t number) {
  return number != kNoField && (number == element.number || number == element.output_number ||
                                number == info_of(element.action).second);
}

}  // namespace sluice::decode
