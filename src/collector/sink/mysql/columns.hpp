#pragma once
// The columns of the table that flows are written into, of which the INSERT, the check of the table and the
// SQL that makes it follow. Constant data; any thread.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sink/sql/columns.hpp"

namespace sluice::sink::mysql {

/// How a value is held by the server. Numbers have no sign.
enum class ColumnType : std::uint8_t { int8, int16, int32, int64, time, text, bytes, address, mac, list };

/// "bigint unsigned"
std::string_view sql_name(ColumnType type);

struct Column {
  sql::Source source;
  std::string_view name;
  ColumnType type;
};

/// Those that sql::chosen_sources() has of these names.
std::vector<Column> columns_named(const std::vector<std::string>& names, const UserFields* own = nullptr);

/// The server's word for a column's type without what does not matter: the width that numbers are shown with.
std::string plain_type(std::string_view told);

/// In backquotes, as an identifier; in quotes, as a text.
std::string quoted(std::string_view name);
std::string literal(std::string_view text);

}  // namespace sluice::sink::mysql
