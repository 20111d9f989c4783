#pragma once
// The columns of the table that flows are written into, of which the COPY, the check of the table and the SQL
// that makes it follow. Constant data; any thread.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sink/sql/columns.hpp"

namespace sluice::sink::postgres {

/// How a value is held by PostgreSQL.
enum class ColumnType : std::uint8_t {
  int2,
  int4,
  int8,
  numeric,
  time,
  text,
  bytes,
  address,
  mac,
  int8_list,
  address_list,
  text_list,
  numeric_list,
  bytes_list
};

struct TypeFacts {
  std::string_view name;  ///< "bigint"
  std::uint32_t oid;      ///< of pg_type, the same in every server
  std::uint32_t element;  ///< that of a list's elements; 0: it is no list
};
const TypeFacts& facts(ColumnType type);

struct Column {
  sql::Source source;
  std::string_view name;
  ColumnType type;
};

Column column_of(const sql::Source& source);
/// Those that sql::chosen_sources() has of these names.
std::vector<Column> columns_named(const std::vector<std::string>& names, const UserFields* own = nullptr);

/// In double quotes, as an identifier of SQL.
std::string quoted(std::string_view name);

}  // namespace sluice::sink::postgres
