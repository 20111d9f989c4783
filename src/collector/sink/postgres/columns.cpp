#include "sink/postgres/columns.hpp"

namespace sluice::sink::postgres {
namespace {

using T = ColumnType;

/// In the order of ColumnType.
constexpr TypeFacts kFacts[] = {
    {"smallint", 21, 0},       {"integer", 23, 0},     {"bigint", 20, 0},     {"numeric", 1700, 0},
    {"timestamptz", 1184, 0},  {"text", 25, 0},        {"bytea", 17, 0},      {"inet", 869, 0},
    {"macaddr", 829, 0},       {"bigint[]", 1016, 20}, {"inet[]", 1041, 869}, {"text[]", 1009, 25},
    {"numeric[]", 1231, 1700}, {"bytea[]", 1001, 17},
};

ColumnType list_type_for(FieldKind kind) {
  switch (kind) {
    case FieldKind::uint32:
      return T::int8_list;
    case FieldKind::uint64:
      return T::numeric_list;
    case FieldKind::address:
      return T::address_list;
    case FieldKind::raw:
      return T::bytes_list;
    default:
      return T::text_list;
  }
}

/// What holds all values of the field; of a usual one, those that are worth the room.
ColumnType type_for(const sql::Source& source) {
  if (source.list) return list_type_for(source.kind);
  if (sql::is_usual(source)) switch (sql::bits_of(source)) {
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
  switch (source.kind) {
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
    default:
      return T::text;
  }
}

}  // namespace

const TypeFacts& facts(ColumnType type) { return kFacts[static_cast<std::size_t>(type)]; }

Column column_of(const sql::Source& source) { return {source, source.column, type_for(source)}; }

std::vector<Column> columns_named(const std::vector<std::string>& names, const UserFields* own) {
  std::vector<Column> out;
  for (const sql::Source& source : sql::chosen_sources(names, own)) out.push_back(column_of(source));
  return out;
}

std::string quoted(std::string_view name) {
  std::string out = "\"";
  for (const char c : name) out += c == '"' ? std::string("\"\"") : std::string(1, c);
  return out + '"';
}

}  // namespace sluice::sink::postgres
