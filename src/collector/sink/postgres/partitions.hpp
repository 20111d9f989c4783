#pragma once
// The partitions of days, made before rows of the day are written. Where one cannot be made, its rows go to
// the default partition.
#include <optional>
#include <set>
#include <string>

#include "sink/postgres/session.hpp"
#include "sink/postgres/tables.hpp"
#include "sink/sql/writer.hpp"

namespace sluice::sink::postgres {

/// Used by the sink's thread alone.
class Partitions {
 public:
  explicit Partitions(std::string table) : table_(std::move(table)) {}

  /// Another connection: another server maybe. `schema` is the table's, as SQL writes it; nothing where it
  /// has no partitions.
  void begin(std::optional<std::string> schema);
  /// Makes what these days need, and the day after where today is among them, so that nobody waits for it at
  /// midnight. `told` gets a sentence for each that cannot be made. An error: the connection is of no use.
  Result<void, Trouble> make(Session& session, const std::set<Day>& days, const GiveUp& give_up,
                             const sql::Tell& told);

 private:
  /// What is in the way; "": it is there.
  Result<std::string, Trouble> try_to_make(Session& session, Day day, const GiveUp& give_up) const;

  const std::string table_;
  std::optional<std::string> schema_;
  sql::DayPlan plan_;
};

}  // namespace sluice::sink::postgres
