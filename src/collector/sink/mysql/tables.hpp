#pragma once
// SQL of the tables that flows are written into: for `sluice schema mysql`, which the administrator runs
// once, and for the partition of a day, which the sink makes. Pure functions; any thread.
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sink/mysql/columns.hpp"
#include "sink/mysql/settings.hpp"
#include "sink/sql/days.hpp"

namespace sluice::sink::mysql {

using sql::Day;

/// The table of flows with one partition for all, and the table of blocks. What is there already stays.
std::string create_tables(const MysqlSettings& settings, const UserFields* own = nullptr);

/// "day_20261130"
std::string partition_name(Day day);

/// One of the table's, in their order.
struct Partition {
  std::string name;
  std::string end;  ///< "2026-12-01 00:00:00", the first time that is not in it; "" is the end of all times
};

/// Where the day belongs among these.
struct Place {
  std::string within;  ///< the partition that has it
  /// What parts that one, so that the day has its own; "": it has, or the one it is in is somebody's own.
  std::string split;
};
/// Nothing where no partition takes the day.
std::optional<Place> place_of(const std::string& table, const std::vector<Partition>& partitions, Day day);

/// Deletes blocks that nobody will ask for, the oldest first and so many at the most: one transaction of all
/// would lock the table, and last for longer than a statement may.
std::string delete_old_blocks(std::size_t most);

/// INSERT of so many rows, each value a question mark.
std::string insert_statement(std::string_view table, const std::vector<Column>& columns, std::size_t rows);

}  // namespace sluice::sink::mysql
