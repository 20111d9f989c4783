#include "sink/postgres/columns.hpp"

#include <algorithm>

#include "flow/columns.hpp"
#include "flow/field_rows.hpp"

namespace sluice::sink::postgres {
namespace {

using T = ColumnType;

struct Usual {
  std::uint16_t number;
  ColumnType type;
};

/// What a table has where nobody chooses, the widest first, so that PostgreSQL fills no gaps between them.
constexpr Usual kUsual[] = {
    {field_number("time_received_ns"), T::time},
    {field_number("time_flow_start_ns"), T::time},
    {field_number("time_flow_end_ns"), T::time},
    {field_number("bytes"), T::int8},
    {field_number("packets"), T::int8},
    {field_number("sampling_rate"), T::int8},
    {field_number("src_as"), T::int8},
    {field_number("dst_as"), T::int8},
    {field_number("in_if"), T::int8},
    {field_number("out_if"), T::int8},
    {field_number("src_port"), T::int4},
    {field_number("dst_port"), T::int4},
    {field_number("tcp_flags"), T::int4},
    {field_number("etype"), T::int4},
    {field_number("vlan_id"), T::int4},
    {field_number("proto"), T::int2},
    {field_number("ip_tos"), T::int2},
    {field_number("icmp_type"), T::int2},
    {field_number("icmp_code"), T::int2},
    {field_number("src_net"), T::int2},
    {field_number("dst_net"), T::int2},
    {field_number("sampler_address"), T::address},
    {field_number("src_addr"), T::address},
    {field_number("dst_addr"), T::address},
    {field_number("next_hop"), T::address},
    {field_number("type"), T::text},
    {field_number("flow_direction"), T::text},
    {field_number("exporter_name"), T::text},
    {field_number("in_if_name"), T::text},
    {field_number("out_if_name"), T::text},
};

/// In the order of ColumnType.
constexpr TypeFacts kFacts[] = {
    {"smallint", 21, 0},      {"integer", 23, 0},     {"bigint", 20, 0},     {"numeric", 1700, 0},
    {"timestamptz", 1184, 0}, {"text", 25, 0},        {"bytea", 17, 0},      {"inet", 869, 0},
    {"macaddr", 829, 0},      {"bigint[]", 1016, 20}, {"inet[]", 1041, 869}, {"text[]", 1009, 25},
};

/// For a field that is none of the usual ones, what holds all of its values.
ColumnType type_for(const FieldInfo& field) {
  for (const Usual& usual : kUsual)
    if (usual.number == field.number) return usual.type;
  switch (field.kind) {
    case FieldKind::flow_type:
    case FieldKind::direction:
    case FieldKind::rate_source:
    case FieldKind::text:
      return T::text;
    case FieldKind::uint32:
      return T::int8;
    case FieldKind::uint64:
      return T::numeric;
    case FieldKind::time_ns:
      return T::time;
    case FieldKind::mac:
      return T::mac;
    case FieldKind::address:
      return T::address;
    case FieldKind::raw:
      return T::bytes;
    case FieldKind::uint32_list:
      return T::int8_list;
    case FieldKind::layer_list:
      return T::text_list;
    case FieldKind::address_list:
      return T::address_list;
  }
  return T::text;
}

Column column_of(const FieldInfo& field) { return {&field, column_name(field), type_for(field)}; }

}  // namespace

const TypeFacts& facts(ColumnType type) { return kFacts[static_cast<std::size_t>(type)]; }

const FieldInfo* field_of_column(std::string_view name) {
  for (const FieldInfo& field : flow_fields())
    if (column_name(field) == name) return &field;
  return nullptr;
}

std::vector<Column> columns_named(const std::vector<std::string>& names) {
  std::vector<Column> out;
  for (const std::string& name : names)
    if (const FieldInfo* field = field_of_column(name)) out.push_back(column_of(*field));
  if (names.empty())
    for (const Usual& usual : kUsual) out.push_back(column_of(*find_field(usual.number)));
  return out;
}

std::string quoted(std::string_view name) {
  std::string out = "\"";
  for (const char c : name) out += c == '"' ? std::string("\"\"") : std::string(1, c);
  return out + '"';
}

}  // namespace sluice::sink::postgres
