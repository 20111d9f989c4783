#include "query/choose_table.hpp"

#include <algorithm>
#include <iterator>
#include <tuple>

namespace sluice::query {
namespace {

using std::chrono::seconds;
using std::chrono::sys_seconds;

constexpr unsigned kRawWeight = 1000;  ///< Rollup::weight is for a thousand flows
constexpr int kSlotsOfRange = 72;

struct Candidate {
  std::string_view table = kRawTable;
  const Rollup* rollup = nullptr;
  unsigned weight = kRawWeight;
  seconds step{};  ///< zero: every moment
  sys_seconds since;
};

std::string listed(const std::vector<std::string>& columns) {
  std::string out;
  for (const std::string& column : columns) out += (out.empty() ? "" : ", ") + column;
  return out;
}

std::string date(sys_seconds time) {
  const std::chrono::year_month_day day(std::chrono::floor<std::chrono::days>(time));
  const auto two = [](unsigned number) { return (number < 10 ? "0" : "") + std::to_string(number); };
  return std::to_string(int(day.year())) + '-' + two(unsigned(day.month())) + '-' + two(unsigned(day.day()));
}

bool has_all(const Rollup& rollup, const std::vector<std::string>& columns) {
  return std::ranges::all_of(columns, [&](const std::string& one) { return has_column(rollup, one); });
}

/// The tables that have the columns; flows_raw, which has them all, is the last.
std::vector<Candidate> candidates(const TableWish& wish, sys_seconds now, const Kept& kept,
                                  std::span<const Rollup> among) {
  const auto since = [&](std::string_view table) { return now - kept(table); };
  std::vector<Candidate> out;
  for (const Rollup& rollup : among)
    if (has_all(rollup, wish.columns))
      out.push_back({rollup.name, &rollup, rollup.weight, rollup.step.length, since(rollup.name)});
  out.push_back({.since = since(kRawTable)});
  return out;
}

bool short_enough(const Candidate& candidate, const TableWish& wish) {
  if (wish.step.count() > 0) return candidate.step <= wish.step;
  const auto on_bound = [&](sys_seconds time) {
    return candidate.step.count() == 0 || time.time_since_epoch() % candidate.step == seconds(0);
  };
  return candidate.step <= std::max<seconds>(seconds(60), (wish.to - wish.from) / kSlotsOfRange) ||
         (on_bound(wish.from) && on_bound(wish.to));
}

std::string kept_since(sys_seconds time) {
  return time < sys_seconds{} ? "kept for good" : "kept since " + date(time);
}

std::string why(const Candidate& best, const TableWish& wish, const std::vector<Candidate>& all) {
  const std::string wanted = wish.columns.empty() ? "it" : listed(wish.columns);
  if (!short_enough(best, wish))
    return "nothing shorter reaches back to " + date(wish.from) + "; slots are of the " +
           std::string(best.rollup->step.words);
  if (best.rollup)
    return "has " + wanted + " by the " + std::string(best.rollup->step.words) + ", with " +
           std::to_string(best.weight) + " rows for each thousand flows; " + kept_since(best.since);
  if (all.size() == 1) return "no rollup has " + wanted + (wish.columns.size() > 1 ? " together" : "");
  return "no rollup with " + wanted + " has slots that are short enough and reaches back to " +
         date(wish.from);
}

}  // namespace

unsigned default_days(std::string_view table) {
  const Rollup* rollup = find_rollup(table);
  return rollup ? rollup->retention.days : kRawDays;
}

Result<TableChoice, NoTable> choose_table(const TableWish& wish, sys_seconds now, const Kept& kept,
                                          std::span<const Rollup> among) {
  const std::vector<Candidate> all = candidates(wish, now, kept, among);
  std::vector<Candidate> reaching;
  std::ranges::copy_if(all, std::back_inserter(reaching),
                       [&](const Candidate& one) { return one.since <= wish.from; });
  if (reaching.empty()) {
    const auto& longest = *std::ranges::min_element(all, {}, &Candidate::since);
    return failure(NoTable{.reason = "no table reaches back to " + date(wish.from) + " with " +
                                     (wish.columns.empty() ? "flows" : listed(wish.columns)) + "; " +
                                     std::string(longest.table) + " does to " + date(longest.since),
                           .since = longest.since});
  }
  // Slots that are short enough, then few rows; else the shortest slots.
  const auto& best = *std::ranges::min_element(reaching, {}, [&](const Candidate& one) {
    const bool fits = short_enough(one, wish);
    return std::tuple(!fits, fits ? seconds(0) : one.step, one.weight);
  });
  return TableChoice{.table = best.table, .rollup = best.rollup, .reason = why(best, wish, all)};
}

}  // namespace sluice::query
