#include "sink/sql/days.hpp"

#include <array>
#include <cstdio>

#include "util/clock.hpp"

namespace sluice::sink::sql {
namespace {

using namespace std::chrono_literals;

constexpr Day kFirst = 10'957;  // 2000-01-01
constexpr auto kTryAgain = 10min;
constexpr auto kNever = Clock::time_point::max();

}  // namespace

Day day_of(std::uint64_t unix_ns) { return static_cast<Day>(unix_ns / (86'400 * kNsPerSecond)); }

std::string date(Day day, const char* form) {
  const std::chrono::year_month_day on{std::chrono::sys_days{std::chrono::days{day}}};
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), form, static_cast<int>(on.year()),
                static_cast<unsigned>(on.month()), static_cast<unsigned>(on.day()));
  return text.data();
}

std::vector<DayPlan::Wanted> DayPlan::wanted(const std::set<Day>& days, int ahead) const {
  const Day today = day_of(unix_ns());
  std::set<Day> all = days;
  if (days.contains(today))
    for (Day day = today + 1; day <= today + ahead; ++day) all.insert(day);
  std::vector<Wanted> out;
  for (const Day day : all) {
    if (day < kFirst || day > today + ahead) continue;
    const bool needed = days.contains(day);
    const auto before = tried_.find(day);
    if (before != tried_.end() && (before->second == kNever || (!needed && Clock::now() < before->second)))
      continue;
    out.push_back({day, needed});
  }
  return out;
}

void DayPlan::tried(const Wanted& wanted, bool made) {
  tried_[wanted.day] = made || wanted.needed ? kNever : Clock::now() + kTryAgain;
}

}  // namespace sluice::sink::sql
