#include "sink/mysql/partitions.hpp"

#include "sink/sql/columns.hpp"

namespace sluice::sink::mysql {
namespace {

// What has rows is not parted any more, so a day is tried early enough to be tried again.
constexpr int kAhead = 2;

/// "2026-12-01 00:00:00" of what the server has between quotes, maybe with a fraction; "" of MAXVALUE.
std::string end_of(const std::string& told) {
  if (!told.starts_with('\'')) return {};
  return told.substr(1, std::string_view("2026-12-01 00:00:00").size());
}

}  // namespace

/// None where the table is not parted by ranges of the time of receipt.
Result<std::vector<Partition>, Trouble> Partitions::list(Session& session, const GiveUp& give_up) const {
  const auto told = session.ask(
      "SELECT PARTITION_NAME, PARTITION_DESCRIPTION FROM information_schema.PARTITIONS WHERE TABLE_SCHEMA = "
      "DATABASE() AND TABLE_NAME = " +
          literal(table_) + " AND PARTITION_METHOD = 'RANGE COLUMNS' AND PARTITION_EXPRESSION = " +
          literal(quoted(sql::kTimeColumn)) + " ORDER BY PARTITION_ORDINAL_POSITION",
      give_up);
  if (!told) return failure(told.error());
  std::vector<Partition> out;
  for (const auto& row : told->rows) out.push_back({row[0], end_of(row[1])});
  return out;
}

Result<std::string, Trouble> Partitions::try_to_make(Session& session, Day day, const GiveUp& give_up) const {
  const auto before = list(session, give_up);
  if (!before) return failure(before.error());
  const auto place = place_of(table_, *before, day);
  if (!place || place->split.empty()) return std::string();
  const auto some = session.ask(
      "SELECT 1 FROM " + quoted(table_) + " PARTITION (" + quoted(place->within) + ") LIMIT 1", give_up);
  if (!some)
    return some.error().code.empty() ? Result<std::string, Trouble>(failure(some.error()))
                                     : some.error().error.sentence;
  if (!some->rows.empty()) return place->within + " has rows, which would have to be moved";
  const auto made = session.ask(place->split, give_up);
  if (made) return std::string();
  if (made.error().code.empty() || made.error().error.reason == FailReason::unreachable)
    return failure(made.error());
  // Somebody else may have made it meanwhile.
  const auto after = list(session, give_up);
  if (!after) return failure(after.error());
  const auto now = place_of(table_, *after, day);
  return now && now->split.empty() ? std::string() : made.error().error.sentence;
}

Result<void, Trouble> Partitions::make(Session& session, const std::set<Day>& days, const GiveUp& give_up,
                                       const sql::Tell& told) {
  for (const sql::DayPlan::Wanted& wanted : plan_.wanted(days, kAhead)) {
    const auto tried = try_to_make(session, wanted.day, give_up);
    if (!tried) return failure(tried.error());
    plan_.tried(wanted, tried->empty());
    if (!tried->empty())
      told(partition_name(wanted.day) + " of " + table_ +
           " cannot be made, so flows of that day go to the partition that there is: " + *tried);
  }
  return {};
}

}  // namespace sluice::sink::mysql
