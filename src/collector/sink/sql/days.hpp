#pragma once
// Days, by which tables are parted: which of them want a partition, and how often one that could not be made
// is tried again.
#include <chrono>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "sink/block_writer.hpp"

namespace sluice::sink::sql {

/// Days since 1970 in UTC.
using Day = std::int64_t;

Day day_of(std::uint64_t unix_ns);
/// In a form of printf with three numbers: year, month and day.
std::string date(Day day, const char* form = "%04d-%02u-%02u");

/// Used by the sink's thread alone.
class DayPlan {
 public:
  struct Wanted {
    Day day;
    bool needed;  ///< rows of the day wait
  };

  /// As of another server: nothing is known.
  void clear() { tried_.clear(); }
  /// What is to be made for rows of these days, and `ahead` days more where today is among them, so that
  /// nobody waits for it at midnight. Days before 2000 and beyond those are clocks that nobody set.
  std::vector<Wanted> wanted(const std::set<Day>& days, int ahead) const;
  /// `made`: it is there now. One that rows need goes without from now on; another is tried again later.
  void tried(const Wanted& wanted, bool made);

 private:
  std::map<Day, Clock::time_point> tried_;  ///< when it may be tried again; never: settled
};

}  // namespace sluice::sink::sql
