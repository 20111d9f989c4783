#include "cli/field_table.hpp"

#include <algorithm>
#include <string_view>
#include <tuple>
#include <vector>

#include "decode/elements.hpp"
#include "sluice/encode/schema.hpp"
#include "sluice/flow/fields.hpp"

namespace sluice::cli {
namespace {

using decode::ElementInfo;

/// What no table of elements says: the fixed layouts of sFlow and NetFlow v5, and what the collector knows
/// itself. `packet`: read from the headers of a sampled packet, whatever protocol brought it.
struct Origins {
  std::uint16_t number;
  std::string_view sflow;
  std::string_view netflow5;
  std::string_view other;  ///< of NetFlow v9 and IPFIX, before the elements
  bool packet = false;
};

constexpr Origins kOrigins[] = {
    {1, "always", "always", "always"},
    {3, "sample: sampling_rate", "header: sampling", "options data by sampler"},
    {4, "header: sequence number", "header: flow_sequence", "header: sequence number"},
    {6, "sampled IPv4, IPv6", "srcaddr", "", true},
    {7, "sampled IPv4, IPv6", "dstaddr", "", true},
    {9, "frame_length; else length of sampled Ethernet, IPv4, IPv6", "dOctets", ""},
    {10, "1", "dPkts", ""},
    {11, "header: agent address", "UDP source", "UDP source"},
    {12, "router: next hop, else MPLS: next hop", "nexthop", ""},
    {13, "gateway: first AS of the path", "", ""},
    {14, "gateway: source AS, else own AS", "src_as", ""},
    {15, "gateway: last AS of the path, else own AS", "dst_as", ""},
    {16, "router: source mask", "src_mask", ""},
    {17, "router: destination mask", "dst_mask", ""},
    {18, "sample: input", "input", ""},
    {19, "sample: output", "output", ""},
    {20, "sampled IPv4, IPv6", "prot", "", true},
    {21, "sampled IPv4, IPv6", "srcport", "", true},
    {22, "sampled IPv4, IPv6", "dstport", "", true},
    {23, "sampled IPv4, IPv6", "tos", "", true},
    {24, "discarded packet: reason; output of format 1", "", ""},
    {25, "", "", "", true},
    {26, "sampled IPv4, IPv6", "tcp_flags", "", true},
    {27, "sampled Ethernet", "", "", true},
    {28, "sampled Ethernet", "", "", true},
    {29, "VLAN tunnel: first tag", "", "", true},
    {30, "sampled Ethernet, IPv4, IPv6", "0x0800", "else by the address", true},
    {31, "", "dstport of ICMP, high byte", "else 11 of ICMP, high byte", true},
    {32, "", "dstport of ICMP, low byte", "else 11 of ICMP, low byte", true},
    {33, "switch: source VLAN", "", ""},
    {34, "switch: destination VLAN", "", ""},
    {35, "", "", "", true},
    {36, "", "", "", true},
    {37, "", "", "", true},
    {38, "", "", "", true},
    {70, "", "", "header: source id, observation domain"},
    {80, "MPLS: labels in, else out", "", "", true},
    {81, "MPLS: labels in, else out", "", "", true},
    {100, "gateway: next hop", "", ""},
    {101, "gateway: communities", "", ""},
    {102, "gateway: AS path", "", ""},
    {103, "", "", "", true},
    {104, "", "", "", true},
    {105, "", "", "", true},
    {106, "", "", "", true},
    {110, "clock of the collector", "clock of the collector", "clock of the collector"},
    {111, "time of receipt", "First", "else export time"},
    {112, "time of receipt", "Last", "else export time"},
    {205, "NAT: source address", "", ""},
    {206, "NAT: destination address", "", ""},
    {207, "NAT port: source", "", ""},
    {208, "NAT port: destination", "", ""},
    {212, "", "", "else options data by 95"},
    {213, "user: source user, else destination user", "", ""},
    {216, "VLAN tunnel: second tag", "", "", true},
    {218, "switch: source priority, VLAN tunnel: first tag", "", "", true},
    {219, "VNI ingress, else egress", "", "", true},
    {220, "gateway: source peer AS", "", ""},
    {223, "gateway: local preference", "", ""},
    {224, "sample: output of format 1", "", ""},
    {225, "sample: output of format 2", "", ""},
    {226, "discarded packet: reason", "", ""},
    {230, "", "", "", true},
    {231, "", "", "", true},
    {232, "", "", "", true},
    {233, "", "", "", true},
    {234, "", "", "", true},
    {235, "", "", "", true},
    {240, "by where the rate came from", "by where the rate came from", "by where the rate came from"},
    {241, "options data by input", "options data by input", "else options data by 10"},
    {242, "options data by output", "options data by output", "else options data by 14"},
    {243, "options data by input", "options data by input", "else options data by 10"},
    {244, "options data by output", "options data by output", "else options data by 14"},
    {245, "", "", "else options data by 234"},
    {246, "", "", "else options data by 235"},
    {250, "configuration", "configuration", "configuration"},
    {251, "configuration", "configuration", "configuration"},
    {252, "UDP source", "UDP source", "UDP source"},
};

const Origins& origins_of(std::uint16_t number) {
  static constexpr Origins kNone{};
  const auto* found = std::ranges::find(kOrigins, number, &Origins::number);
  return found == std::end(kOrigins) ? kNone : *found;
}

bool is_packet(const ElementInfo& element) {
  return decode::info_of(element.action).says == decode::Says::packet;
}

std::string name_of(const ElementInfo& element) {
  const std::string id = std::to_string(element.id);
  return std::string(element.name) + " (" + (element.pen ? std::to_string(element.pen) + ":" : "") + id + ")";
}

std::string elements_of(std::uint16_t number, bool packet) {
  std::vector<const ElementInfo*> found;
  for (const auto& element : decode::elements())
    if (decode::fills(element, number)) found.push_back(&element);
  // Within a rank the order of the table.
  std::ranges::sort(found, {}, [](const ElementInfo* e) { return std::tuple(e->rank, e); });
  if (packet)
    for (const auto& element : decode::elements())
      if (is_packet(element)) found.push_back(&element);
  std::string out;
  for (const auto* element : found)
    out += (out.empty() ? "" : ", ") + name_of(*element) + (is_packet(*element) ? " packet" : "") +
           (element->only_alone ? " alone" : "");
  return out;
}

std::string_view type_name(const FieldInfo& field) {
  switch (field.kind) {
    case FieldKind::flow_type:
      return "FlowType";
    case FieldKind::direction:
      return "FlowDirection";
    case FieldKind::rate_source:
      return "SamplingRateSource";
    case FieldKind::uint32:
      return field.optional ? "optional uint32" : "uint32";
    case FieldKind::uint64:
    case FieldKind::time_ns:
    case FieldKind::mac:
      return field.optional ? "optional uint64" : "uint64";
    case FieldKind::address:
    case FieldKind::raw:
      return "bytes";
    case FieldKind::text:
      return "string";
    case FieldKind::uint32_list:
      return "repeated uint32";
    case FieldKind::layer_list:
      return "repeated LayerStack";
    case FieldKind::address_list:
      return "repeated bytes";
  }
  return "";
}

std::string joined(std::string_view a, std::string_view b, std::string_view between) {
  std::string out(a);
  if (!a.empty() && !b.empty()) out += between;
  out += b;
  return out;
}

/// The elements with what goes before them, or after them where that begins with "else".
std::string with_elements(std::string_view other, std::string_view elements) {
  return other.starts_with("else") ? joined(elements, other, ", ") : joined(other, elements, "; ");
}

std::string user_row(const UserField& field) {
  UserField packet = field;
  packet.elements.clear();
  std::string out =
      "| " + field.name + " | " + std::to_string(field.number) + " | " + encode::proto_type(field) + " | | ";
  out += "User-defined | ";
  for (const std::string& cell : {encode::source_text(packet), std::string(), encode::source_text(field)})
    out += cell + (cell.empty() ? "| " : " | ");
  out.back() = '\n';
  return out;
}

}  // namespace

std::string field_table(const std::vector<UserField>& user_fields) {
  std::string out =
      "| Field | Number | Type | Unit | Meaning | sFlow v5 | NetFlow v5 | NetFlow v9 and IPFIX |\n"
      "| --- | --- | --- | --- | --- | --- | --- | --- |\n";
  for (const auto& field : flow_fields()) {
    const Origins& from = origins_of(field.number);
    const std::string sflow = joined(from.packet ? "packet" : "", from.sflow, "; else ");
    const std::string elements = with_elements(from.other, elements_of(field.number, from.packet));
    out += "| " + std::string(field.name) + " | " + std::to_string(field.number) + " | ";
    for (const std::string_view cell : {type_name(field), field.unit, field.meaning, std::string_view(sflow),
                                        from.netflow5, std::string_view(elements)}) {
      out += cell;
      out += cell.empty() ? "| " : " | ";
    }
    out.back() = '\n';
  }
  for (const UserField& field : user_fields) out += user_row(field);
  out +=
      "\nElements stand in order of preference, with their number (enterprise:number where a vendor defined "
      "them);\n"
      "\"alone\" counts only in a template without a better one; \"packet\" is the header of a packet that "
      "the exporter\n"
      "sampled, parsed from Ethernet or IP upwards. sFlow names are the record's and the member's.\n";
  return out;
}

}  // namespace sluice::cli
