#include "sink/postgres/columns.hpp"

#include "flow/columns.hpp"
#include "sink/sql/columns.hpp"

namespace sluice::sink::postgres {
namespace {

using T = ColumnType;

/// In the order of ColumnType.
constexpr TypeFacts kFacts[] = {
    {"smallint", 21, 0},      {"integer", 23, 0},     {"bigint", 20, 0},     {"numeric", 1700, 0},
    {"timestamptz", 1184, 0}, {"text", 25, 0},        {"bytea", 17, 0},      {"inet", 869, 0},
    {"macaddr", 829, 0},      {"bigint[]", 1016, 20}, {"inet[]", 1041, 869}, {"text[]", 1009, 25},
};

/// What holds all values of the field; of a usual one, those that are worth the room.
ColumnType type_for(const FieldInfo& field) {
  if (sql::is_usual(field)) switch (sql::bits_of(field)) {
      case 8:
        return T::int2;
      case 16:
        return T::int4;
      case 32:
      case 64:
        return T::int8;
      default:
        break;
    }
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

}  // namespace

const TypeFacts& facts(ColumnType type) { return kFacts[static_cast<std::size_t>(type)]; }

Column column_of(const FieldInfo& field) { return {&field, column_name(field), type_for(field)}; }

std::vector<Column> columns_named(const std::vector<std::string>& names) {
  std::vector<Column> out;
  for (const FieldInfo* field : sql::chosen_fields(names)) out.push_back(column_of(*field));
  return out;
}

std::string quoted(std::string_view name) {
  std::string out = "\"";
  for (const char c : name) out += c == '"' ? std::string("\"\"") : std::string(1, c);
  return out + '"';
}

}  // namespace sluice::sink::postgres
