#pragma once
// ClickHouse's query parameters, {name:Type}, as they stand in SQL. Pure functions; any thread.
#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/util/result.hpp"

namespace sluice::query {

struct Placeholder {
  std::string name;
  std::string type;
  friend bool operator==(const Placeholder&, const Placeholder&) = default;
};

/// Each name once, in the order of its first use. What stands in quotes or comments is none.
std::vector<Placeholder> placeholders(std::string_view sql);

/// True for DateTime and DateTime64 of any zone.
bool is_time(std::string_view type);

/// "2026-11-21", "2026-11-21 12:00" or "2026-11-21 12:00:00", also with a T between them and a Z behind; UTC.
std::optional<std::chrono::sys_seconds> time_of(std::string text);

/// Values as ClickHouse takes them. A time may be given as "2026-11-21", "2026-11-21 12:00", "now", or with a
/// distance (s, m, h, d, w) from now or from another parameter of the same map: "now-1h", "to-30m"; it
/// becomes "2026-11-21 12:00:00". Numbers are checked; everything else stays as it is. The error is a
/// sentence that begins with the parameter's name. Values without a placeholder stay as they are.
Result<std::map<std::string, std::string>, std::string> resolve(
    const std::vector<Placeholder>& placeholders, const std::map<std::string, std::string>& values,
    std::chrono::system_clock::time_point now);

}  // namespace sluice::query
