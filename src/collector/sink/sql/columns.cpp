#include "sink/sql/columns.hpp"

#include <algorithm>

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

const Usual* usual(std::uint32_t number) {
  for (const Usual& one : kUsual)
    if (one.number == number) return &one;
  return nullptr;
}

/// Of a list's elements; of others their own.
FieldKind element_kind(FieldKind kind) {
  if (kind == FieldKind::uint32_list) return FieldKind::uint32;
  if (kind == FieldKind::address_list) return FieldKind::address;
  return kind;
}

}  // namespace

Source source_of(const FieldInfo& field) {
  const bool list = field.kind == FieldKind::uint32_list || field.kind == FieldKind::layer_list ||
                    field.kind == FieldKind::address_list;
  return {field.number, field.name, column_name(field), element_kind(field.kind), list, field.optional};
}

Source source_of(const UserField& field) {
  constexpr FieldKind kKinds[] = {FieldKind::uint64, FieldKind::text, FieldKind::raw, FieldKind::address};
  static_assert(static_cast<int>(UserType::uint) == 0 && static_cast<int>(UserType::string) == 1 &&
                static_cast<int>(UserType::bytes) == 2 && static_cast<int>(UserType::address) == 3);
  return {field.number, field.name,
          field.name,   kKinds[static_cast<std::size_t>(field.type)],
          field.list,   field.type == UserType::uint && !field.list};
}

const FieldInfo* field_of_column(std::string_view name) {
  for (const FieldInfo& field : flow_fields())
    if (column_name(field) == name) return &field;
  return nullptr;
}

std::vector<Source> chosen_sources(const std::vector<std::string>& names, const UserFields* own) {
  std::vector<Source> out;
  for (const std::string& name : names)
    if (const FieldInfo* field = field_of_column(name))
      out.push_back(source_of(*field));
    else if (const UserField* of_own = own == nullptr ? nullptr : own->find(name))
      out.push_back(source_of(*of_own));
  if (names.empty())
    for (const Usual& one : kUsual) out.push_back(source_of(*find_field(one.number)));
  return out;
}

unsigned bits_of(const Source& source) {
  if (const Usual* one = usual(source.number)) return one->bits;
  return source.kind == FieldKind::uint32 ? 32 : source.kind == FieldKind::uint64 ? 64 : 0;
}

bool is_usual(const Source& source) { return usual(source.number) != nullptr; }

std::string meaning_of(const Source& source) {
  if (source.number >= kFirstUserNumber) return "A field of your own";
  const FieldInfo& field = *find_field(static_cast<std::uint16_t>(source.number));
  std::string out(field.meaning);
  if (!field.unit.empty() && field.kind != FieldKind::time_ns)
    out.append(" (").append(field.unit).append(")");
  return out;
}

ValueNames::ValueNames(FieldKind kind) {
  const Enumeration* const enumeration = enumeration_of(kind);
  if (enumeration == nullptr) return;
  for (const Enumerator& one : enumeration->values) {
    if (names_.size() <= one.value) names_.resize(one.value + 1U);
    names_[one.value] = one.name;
    longest_ = std::max(longest_, one.name.size());
  }
}

}  // namespace sluice::sink::sql
