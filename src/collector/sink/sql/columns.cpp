#include "sink/sql/columns.hpp"

#include "flow/columns.hpp"
#include "flow/enumerations.hpp"
#include "flow/field_rows.hpp"

namespace sluice::sink::sql {
namespace {

struct Usual {
  std::uint16_t number;
  unsigned bits;
};

/// What a table has where nobody chooses, the widest first, so that PostgreSQL fills no gaps between them.
constexpr Usual kUsual[] = {
    {field_number("time_received_ns"), 0}, {field_number("time_flow_start_ns"), 0},
    {field_number("time_flow_end_ns"), 0}, {field_number("bytes"), 64},
    {field_number("packets"), 64},         {field_number("sampling_rate"), 64},
    {field_number("src_as"), 32},          {field_number("dst_as"), 32},
    {field_number("in_if"), 32},           {field_number("out_if"), 32},
    {field_number("src_port"), 16},        {field_number("dst_port"), 16},
    {field_number("tcp_flags"), 16},       {field_number("etype"), 16},
    {field_number("vlan_id"), 16},         {field_number("proto"), 8},
    {field_number("ip_tos"), 8},           {field_number("icmp_type"), 8},
    {field_number("icmp_code"), 8},        {field_number("src_net"), 8},
    {field_number("dst_net"), 8},          {field_number("sampler_address"), 0},
    {field_number("src_addr"), 0},         {field_number("dst_addr"), 0},
    {field_number("next_hop"), 0},         {field_number("type"), 0},
    {field_number("flow_direction"), 0},   {field_number("exporter_name"), 0},
    {field_number("in_if_name"), 0},       {field_number("out_if_name"), 0},
};

const Usual* usual(const FieldInfo& field) {
  for (const Usual& one : kUsual)
    if (one.number == field.number) return &one;
  return nullptr;
}

}  // namespace

const FieldInfo* field_of_column(std::string_view name) {
  for (const FieldInfo& field : flow_fields())
    if (column_name(field) == name) return &field;
  return nullptr;
}

std::vector<const FieldInfo*> chosen_fields(const std::vector<std::string>& names) {
  std::vector<const FieldInfo*> out;
  for (const std::string& name : names)
    if (const FieldInfo* field = field_of_column(name)) out.push_back(field);
  if (names.empty())
    for (const Usual& one : kUsual) out.push_back(find_field(one.number));
  return out;
}

unsigned bits_of(const FieldInfo& field) {
  if (const Usual* one = usual(field)) return one->bits;
  return field.kind == FieldKind::uint32 ? 32 : field.kind == FieldKind::uint64 ? 64 : 0;
}

bool is_usual(const FieldInfo& field) { return usual(field) != nullptr; }

std::string meaning_of(const FieldInfo& field) {
  std::string out(field.meaning);
  if (!field.unit.empty() && field.kind != FieldKind::time_ns)
    out.append(" (").append(field.unit).append(")");
  return out;
}

std::string_view name_in(FieldKind kind, std::uint64_t value) {
  if (const Enumeration* enumeration = enumeration_of(kind))
    for (const Enumerator& one : enumeration->values)
      if (one.value == value) return one.name;
  return "OTHER";
}

}  // namespace sluice::sink::sql
