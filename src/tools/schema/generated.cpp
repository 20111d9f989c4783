#include "schema/generated.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "schema/column_sets.hpp"
#include "schema/consume.hpp"
#include "schema/distributed.hpp"
#include "schema/field_table.hpp"
#include "schema/flows_raw.hpp"
#include "schema/rollup_files.hpp"
#include "sluice/encode/schema.hpp"

namespace sluice::schema {
namespace {

constexpr std::string_view kFieldRows = "src/lib/flow/field_rows.hpp and columns.cpp";

constexpr Generated kGenerated[] = {
    {"proto/flow.proto", "", [] { return encode::proto_schema(); }},
    {"deploy/clickhouse/40_stop.sql", "", [] { return stop_sql(); }},
    {"deploy/clickhouse/50_flows_raw.sql", "", [] { return made_by("--", kFieldRows) + flows_raw_sql(); }},
    {"deploy/clickhouse/60_rollups.sql", "", [] { return rollups_sql(); }},
    {"deploy/clickhouse/65_short_rollups.sql", "", [] { return short_rollups_sql(); }},
    {"deploy/clickhouse/90_consume.sql", "", [] { return made_by("--", kFieldRows) + consume_sql(); }},
    {"deploy/clickhouse/cluster/distributed.sql", "", [] { return distributed_sql(); }},
    {"deploy/clickhouse/column_sets.sh", "", [] { return column_sets_shell(); }},
    {"deploy/clickhouse/rollups.sh", "", [] { return rollups_shell(); }},
    {"docs/clickhouse.md", "rollups drawn", [] { return rollup_tree(); }},
    {"docs/clickhouse.md", "columns of flows_raw", [] { return flows_raw_columns(); }},
    {"docs/clickhouse.md", "sets of columns", [] { return column_sets_table(); }},
    {"docs/clickhouse.md", "rollups", [] { return rollup_sections(); }},
    {"docs/protocols.md", "fields", [] { return field_table(); }},
    {"docs/protocols.md", "elements", [] { return element_table(); }},
};

constexpr std::string_view kCommand = "`sluice schema write`";

std::optional<std::string> read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return std::nullopt;
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

bool write_file(const std::string& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << text;
  file.close();
  return !file.fail();
}

std::string because(const std::string& path, std::string_view what) {
  return path + " " + std::string(what) + ": " + std::strerror(errno);
}

/// Brings one file up to date; whether it had to be written, or what went wrong.
Result<bool, std::string> bring_up_to_date(const Generated& what, const std::string& path) {
  const auto held = read_file(path);
  if (!held && !(what.region.empty() && errno == ENOENT)) return failure(because(path, "cannot be read"));
  const auto wanted = with_text(what, held.value_or(""));
  if (!wanted)
    return failure(path + " has no region \"" + std::string(what.region) + "\": it wants the lines " +
                   begin_of(what.region) + "and " + end_of(what.region));
  if (held && *held == *wanted) return false;
  if (!write_file(path, *wanted)) return failure(because(path, "cannot be written"));
  return true;
}

}  // namespace

std::span<const Generated> generated() { return kGenerated; }

std::string made_by(std::string_view comment, std::string_view from) {
  return std::string(comment) + " Made by " + std::string(kCommand) + " from " + std::string(from) +
         "; changes belong there.\n";
}

std::string begin_of(std::string_view region) {
  return "<!-- begin: " + std::string(region) + ", made by " + std::string(kCommand) + " -->\n";
}

std::string end_of(std::string_view region) { return "<!-- end: " + std::string(region) + " -->\n"; }

std::optional<std::string> with_text(const Generated& what, const std::string& file) {
  if (what.region.empty()) return what.text();
  const std::string before = begin_of(what.region);
  const auto begin = file.find(before);
  if (begin == std::string::npos) return std::nullopt;
  const auto end = file.find(end_of(what.region), begin);
  if (end == std::string::npos) return std::nullopt;
  return file.substr(0, begin + before.size()) + what.text() + file.substr(end);
}

bool is_source_tree(const std::string& root) {
  return std::ranges::all_of(generated(), [&root](const Generated& what) {
    const auto path = std::filesystem::path(root) / what.path;
    return what.region.empty() ? std::filesystem::is_directory(path.parent_path())
                               : std::filesystem::is_regular_file(path);
  });
}

Result<std::vector<std::string>, std::string> write_generated(const std::string& root) {
  std::vector<std::string> written;
  for (const Generated& what : generated()) {
    const auto changed = bring_up_to_date(what, root + "/" + std::string(what.path));
    if (!changed) return failure(changed.error());
    if (*changed && (written.empty() || written.back() != what.path)) written.emplace_back(what.path);
  }
  return written;
}

}  // namespace sluice::schema
