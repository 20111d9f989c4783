#pragma once
// The table of information elements: for each (enterprise number, id) its name, the message field it fills
// and how. NetFlow v9 field types are the elements of enterprise 0 (RFC 7012 keeps their numbers). Decoding
// plans, `sluice schema fields` and the tests come from it; a new element is a new row. What is done with a
// value is an Action, with a row of its own. Constant data; any thread.
#include <cstdint>
#include <span>
#include <string_view>

#include "decode/times.hpp"

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
  time_start,      ///< of the element's unit, as the other two
  time_end,
  time_both,         ///< start and end are the same moment
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
  chosen,           ///< IE 307, 396, 398: how much of each period is sampled
  passed_over,      ///< IE 308, 397, 399: how much of each period is not
  hash_output_min,  ///< IE 329-332: of all hash values, those that select
  hash_output_max,
  hash_selected_min,
  hash_selected_max,
  duration_ms,  ///< IE 161, 162: makes a start of an end, and an end of a start
  duration_us,
  community,  ///< IE 483, 485: BGP communities, one or a list of RFC 6313
  community_list,
  segment,             ///< IE 494, 495: an IPv6 segment
  segments,            ///< IE 497: segments one after the other
  segment_basic_list,  ///< IE 496: segments in a list of RFC 6313
  segment_header,      ///< IE 499: the segment routing header itself
  reverse_octets,  ///< IE 232 and RFC 5103's reverse of 1 and 85: makes a second flow where it is above zero
  reverse_packets,
  frame_size,       ///< IE 312: length of the frame whose start is in IE 315
  packet_ethernet,  ///< IE 315, 104: start of an Ethernet frame
  packet_ip,        ///< IE 313: start of an IP packet
  count
};

/// How many bytes a value may have for an action.
enum class Widths : std::uint8_t {
  none,        ///< the value is read over
  of_field,    ///< as the message field's kind wants it
  of_unit,     ///< as the element's unit of time wants it
  of_family,   ///< an address
  integer,     ///< 1 to 8, or variable
  mpls_label,  ///< 3, or 4 with the TTL
  real,        ///< 4 or 8, IEEE 754
  any
};

/// What a plan has to know of a record in which an action occurs.
enum class Says : std::uint8_t { nothing, rate, sampler, packet, both_directions };

/// What an action is, but for the code that does it (`run_scratch()` in template/steps.cpp).
struct ActionInfo {
  Action action;
  Widths widths = Widths::integer;
  Says says = Says::nothing;
  bool needs_scratch = false;  ///< leaves something in the Scratch of its record
  bool in_options = false;     ///< options data is read for it too
  bool counts_once = false;    ///< of an element sent twice the second has nothing to add
  bool runs_first = false;     ///< other actions ask what it found
  std::uint16_t second = 0;    ///< message field that it fills beside the element's own; 0: none
};

const ActionInfo& info_of(Action action);

enum class Family : std::uint8_t { none, ipv4, ipv6 };

/// What options data and the choice between input and output go by: elements that number something, and
/// those that name it.
enum class Role : std::uint8_t {
  none,
  input_interface,
  output_interface,
  input_vrf,
  output_vrf,
  application,
  interface_name,
  interface_description,
  vrf_name,
  application_name,
  application_description,
  label,
  label_type,
  label_address,
  label_prefix_length,
  label_rd
};

/// What few elements need.
struct ElementRules {
  /// Order among elements that fill the same field: lower first; a later one counts where the earlier is
  /// zero.
  std::uint8_t rank = 0;
  /// Counts only in a template that holds no better element for the field: a total is no stand-in for a delta
  /// of 0, nor is a layer 2 count for a layer 3 one.
  bool only_alone = false;
  Family family = Family::none;           ///< of an address
  TimeUnit unit = TimeUnit::absent;       ///< of a time
  TimeUnit wide_unit = TimeUnit::absent;  ///< where it comes in 16 bytes
  /// A part of the field's bits: the value is moved up by as many.
  std::uint8_t shift = 0;
  Role role = Role::none;
  /// Message field that it fills beside its own where no other element of the template does.
  std::uint16_t stands_in_for = 0;
  std::uint16_t output_number = 0;  ///< names: message field where it is the output that is named
  /// Of an element that fills no field by itself: where its value goes, or why nothing is done with it. For
  /// operators.
  std::string_view because = {};
};

struct ElementInfo : ElementRules {
  constexpr ElementInfo(std::uint32_t enterprise, std::uint16_t element, std::string_view element_name,
                        std::uint16_t field, Action what, const ElementRules& rules = {})
      : ElementRules(rules), pen(enterprise), id(element), name(element_name), number(field), action(what) {}

  std::uint32_t pen;
  std::uint16_t id;
  std::string_view name;  ///< IANA's, or the vendor's
  std::uint16_t number;   ///< message field that it fills, 0 where it fills none by itself
  Action action;
};

/// All elements, ordered by (pen, id).
std::span<const ElementInfo> elements();
/// RFC 5103 section 6.1: an element of this enterprise is IANA's of the same number, of the way back.
inline constexpr std::uint32_t kReverseEnterprise = 29305;
/// nullptr where unknown.
const ElementInfo* find_element(std::uint32_t pen, std::uint16_t id);
/// Whether a value of the element may go to this message field, be it the second of two.
bool fills(const ElementInfo& element, std::uint16_t number);

}  // namespace sluice::decode
