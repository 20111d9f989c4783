#include <algorithm>
#include <string_view>
#include <vector>

#include "flow/rollups.hpp"
#include "schema/columns.hpp"
#include "schema/consume.hpp"
#include "schema/generated.hpp"
#include "schema/repeats.hpp"
#include "schema/rollup_files.hpp"

namespace sluice::schema {
namespace {

using Role = RollupColumn::Role;

constexpr std::string_view kTable = "src/lib/flow/rollups.cpp";

std::string_view codec(const RollupColumn& column) {
  switch (column.role) {
    case Role::time:
      return "DoubleDelta, ZSTD(1)";
    case Role::key:
      return "ZSTD(1)";
    case Role::sum:  // T64 is for what has 64 bits
      return column.type == "UInt128" ? "ZSTD(1)" : "T64, ZSTD(1)";
    case Role::alias:
      return "";
  }
  return "";
}

std::string column_line(const RollupColumn& column) {
  std::string type = type_of(column);
  if (column.role == Role::alias) type += " ALIAS " + std::string(column.alias);
  return std::string(column.name) + ' ' + definition(type, column.meaning, codec(column));
}

std::string ttl(const Rollup& rollup) {
  return "TTL toDate(time) + INTERVAL {{retention_" + std::string(rollup.retention.name) + "}} DAY";
}

std::string create_table(const Rollup& rollup) {
  std::string columns;
  for (const RollupColumn& column : rollup_columns(rollup))
    columns += (columns.empty() ? "    " : ",\n    ") + column_line(column);
  return "CREATE TABLE IF NOT EXISTS {{db}}." + std::string(rollup.name) + "{{on_cluster}}\n(\n" + columns +
         "\n)\nENGINE = {{replicated}}SummingMergeTree((" + std::string(rollup.sums) + "))\nPARTITION BY " +
         std::string(rollup.partition) + "\nORDER BY (time, " + std::string(rollup.keys) + ")\n" +
         ttl(rollup) + "\nSETTINGS ttl_only_drop_parts = 1, " + std::string(kKnowsRepeats) + ";\n";
}

/// For a table that is there already, with other days.
std::string alter_ttl(const Rollup& rollup) {
  return "ALTER TABLE {{db}}." + std::string(rollup.name) + "{{on_cluster}} MODIFY " + ttl(rollup) + ";\n";
}

/// For a table whose sums were made with 64 bits; where they are wide already it does nothing.
std::string alter_sums(const Rollup& rollup) {
  std::string columns;
  for (const RollupColumn& column : rollup_columns(rollup))
    if (column.role == Role::sum || column.role == Role::alias)
      columns += (columns.empty() ? "\n    MODIFY COLUMN IF EXISTS " : ",\n    MODIFY COLUMN IF EXISTS ") +
                 column_line(column);
  return "ALTER TABLE {{db}}." + std::string(rollup.name) + "{{on_cluster}}" + columns + ";\n";
}

/// "expression AS name", or the name alone where it is the column itself.
std::string named(std::string_view expression, std::string_view name) {
  std::string out(expression);
  return expression == name ? out : out + " AS " + std::string(name);
}

std::string time_of(const Rollup& rollup) {
  if (rollup.source == kRawTable) return named(rollup.step.of_flows, "time") + ",\n    ";
  return only_shortens(rollup) ? "time, " : named(rollup.step.of_slots, "time") + ",\n    ";
}

std::string selected(const Rollup& rollup, Role role) {
  const bool of_flows = rollup.source == kRawTable;
  std::string out;
  for (const RollupColumn& column : rollup_columns(rollup)) {
    if (column.role != role) continue;
    const std::string of_slots =
        role == Role::sum ? "sum(" + std::string(column.name) + ")" : std::string(column.name);
    out += (out.empty() ? "" : ", ") + named(of_flows ? column.of_flows : of_slots, column.name);
  }
  return out;
}

std::string create_view(const Rollup& rollup) {
  const std::string name(rollup.name);
  return "CREATE MATERIALIZED VIEW {{db}}." + name + "_view{{on_cluster}} TO {{db}}." + name +
         " AS\nSELECT\n    " + time_of(rollup) + selected(rollup, Role::key) + ",\n    " +
         selected(rollup, Role::sum) + "\nFROM {{db}}." + std::string(rollup.source) + "\nGROUP BY time, " +
         std::string(rollup.keys) + ";\n";
}

std::string commented(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    out += "-- " + std::string(text.substr(0, end)) + '\n';
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

std::string statements(bool shortened) {
  std::string out;
  for (const Rollup* rollup : rollups_as_made()) {
    if (only_shortens(*rollup) != shortened) continue;
    if (!rollup->comment.empty()) out += '\n' + commented(rollup->comment);
    out += '\n' + create_table(*rollup) + '\n' + alter_sums(*rollup) + '\n' + alter_ttl(*rollup) +
           alter_repeats(rollup->name) + '\n' + create_view(*rollup);
  }
  return out;
}

std::string drop(std::string_view kind, std::string_view name) {
  return "DROP " + std::string(kind) + " IF EXISTS {{db}}." + std::string(name) + "{{on_cluster}} SYNC;\n";
}

}  // namespace

std::vector<const Rollup*> rollups_as_made() {
  std::vector<const Rollup*> out;
  for (const bool shortened : {false, true})
    for (const Rollup& rollup : rollups())
      if (only_shortens(rollup) == shortened) out.push_back(&rollup);
  return out;
}

std::string type_of(const RollupColumn& column) {
  return column.type.empty() ? stored_type(column.name) : std::string(column.type);
}

std::string rollups_sql() {
  return made_by("--", kTable) +
         commented(
             R"(Rollups: sums by exporter, interfaces, ASes, ethertype, protocol and sampling rate. The rate is part of the key, so
that bytes x rate stays exact however rows are merged. Always ask with sum(): rows of one key are merged some time.
A sampling rate of 0 is unknown; corrected sums count it as 1, and `WHERE sampling_rate = 0` shows how much that is.)") +
         statements(false);
}

std::string short_rollups_sql() {
  return made_by("--", kTable) +
         commented(
             R"(Short rollups: those of 60_rollups.sql with fewer keys, made of what goes into them. A question that needs no more keys
reads a tenth of the rows here: flows without ASes, ASes without interfaces, and addresses over all exporters.)") +
         statements(true);
}

std::string stop_sql() {
  std::string out =
      made_by("--", kTable) +
      commented(
          R"(Consumption stops here and starts again with the last statement of 90_consume.sql. The Kafka table goes first:
dropping it waits for the block under way and its commit, while a view dropped under a running consumer would let
it commit rows that go nowhere. The consumer group keeps its offsets, so that nothing in between is missed.)");
  out += stop_consuming_sql();
  for (const Rollup* rollup : rollups_as_made()) out += drop("VIEW", std::string(rollup->name) + "_view");
  for (const std::string_view view : {"exporter_names_view", "interface_names_view"})
    out += drop("VIEW", view);
  return out;
}

}  // namespace sluice::schema
