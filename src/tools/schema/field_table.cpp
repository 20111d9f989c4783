#include "schema/field_table.hpp"

#include <algorithm>
#include <string_view>
#include <tuple>
#include <vector>

#include "decode/elements.hpp"
#include "flow/field_rows.hpp"
#include "sluice/encode/schema.hpp"

namespace sluice::schema {
namespace {

using decode::ElementInfo;

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
  for (const auto& [field, column, from, set] : field_rows::kRows) {
    const std::string type = encode::proto_type(field);
    const std::string sflow = joined(from.packet ? "packet" : "", from.sflow, "; else ");
    const std::string elements = with_elements(from.other, elements_of(field.number, from.packet));
    out += "| " + std::string(field.name) + " | " + std::to_string(field.number) + " | ";
    for (const std::string_view cell : {std::string_view(type), field.unit, field.meaning,
                                        std::string_view(sflow), from.netflow5, std::string_view(elements)}) {
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

std::string element_table() {
  std::string out = "| Element | Name | Goes to |\n| --- | --- | --- |\n";
  for (const ElementInfo& element : decode::elements()) {
    out += "| " + (element.pen ? std::to_string(element.pen) + ":" : std::string()) +
           std::to_string(element.id) + " | " + std::string(element.name) + " | ";
    std::string_view between;
    for (const auto& [field, column, from, set] : field_rows::kRows) {
      if (!decode::fills(element, field.number)) continue;
      out += std::string(between) + std::string(field.name);
      between = ", ";
    }
    out += std::string(element.because) + " |\n";
  }
  return out;
}

}  // namespace sluice::schema
