#include "schema/column_sets.hpp"

#include <string_view>
#include <vector>

#include "flow/columns.hpp"
#include "schema/generated.hpp"

namespace sluice::schema {
namespace {

std::string joined(const std::vector<std::string_view>& names) {
  std::string out;
  for (const std::string_view name : names) out += (out.empty() ? "" : " ") + std::string(name);
  return out;
}

std::string entry(std::string_view key, const std::vector<std::string_view>& names) {
  return "  [" + std::string(key) + "]='" + joined(names) + "'\n";
}

}  // namespace

std::string column_sets_shell() {
  std::string names, columns, aliases;
  for (const NamedColumnSet& one : column_sets()) {
    names += (names.empty() ? "" : " ") + std::string(one.name);
    columns += entry(one.name, columns_of(one.set));
    aliases += entry(one.name, aliases_of(one.set));
  }
  return made_by("#", "src/lib/flow/field_rows.hpp and columns.cpp") +
         "# Columns of flows_raw that it may be made without; apply.sh reads this file, which runs nothing.\n"
         "# shellcheck shell=bash disable=SC2034\n\n"
         "column_sets=(" +
         names + ")\n\ndeclare -A set_columns=(\n" + columns +
         ")\n\n# What is computed of them.\ndeclare -A set_aliases=(\n" + aliases + ")\n";
}

std::string column_sets_table() {
  std::string out = "| Set | What it tells | Columns |\n| --- | --- | --- |\n";
  for (const NamedColumnSet& one : column_sets())
    out += "| `" + std::string(one.name) + "` | " + std::string(one.about) + " | " +
           joined(columns_of(one.set)) + " |\n";
  return out;
}

}  // namespace sluice::schema
