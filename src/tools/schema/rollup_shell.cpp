#include <algorithm>
#include <string_view>
#include <vector>

#include "flow/rollups.hpp"
#include "schema/generated.hpp"
#include "schema/rollup_files.hpp"

namespace sluice::schema {
namespace {

std::string joined(const std::vector<const Rollup*>& rows, std::string_view between) {
  std::string out;
  for (const Rollup* row : rows) out += (out.empty() ? "" : std::string(between)) + std::string(row->name);
  return out;
}

/// Each retention once, in the order of its first use, with the rollups that have it.
struct Kept {
  RollupRetention retention;
  std::vector<const Rollup*> rows;
};
std::vector<Kept> retentions() {
  std::vector<Kept> out;
  for (const Rollup& row : rollups()) {
    auto found =
        std::ranges::find(out, row.retention.name, [](const Kept& one) { return one.retention.name; });
    if (found == out.end()) found = out.insert(out.end(), {row.retention, {}});
    found->rows.push_back(&row);
  }
  return out;
}

std::string entry(std::string_view key, std::string_view value) {
  return "  [" + std::string(key) + "]=" + std::string(value) + '\n';
}

std::string help_line(std::string_view option, std::string_view tables, unsigned days) {
  std::string left = "  --retention-" + std::string(option) + " N";
  left.resize(std::max<std::size_t>(left.size() + 1, 25), ' ');
  return left + std::string(tables) + " (default " + std::to_string(days) + ")";
}

}  // namespace

std::string rollups_shell() {
  std::vector<const Rollup*> all;
  std::string sources, behind;
  for (const Rollup& row : rollups()) {
    all.push_back(&row);
    sources += entry(row.name, row.source);
    behind += entry(row.name, "'" + joined(made_of(row), " ") + "'");
  }
  std::string days = entry("retention", std::to_string(kRawDays));
  std::string help = help_line("days", kRawTable, kRawDays);
  for (const Kept& kept : retentions()) {
    days += entry("retention_" + std::string(kept.retention.name), std::to_string(kept.retention.days));
    help += '\n' + help_line(kept.retention.name, joined(kept.rows, ", "), kept.retention.days);
  }
  return made_by("#", "src/lib/flow/rollups.cpp") +
         "# What apply.sh must know of the rollups; it reads this file, which runs nothing.\n"
         "# shellcheck shell=bash disable=SC2034\n\n"
         "# All of them, each behind the one that it is made of.\n"
         "rollups=(" +
         joined(all, " ") + ")\n\n# What each is made of.\ndeclare -A rollup_source=(\n" + sources +
         ")\n\n# What is made of it in turn, and so is filled with it.\ndeclare -A rollup_behind=(\n" +
         behind +
         ")\n\n# Days that rows are kept, by parameter, and the options that say so.\ndeclare -A "
         "kept_days=(\n" +
         days + ")\nkept_help='" + help + "'\n";
}

}  // namespace sluice::schema
