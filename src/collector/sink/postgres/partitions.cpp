#include "sink/postgres/partitions.hpp"

namespace sluice::sink::postgres {
namespace {

constexpr int kAhead = 1;  // day

/// Somebody else made it, or has one that holds the day.
bool is_there(std::string_view code) {
  return code == "42P07" || code == "42710" || code == "23505" || code == "42P17";
}

}  // namespace

void Partitions::begin(std::optional<std::string> schema) {
  schema_ = std::move(schema);
  plan_.clear();
}

/// In a transaction of its own that is not waited for: readers of the table must have ended before it can be
/// made, and whoever comes after them waits behind it.
Result<std::string, Trouble> Partitions::try_to_make(Session& session, Day day, const GiveUp& give_up) const {
  const std::string name = *schema_ + '.' + quoted(partition_name(table_, day));
  const auto there = session.ask("SELECT to_regclass($1) IS NOT NULL", give_up, {name});
  if (!there) return failure(there.error());
  if (there->rows() == 1 && there->value(0, 0) == "t") return std::string();
  const auto made =
      session.ask("SET LOCAL lock_timeout = '2s'; " + create_partition(*schema_, table_, day), give_up);
  if (made) return std::string();
  if (made.error().code.empty() || made.error().error.reason == FailReason::unreachable)
    return failure(made.error());
  if (is_there(made.error().code)) return std::string();
  return made.error().error.sentence;
}

Result<void, Trouble> Partitions::make(Session& session, const std::set<Day>& days, const GiveUp& give_up,
                                       const sql::Tell& told) {
  if (!schema_) return {};
  for (const sql::DayPlan::Wanted& wanted : plan_.wanted(days, kAhead)) {
    const auto tried = try_to_make(session, wanted.day, give_up);
    if (!tried) return failure(tried.error());
    // Once rows of the day are in the default partition, it cannot be made any more.
    plan_.tried(wanted, tried->empty());
    if (!tried->empty())
      told(partition_name(table_, wanted.day) + " cannot be made, so flows of that day go to " + table_ +
           "_default: " + *tried);
  }
  return {};
}

}  // namespace sluice::sink::postgres
