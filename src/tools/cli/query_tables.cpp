#include "cli/query_tables.hpp"

#include <chrono>
#include <sstream>
#include <vector>

#include "cli/output.hpp"
#include "query/choose_table.hpp"
#include "query/parameters.hpp"
#include "query/table.hpp"

namespace sluice::cli {
namespace {

/// Keys and sums: aliases of them would only make the list long.
std::string columns_of(const Rollup& rollup) {
  return std::string(rollup.keys) + ", " + std::string(rollup.sums);
}

/// "a,b" as its names.
std::vector<std::string> split(const std::string& columns) {
  std::vector<std::string> out;
  std::istringstream in(columns);
  for (std::string name; std::getline(in, name, ',');) out.push_back(name);
  return out;
}

}  // namespace

std::string list_tables(std::size_t width) {
  query::Table table{
      .columns = {{"table", false}, {"slots", false}, {"days", true}, {"rows", true}, {"columns", false}},
      .rows = {}};
  table.rows.push_back(
      {std::string(kRawTable), "none", std::to_string(query::default_days(kRawTable)), "1000", "all"});
  for (const Rollup& rollup : rollups())
    table.rows.push_back({std::string(rollup.name), std::string(rollup.step.words),
                          std::to_string(rollup.retention.days), std::to_string(rollup.weight),
                          columns_of(rollup)});
  return query::render(table, width) +
         "\ndays: that rows are kept, where apply.sh was given no others; rows: left of a thousand flows\n";
}

int print_choice(const std::string& columns, const std::map<std::string, std::string>& given) {
  std::map<std::string, std::string> values{{"from", "to-1h"}, {"to", "now"}};
  for (const auto& [name, value] : given) {
    if (!values.contains(name))
      return mistake("query", "--param: --columns has no " + name + "; it has from=to-1h, to=now");
    values[name] = value;
  }
  const auto now = std::chrono::system_clock::now();
  const auto resolved = query::resolve({{"from", "DateTime"}, {"to", "DateTime"}}, values, now);
  if (!resolved) return mistake("query", "--param: " + resolved.error());
  const auto from = query::time_of(resolved->at("from"));
  const auto to = query::time_of(resolved->at("to"));
  if (!from || !to || *from >= *to)
    return mistake("query", "--param: from (" + resolved->at("from") + ") must be before to (" +
                                resolved->at("to") + ")");
  const auto choice = query::choose_table({.columns = split(columns), .from = *from, .to = *to},
                                          std::chrono::floor<std::chrono::seconds>(now));
  if (!choice) return failed("query", choice.error().reason);
  return print("query", std::string(choice->table) + ": " + choice->reason + '\n');
}

}  // namespace sluice::cli
