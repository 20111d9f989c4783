#pragma once
// The table of rollups: one row for each table that sums flows by slots of time. From it come the SQL that
// makes them, what apply.sh fills and keeps, what `sluice doctor` looks for, their part of
// docs/clickhouse.md, and the choice of a table for a question (query/choose_table.hpp). Constant data; any
// thread.
#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sluice {

/// The table of every flow with every field. `--retention-days` says how long it keeps them.
inline constexpr std::string_view kRawTable = "flows_raw";
inline constexpr unsigned kRawDays = 30;

/// The slots of a rollup. SQL is ClickHouse's.
struct RollupStep {
  std::chrono::seconds length;
  std::string_view words;     ///< "five minutes", as in "the five minutes in which"
  std::string_view of_flows;  ///< SQL: the slot of a row of flows_raw
  std::string_view of_slots;  ///< SQL: the slot of a row of a rollup by shorter slots
};

/// How long rows are kept: --retention-NAME of apply.sh, which several rollups may share.
struct RollupRetention {
  std::string_view name;
  unsigned days;  ///< where the option is not given
};

/// Lists are names with ", " between them, as in SQL.
struct Rollup {
  std::string_view name;
  std::string_view source;  ///< flows_raw, or a rollup in a row above
  RollupStep step;
  std::string_view keys;  ///< in the order in which the table sorts them behind its time
  std::string_view sums;
  RollupRetention retention;
  std::string_view partition;  ///< SQL
  /// Rows that a thousand flows leave in it, as measured (docs/dashboards.md): what a question of it costs.
  unsigned weight;
  std::string_view comment;  ///< before its statements, lines of SQL comment without "-- "; may be empty
  /// What docs/clickhouse.md says of it and of the rows below with the same keys. {kept} stands for "90 and
  /// 400 days", {options} for "`--retention-1m`, `--retention-5m`". Empty where the row above has said it.
  std::string_view about;
};

struct RollupColumn {
  enum class Role : std::uint8_t { time, key, sum, alias };

  std::string_view name;
  Role role;
  std::string_view type;  ///< of ClickHouse; of a key empty here: that of flows_raw's column of its name
  std::string_view unit;
  std::string meaning;        ///< for operators
  std::string_view of_flows;  ///< keys and sums, SQL: what makes it of rows of flows_raw
  std::string_view alias;     ///< aliases, SQL: what it stands for
};

/// All rollups, each below the one that it is made of.
std::span<const Rollup> rollups();
/// nullptr where there is none of that name.
const Rollup* find_rollup(std::string_view name);

/// Its columns in the order of the table: time, keys, sums, aliases.
std::vector<RollupColumn> rollup_columns(const Rollup& rollup);
/// Whether one of its columns has that name.
bool has_column(const Rollup& rollup, std::string_view column);
/// Whether it has the slots of what it is made of, and fewer keys.
bool only_shortens(const Rollup& rollup);
/// What is made of it, and of that in turn; in the order of the table.
std::vector<const Rollup*> made_of(const Rollup& rollup);

/// "a, b" as its names.
std::vector<std::string_view> names_in(std::string_view list);

}  // namespace sluice
