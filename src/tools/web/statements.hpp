#pragma once
// The SQL of an answer. Names and functions are of the program's own tables; every value that a user or an
// exporter gave is bound. Pure functions; any thread.
#include <string>
#include <vector>

#include "web/plan.hpp"
#include "web/question.hpp"
#include "web/store.hpp"

namespace sluice::web {

/// Which part of a graph: the way back, or the same before.
struct Part {
  bool reverse = false;
  bool before = false;
};

/// A key as the store gave it: a value for each dimension.
using Key = std::vector<json>;

/// Rows [key..., score, how many keys there are], best first; as many as the question's limit. Scores are
/// over the first `finished` slots, as in the summary; over the first one where none is finished.
Statement rank_statement(const Question& question, const Plan& plan, std::size_t finished);
/// Rows [slot, key, sum, sampled packets, sum with unknown rate, flows]; key 1 is the first of `keys`, 0 all
/// others. Slots are counted from the plan's from.
Statement series_statement(const Question& question, const Plan& plan, const std::vector<Key>& keys,
                           Part part);
/// One row: of how many flows each term of a filter that is several joined by `and` is true, whatever the
/// others say.
Statement terms_statement(const Question& question, const Plan& plan);
/// Rows [slot, flows]: what was received, whatever the filter.
Statement coverage_statement(const Question& question, const Plan& plan, Part part);

/// Rows [key..., bytes, packets, flows, sampled packets, bytes with unknown rate], in the question's order.
Statement table_statement(const Question& question, const Plan& plan);
/// One row of the same sums without keys, and how many keys there are.
Statement total_statement(const Question& question, const Plan& plan);
/// Rows [exporter, its share of bytes with unknown rate], greatest first, at most five.
Statement unknown_statement(const Question& question, const Plan& plan);

/// Where a page of flows goes on: rows that were at this value and had this many equal ones before.
struct FlowCursor {
  std::string value;
  std::uint64_t skip = 0;
};
std::optional<FlowCursor> parse_cursor(const std::string& text);
std::string cursor_text(const FlowCursor& cursor);

/// Rows of the question's columns, then what they are sorted by as text; one row more than the limit.
Statement flows_statement(const Question& question, const Plan& plan,
                          const std::optional<FlowCursor>& cursor);

/// For a file: columns with names, times in UTC, addresses as text; `most` rows. A graph has a row for each
/// slot and key.
Statement export_statement(const Question& question, const Plan& plan, std::uint64_t most);

}  // namespace sluice::web
