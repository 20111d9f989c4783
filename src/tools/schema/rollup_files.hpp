#pragma once
// What is made from the table of rollups. Texts end with a newline.
#include <string>
#include <vector>

#include "flow/rollups.hpp"

namespace sluice::schema {

/// deploy/clickhouse/60_rollups.sql: the rollups that have slots of their own.
std::string rollups_sql();
/// deploy/clickhouse/65_short_rollups.sql: those that leave out keys of another one.
std::string short_rollups_sql();
/// deploy/clickhouse/40_stop.sql: takes down what consumes and every view.
std::string stop_sql();
/// deploy/clickhouse/rollups.sh: what apply.sh must know of them.
std::string rollups_shell();

/// As the SQL makes them: those with slots of their own, then those that leave out keys of one of these.
std::vector<const Rollup*> rollups_as_made();
/// The SQL type of a column, that of a key from its column in flows_raw.
std::string type_of(const RollupColumn& column);

/// docs/clickhouse.md: what is made of flows_raw, drawn.
std::string rollup_tree();
/// docs/clickhouse.md: a section for each table, or for those that differ in their slots alone.
std::string rollup_sections();

}  // namespace sluice::schema
