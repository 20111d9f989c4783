#pragma once
// Which fields of a flow have a column in a table of an SQL database: the same in each, but for the types.
// Constant data; any thread.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/flow/fields.hpp"

namespace sluice::sink::sql {

/// The column that every table has: its partitions go by it.
inline constexpr std::string_view kTimeColumn = "time_received";

/// nullptr where no field has this column.
const FieldInfo* field_of_column(std::string_view name);
/// The fields of the columns of these names, in this order; the usual ones where there are none. A name that
/// is no column is left out.
std::vector<const FieldInfo*> chosen_fields(const std::vector<std::string>& names);

/// How many bits a number takes: 8, 16, 32 or 64; 0 where the field is no number.
unsigned bits_of(const FieldInfo& field);
/// It is one of the usual columns.
bool is_usual(const FieldInfo& field);

/// The field's meaning with its unit, as the comment of its column.
std::string meaning_of(const FieldInfo& field);
/// The name that an enumeration of this kind has for the value; OTHER where it has none.
std::string_view name_in(FieldKind kind, std::uint64_t value);

}  // namespace sluice::sink::sql
