#include "schema/columns.hpp"

#include "flow/columns.hpp"
#include "flow/enumerations.hpp"
#include "flow/field_rows.hpp"
#include "sluice/encode/schema.hpp"

namespace sluice::schema {
namespace {

using field_rows::FieldRow;

std::string wrapped(const std::string& outer, const std::string& type) { return outer + "(" + type + ")"; }

/// What a value is called that the table does not know.
constexpr std::string_view kOther = "'OTHER' = -1";

std::string enum_type(const Enumeration& enumeration) {
  std::string values;
  for (const Enumerator& value : enumeration.values)
    values += sql_literal(value.name) + " = " + std::to_string(value.value) + ", ";
  return wrapped("Enum8", values + std::string(kOther));
}

/// "x BETWEEN 0 AND 13 OR x = 99": is it one of the enumeration's values?
std::string is_known(const std::string& x, const Enumeration& enumeration) {
  std::string out;
  const auto& values = enumeration.values;
  for (std::size_t first = 0, last = 0; first < values.size(); first = ++last) {
    while (last + 1 < values.size() && values[last + 1].value == values[last].value + 1) ++last;
    const std::string low = std::to_string(values[first].value);
    const std::string high = std::to_string(values[last].value);
    out +=
        (out.empty() ? "" : " OR ") + x + (first == last ? " = " + low : " BETWEEN " + low + " AND " + high);
  }
  return out;
}

std::string enum_value(const std::string& x, const Enumeration& enumeration) {
  return "CAST(if(" + is_known(x, enumeration) + ", " + x + ", -1) AS " + enum_type(enumeration) + ")";
}

/// NULL stays NULL.
std::string nullable_enum_value(const std::string& x, const Enumeration& enumeration) {
  return "CAST(if(" + x + " IS NULL OR " + is_known(x, enumeration) + ", " + x + ", -1) AS " +
         wrapped("Nullable", enum_type(enumeration)) + ")";
}

std::string consumed_type(const FieldInfo& field) {
  switch (field.kind) {
    case FieldKind::flow_type:
    case FieldKind::direction:
    case FieldKind::rate_source:
      return "Int32";
    case FieldKind::uint32:
      return "UInt32";
    case FieldKind::uint64:
    case FieldKind::time_ns:
    case FieldKind::mac:
      return "UInt64";
    case FieldKind::address:
    case FieldKind::raw:
    case FieldKind::text:
      return "String";
    case FieldKind::uint32_list:
      return "Array(UInt32)";
    case FieldKind::layer_list:
      return "Array(Int32)";
    case FieldKind::address_list:
      return "Array(String)";
  }
  return "";
}

/// Of a column in a record of format native, which has addresses as flows_raw has them.
std::string native_type(const FieldInfo& field) {
  switch (field.kind) {
    case FieldKind::flow_type:
    case FieldKind::direction:
    case FieldKind::rate_source:
      return "Int8";
    case FieldKind::address:
      return "IPv6";
    case FieldKind::layer_list:
      return "Array(Int8)";
    case FieldKind::address_list:
      return "Array(IPv6)";
    default:
      return consumed_type(field);
  }
}

std::string stored_type(const FieldRow& row) {
  switch (row.info.kind) {
    case FieldKind::flow_type:
    case FieldKind::direction:
    case FieldKind::rate_source:
      return enum_type(*enumeration_of(row.info.kind));
    case FieldKind::time_ns:
      return "DateTime64(9, 'UTC')";
    case FieldKind::address:
      return "IPv6";
    case FieldKind::text:
      return row.column.few_values ? "LowCardinality(String)" : "String";
    case FieldKind::layer_list:
      return wrapped("Array", enum_type(*enumeration_of(row.info.kind)));
    case FieldKind::address_list:
      return "Array(IPv6)";
    default:
      return consumed_type(row.info);
  }
}

/// The expression that makes the stored value of the consumed one; "" where they are the same.
std::string conversion(const FieldRow& row) {
  const std::string name(row.info.name);
  switch (row.info.kind) {
    case FieldKind::flow_type:
    case FieldKind::direction:
    case FieldKind::rate_source: {
      const Enumeration& enumeration = *enumeration_of(row.info.kind);
      return row.info.optional ? nullable_enum_value(name, enumeration) : enum_value(name, enumeration);
    }
    case FieldKind::time_ns: {
      const std::string refused(row.column.refused);
      const std::string told = refused.empty() ? name : "if(" + refused + ", 0, " + name + ")";
      return "sluice_time(" + told + ", " + std::string(row.column.otherwise) + ")";
    }
    case FieldKind::address:
      return "sluice_address(" + name + ")";
    case FieldKind::layer_list:
      return "arrayMap(l -> " + enum_value("l", *enumeration_of(row.info.kind)) + ", " + name + ")";
    case FieldKind::address_list:
      return "arrayMap(a -> sluice_address(a), " + name + ")";
    default:
      return "";
  }
}

Column column_of(const FieldRow& row) {
  Column column;
  column.consumed_name = row.info.name;
  column.consumed = consumed_type(row.info);
  column.name = column_name(row.info);
  column.stored = stored_type(row);
  column.native = native_type(row.info);
  if (row.info.optional) {
    column.native = wrapped("Nullable", column.native);
    column.consumed = wrapped("Nullable", column.consumed);
    column.stored = wrapped("Nullable", column.stored);
  }
  const std::string made = conversion(row);
  column.from = made.empty() ? column.name : made + " AS " + column.name;
  const bool address = row.info.kind == FieldKind::address || row.info.kind == FieldKind::address_list;
  column.from_native = address ? column.name : column.from;
  column.codec = row.column.codec;
  column.unit = row.info.unit;
  column.meaning = row.info.meaning;
  column.set = set_name(row.set);
  return column;
}

}  // namespace

std::vector<Column> message_columns() {
  std::vector<Column> columns;
  for (const FieldRow& row : field_rows::kRows) columns.push_back(column_of(row));
  return columns;
}

Column column_of(const UserField& field) {
  Column column;
  const std::string name = "`" + field.name + "`";  // a word of SQL may be a name
  column.consumed_name = column.name = column.from = column.from_native = name;
  column.meaning = "User-defined field " + std::to_string(field.number) + ": " + encode::source_text(field);
  switch (field.type) {
    case UserType::uint:
      column.consumed = column.stored = field.list ? "Array(UInt64)" : "Nullable(UInt64)";
      break;
    case UserType::string:
    case UserType::bytes:
      column.consumed = column.stored = field.list ? "Array(String)" : "String";
      break;
    case UserType::address:
      column.consumed = field.list ? "Array(String)" : "String";
      column.stored = field.list ? "Array(IPv6)" : "IPv6";
      column.from =
          (field.list ? "arrayMap(a -> sluice_address(a), " : "sluice_address(") + name + ") AS " + name;
      break;
  }
  column.native = column.stored;
  return column;
}

std::string stored_type(std::string_view column) {
  for (const Column& one : message_columns())
    if (one.name == column) return one.stored;
  for (const AliasColumn& one : alias_columns())
    if (one.name == column) return std::string(one.type);
  return "";
}

std::string mark(const Column& column, bool without) {
  if (column.set.empty()) return "";
  return std::string(without ? " -- without " : " -- ") + column.set;
}

std::string sql_literal(std::string_view text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("''") : std::string(1, c);
  return out + "'";
}

std::string definition(const std::string& type, std::string_view meaning, std::string_view codec) {
  std::string out = type + " COMMENT " + sql_literal(meaning);
  if (!codec.empty()) out += " CODEC(" + std::string(codec) + ")";
  return out;
}

std::string markdown_row(std::string_view name, std::string_view type, bool alias, std::string_view unit,
                         std::string_view meaning) {
  std::string shown(type);
  if (const auto values = shown.find("Enum8("); values != std::string::npos) {
    const auto end = shown.find(')', values);
    shown.erase(values + 5, end - values - 4);
  }
  std::string out = "| " + std::string(name) + " | `" + shown + "`" + (alias ? " alias" : "") + " | ";
  if (!unit.empty()) out += std::string(unit) + " ";
  return out + "| " + std::string(meaning) + " |\n";
}

}  // namespace sluice::schema
