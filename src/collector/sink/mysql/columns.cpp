#include "sink/mysql/columns.hpp"

#include <array>

namespace sluice::sink::mysql {
namespace {

using T = ColumnType;

/// In the order of ColumnType.
constexpr std::array<std::string_view, 10> kNames{
    "tinyint unsigned", "smallint unsigned", "int unsigned", "bigint unsigned",
    "datetime(6)",      "varchar(255)",      "blob",         "varbinary(16)",
    "binary(6)",        "mediumtext",
};

ColumnType type_for(const sql::Source& source) {
  if (source.list) return T::list;
  switch (sql::bits_of(source)) {
    case 8:
      return T::int8;
    case 16:
      return T::int16;
    case 32:
      return T::int32;
    case 64:
      return T::int64;
    default:
      break;
  }
  switch (source.kind) {
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

std::string_view sql_name(ColumnType type) { return kNames[static_cast<std::size_t>(type)]; }

std::vector<Column> columns_named(const std::vector<std::string>& names, const UserFields* own) {
  std::vector<Column> out;
  for (const sql::Source& source : sql::chosen_sources(names, own))
    out.push_back({source, source.column, type_for(source)});
  return out;
}

std::string plain_type(std::string_view told) {
  const auto open = told.find('('), close = told.find(')');
  if (open == std::string_view::npos || close == std::string_view::npos ||
      !told.substr(0, open).ends_with("int"))
    return std::string(told);
  return std::string(told.substr(0, open)).append(told.substr(close + 1));
}

std::string quoted(std::string_view name) {
  std::string out = "`";
  for (const char c : name) out += c == '`' ? std::string("``") : std::string(1, c);
  return out + '`';
}

std::string literal(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'' || c == '\\') out += c;
    out += c;
  }
  return out + "'";
}

}  // namespace sluice::sink::mysql
