#pragma once
// The table of information elements: for each (enterprise number, id) its name, the message field it fills
// and how. NetFlow v9 field types are the elements of enterprise 0 (RFC 7012 keeps their numbers). Decoding
// plans, `sluice schema fields` and the tests come from it; a new element is a new row. Constant data; any
// thread.
#include <cstdint>
#include <span>
#include <string_view>

namespace sluice::decode {

/// What is done with an element's value.
enum class Action : std::uint8_t {
  none,            ///< known, but fills no field by itself
  store,           ///< into the field as its kind says: integer, address, text, raw
  vlan,            ///< vlan_id and src_vlan
  direction,       ///< IE 61: 0 ingress, 1 egress, else unknown
  fragment_flags,  ///< IE 197: the three flag bits are the highest of the byte
  icmp_type_code,  ///< type in the high byte, code in the low one
  mpls_label,      ///< 3 bytes: label, experimental bits, bottom of stack (IE 70 and on)
  mpls_address,    ///< appended to mpls_ip
  segment_id,      ///< IE 351: type in the high byte, identifier below
  exception_code,  ///< Juniper's common properties: why a packet was dropped, into 24 and 226
  time_start,
  time_end,
  time_both,         ///< unit by element, see time_unit()
  system_init_time,  ///< IE 160, milliseconds of Unix time at which sysUpTime was 0
  ip_version,        ///< IE 60
  sampler,           ///< IE 48, 302: which sampler took the packets
  interval_34,
  interval_50,
  interval_305,
  space_306,
  size_309,
  population_310,
  probability_311,
  reverse_octets,  ///< IE 232 and RFC 5103's reverse of 1 and 85: makes a second flow where it is above zero
  reverse_packets,
  reverse_tos,
  reverse_tcp_flags,
  frame_size,       ///< IE 312: length of the frame whose start is in IE 315
  packet_ethernet,  ///< IE 315, 104: start of an Ethernet frame
  packet_ip         ///< IE 313: start of an IP packet
};

struct ElementInfo {
  std::uint32_t pen;
  std::uint16_t id;
  std::string_view name;  ///< IANA's, or the vendor's
  std::uint16_t number;   ///< message field that it fills, 0 where it fills none by itself
  Action action;
  /// Order among elements that fill the same field: lower first; a later one counts where the earlier is
  /// zero.
  std::uint8_t rank = 0;
  /// Counts only in a template that holds no better element for the field: a total is no stand-in for a delta
  /// of 0, nor is a layer 2 count for a layer 3 one.
  bool only_alone = false;
};

/// All elements, ordered by (pen, id).
std::span<const ElementInfo> elements();
/// nullptr where unknown.
const ElementInfo* find_element(std::uint32_t pen, std::uint16_t id);

}  // namespace sluice::decode
