#pragma once
// Which table answers a question: of the rollups and flows_raw the one with the fewest rows that has what is
// asked for and still holds that time. Nothing is asked of a server. Pure functions; any thread.
#include <chrono>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "flow/rollups.hpp"
#include "sluice/util/result.hpp"

namespace sluice::query {

/// Times are UTC.
struct TableWish {
  /// All that is grouped by, filtered by and summed up, by the names of the tables' columns ("src_as",
  /// "sampler_ip", "bytes_corrected"). What no rollup has is taken for a column of flows_raw.
  std::vector<std::string> columns;
  std::chrono::sys_seconds from, to;  ///< the range; `to` is not in it
  /// The longest slots that do: the step of a graph. Zero for one sum over the range: then the minute, and
  /// longer slots where from and to are on their bounds or the range has room for 72 of them, as the shipped
  /// dashboards have it.
  std::chrono::seconds step{};
};

struct TableChoice {
  std::string_view table;
  const Rollup* rollup = nullptr;  ///< null: flows_raw
  std::string reason;              ///< for people; no point at its end
};

struct NoTable {
  std::string reason;                ///< a sentence for people; no point at its end
  std::chrono::sys_seconds since{};  ///< from when on the same question has a table
};

/// How long a table keeps rows; kForGood where it drops none.
using Kept = std::function<std::chrono::seconds(std::string_view table)>;
inline constexpr std::chrono::seconds kForGood = std::chrono::days(100 * 366);
/// Where apply.sh was given no other days.
unsigned default_days(std::string_view table);
inline std::chrono::seconds default_kept(std::string_view table) {
  return std::chrono::days(default_days(table));
}

/// Where no table with slots as short as wished reaches back to `from`, the one with the shortest that does:
/// compare the choice's step. `among` is what there is beside flows_raw.
Result<TableChoice, NoTable> choose_table(const TableWish& wish, std::chrono::sys_seconds now,
                                          const Kept& kept = default_kept,
                                          std::span<const Rollup> among = rollups());

}  // namespace sluice::query
