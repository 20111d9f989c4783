#pragma once
// Which table answers a question, by which step, and what that costs: from the tables' own description
// (flow/rollups.hpp) and what the store says of their sizes. Pure functions; any thread.
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "flow/rollups.hpp"
#include "web/question.hpp"

namespace sluice::web {

/// A table as the store has it now.
struct TableSize {
  std::uint64_t rows = 0;
  std::uint64_t bytes = 0;
  std::optional<std::chrono::sys_seconds> oldest{}, newest{};
  std::optional<std::chrono::seconds> kept{};  ///< by its TTL; nothing where the store does not tell
};
using TableSizes = std::map<std::string, TableSize, std::less<>>;

struct Plan {
  std::string table;
  const Rollup* rollup = nullptr;     ///< null: flows_raw
  std::chrono::sys_seconds from, to;  ///< the range rounded outward to slots
  std::chrono::seconds step{};        ///< of a graph; else 0
  std::string reason;
  std::uint64_t rows = 0;  ///< estimate of what is read; 0 where the store tells no sizes
  double seconds = 0;      ///< estimate
  bool costly = false;     ///< more rows than are read without being asked
  std::vector<std::string> warnings;

  std::size_t slots() const { return step.count() == 0 ? 0 : static_cast<std::size_t>((to - from) / step); }
};

/// The columns of the tables that the answer needs, sums left out. The second: whether the filter compares
/// what single flows have (their bytes, their duration), so that sums of them are no answer.
struct Needs {
  std::vector<std::string> columns;
  bool single_flows = false;
};
Needs needs_of(const Question& question);
Needs needs_of(const filter::Expression& filter);

/// Too far back for any table that has all of it: an error with "since".
Or<Plan> make_plan(const Question& question, std::chrono::sys_seconds now, const TableSizes& sizes,
                   std::uint64_t ask_above);

/// The coarsest table that has the same sums over the plan's range: for ranking. The plan's own where there
/// is none that is coarser.
Plan coarser(const Question& question, const Plan& plan, std::chrono::sys_seconds now,
             const TableSizes& sizes);

/// Where flows of the range were received at all, whatever the filter: the smallest table with the exporters.
Plan coverage(const Question& question, const Plan& plan, std::chrono::sys_seconds now,
              const TableSizes& sizes);

/// How long a table keeps its rows: as the store says, else what apply.sh sets.
std::chrono::seconds kept_for(const TableSizes& sizes, std::string_view table);

/// Before `now` slots are finished that end no later than this long ago: flows are on their way for so long.
inline constexpr std::chrono::seconds kArrival{15};

/// How much of the plan's range is over by that measure.
std::chrono::seconds passed(const Plan& plan, std::chrono::sys_seconds now);
/// How many of a graph's slots are; they are the first.
std::size_t finished_slots(const Plan& plan, std::chrono::sys_seconds now);

}  // namespace sluice::web
