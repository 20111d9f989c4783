#include "sink/sql/setting_rows.hpp"

#include <algorithm>

#include "flow/columns.hpp"
#include "sink/sql/columns.hpp"
#include "sink/sql/server.hpp"

namespace sluice::sink::sql {
namespace {

using setting::element;
using setting::quote;
using setting::Reading;
using setting::Value;

void read_column(Reading& in, const std::string& path, const Value& item, const std::string& name,
                 std::vector<std::string>& columns) {
  if (std::ranges::find(columns, name) != columns.end())
    in.fault(path, item.origin, path + " names " + quote(name) + " twice; keep one");
  columns.push_back(name);
}

}  // namespace

setting::Codec<std::string> server_list(const Words& words) {
  return setting::text("text", words.servers_form, [port = words.port](std::string_view given) {
    return servers_in(given, port).has_value();
  });
}

setting::Codec<std::string> table_name(const Words& words) {
  return setting::text(
      "text", "letters, digits and underscores, 1 to " + std::to_string(words.longest_table) + " of them",
      [longest = words.longest_table](std::string_view given) {
        return !given.empty() && given.size() <= longest && setting::made_of(given, "_");
      });
}

setting::Codec<std::string> some_text() {
  return setting::text("text", "text, at least one character",
                       [](std::string_view given) { return !given.empty(); });
}

setting::Codec<std::string> any_text() {
  return setting::text("text", "text", [](std::string_view) { return true; });
}

void read_columns(Reading& in, const std::string& path, const Value& value,
                  std::vector<std::string>& columns) {
  in.note(path, value);
  const auto list =
      as_list(in, path, value, "it takes a list of columns such as [time_received, src_addr, bytes]");
  if (!list) return;
  columns.clear();
  for (std::size_t i = 0; i < list->items.size(); ++i) {
    const Value& item = list->items[i];
    const auto name = as_text(in, element(path, i), item, "it takes the name of a column such as src_addr");
    if (name) read_column(in, path, item, *name, columns);
  }
  if (!columns.empty() && !in.failed(path) && std::ranges::find(columns, kTimeColumn) == columns.end())
    in.fault(path, value.origin,
             path + " has no time_received, by which the table is parted into days; add it");
}

void check_columns(Reading& in, const std::string& path, std::span<const UserField> fields,
                   const std::vector<std::string>& columns) {
  const std::string key = path + ".columns";
  for (const std::string& column : columns) {
    if (field_of_column(column) != nullptr ||
        std::ranges::find(fields, column, &UserField::name) != fields.end())
      continue;
    std::vector<std::string> names;
    for (const FieldInfo& field : flow_fields()) names.emplace_back(column_name(field));
    for (const UserField& field : fields) names.push_back(field.name);
    const auto meant = setting::nearest(column, names);
    in.fault(key, in.origin(key),
             key + " names " + quote(column) + ", which is no column of a flow; " +
                 (meant ? "did you mean " + *meant + "?" : "sluice schema fields lists the fields"));
  }
}

Value write_columns(const std::vector<std::string>& columns) {
  return setting::list_of(columns, [](const std::string& name) { return Value::of(name); });
}

void check(Reading& in, const std::string& path, const Settings& settings, bool verifies,
           const Words& words) {
  const auto wants = [&](const char* key, bool right, const std::string& sentence) {
    const std::string name = path + '.' + key;
    if (!right && !in.failed(name)) in.fault(name, in.origin(name), name + sentence);
  };
  wants("stream", settings.stream == encode::Stream::flows,
        " is counters, for which there is no table; a sink of type " + words.type + " takes flows");
  wants("format", settings.format == encode::Format::protobuf,
        " is json; a sink of type " + words.type + " makes its rows of protobuf");
  wants("tls.mode", !verifies,
        " checks the server's certificate and tls.ca_file is empty; name the file of the authorities");
}

}  // namespace sluice::sink::sql
