#pragma once
// The partitions of days, parted off the last one before rows of the day are written. Where one cannot be
// made, its rows go to the partition that there is.
#include <set>
#include <string>
#include <vector>

#include "sink/mysql/session.hpp"
#include "sink/mysql/tables.hpp"
#include "sink/sql/writer.hpp"

namespace sluice::sink::mysql {

/// Used by the sink's thread alone.
class Partitions {
 public:
  explicit Partitions(std::string table) : table_(std::move(table)) {}

  /// Another connection: another server maybe.
  void clear() { plan_.clear(); }
  /// Makes what these days need, and the two days after where today is among them. `told` gets a sentence for
  /// each that cannot be made. An error: the connection is of no use.
  Result<void, Trouble> make(Session& session, const std::set<Day>& days, const GiveUp& give_up,
                             const sql::Tell& told);

 private:
  Result<std::vector<Partition>, Trouble> list(Session& session, const GiveUp& give_up) const;
  /// What is in the way; "": it is there.
  Result<std::string, Trouble> try_to_make(Session& session, Day day, const GiveUp& give_up) const;

  const std::string table_;
  sql::DayPlan plan_;
};

}  // namespace sluice::sink::mysql
