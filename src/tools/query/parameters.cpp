#include "query/parameters.hpp"

#include <time.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <utility>

namespace sluice::query {
namespace {

using Values = std::map<std::string, std::string>;
using Seconds = std::int64_t;  // since 1970, UTC

bool name_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/// Where what begins at `at` (quotes or a comment) ends; `at` where nothing such begins.
std::size_t after_quoted(std::string_view sql, std::size_t at) {
  const char c = sql[at];
  if (c == '\'' || c == '"' || c == '`') {
    for (std::size_t i = at + 1; i < sql.size(); ++i) {
      if (sql[i] == '\\')
        ++i;
      else if (sql[i] == c)
        return i + 1;
    }
    return sql.size();
  }
  const auto past = [&](std::string_view end) {
    const auto found = sql.find(end, at + 2);
    return found == std::string_view::npos ? sql.size() : found + end.size();
  };
  if (sql.substr(at, 2) == "--") return past("\n");
  if (sql.substr(at, 2) == "/*") return past("*/");
  return at;
}

std::string without_blanks(std::string_view text) {
  std::string out(text);
  std::erase(out, ' ');
  return out;
}

/// "{name:Type}" at the beginning of text; a type may hold braces of its own no more than names do.
std::optional<Placeholder> placeholder(std::string_view text) {
  const auto colon = text.find(':');
  const auto end = text.find('}');
  if (colon == std::string_view::npos || end == std::string_view::npos || colon > end) return std::nullopt;
  const std::string name = without_blanks(text.substr(1, colon - 1));
  if (name.empty() || !std::ranges::all_of(name, name_char)) return std::nullopt;
  return Placeholder{name, without_blanks(text.substr(colon + 1, end - colon - 1))};
}

template <class T>
bool number(std::string_view text) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size();
}

bool fits(std::string_view type, std::string_view value) {
  if (type == "UInt8") return number<std::uint8_t>(value);
  if (type == "UInt16") return number<std::uint16_t>(value);
  if (type == "UInt32") return number<std::uint32_t>(value);
  if (type.starts_with("UInt")) return number<std::uint64_t>(value);
  if (type.starts_with("Int")) return number<std::int64_t>(value);
  if (type.starts_with("Float")) return number<double>(value);
  return true;
}

std::optional<Seconds> absolute(std::string text) {
  if (text.ends_with('Z')) text.pop_back();
  if (text.size() > 10 && text[10] == 'T') text[10] = ' ';
  for (const char* format : {"%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d"}) {
    std::tm parts{};
    const char* const end = ::strptime(text.c_str(), format, &parts);
    if (end != nullptr && *end == '\0') return ::timegm(&parts);
  }
  return std::nullopt;
}

/// Seconds of "15m"; s, m, h, d and w are known.
std::optional<Seconds> distance(std::string_view text) {
  if (text.size() < 2) return std::nullopt;
  constexpr std::string_view kUnits = "smhdw";
  constexpr Seconds kSeconds[] = {1, 60, 3600, 86400, 604800};
  const auto unit = kUnits.find(text.back());
  text.remove_suffix(1);
  std::uint32_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (unit == std::string_view::npos || error != std::errc() || end != text.data() + text.size())
    return std::nullopt;
  return count * kSeconds[unit];
}

/// Turns texts into times. `left` bounds how far one parameter may refer to the next, so that circles end.
class Times {
 public:
  Times(const std::vector<Placeholder>& wanted, const Values& values, Seconds now)
      : wanted_(wanted), values_(values), now_(now) {}

  std::optional<Seconds> of(const std::string& text, unsigned left = 4) const {
    if (const auto time = absolute(text)) return time;
    const auto sign = text.find_first_of("+-");
    const auto base = base_of(text.substr(0, sign), left);
    if (!base || sign == std::string::npos) return base;
    const auto apart = distance(std::string_view(text).substr(sign + 1));
    if (!apart) return std::nullopt;
    return *base + (text[sign] == '-' ? -*apart : *apart);
  }

 private:
  std::optional<Seconds> base_of(const std::string& name, unsigned left) const {
    if (name == "now") return now_;
    const auto found = values_.find(name);
    const bool time = std::ranges::any_of(
        wanted_, [&](const Placeholder& one) { return one.name == name && is_time(one.type); });
    if (found == values_.end() || !time || left == 0) return std::nullopt;
    return of(found->second, left - 1);
  }

  const std::vector<Placeholder>& wanted_;
  const Values& values_;
  Seconds now_;
};

std::string shown(Seconds time) {
  std::tm parts{};
  const std::time_t value = time;
  ::gmtime_r(&value, &parts);
  char text[80];
  std::snprintf(text, sizeof(text), "%04d-%02d-%02d %02d:%02d:%02d", parts.tm_year + 1900, parts.tm_mon + 1,
                parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec);
  return text;
}

}  // namespace

std::optional<std::chrono::sys_seconds> time_of(std::string text) {
  const auto time = absolute(std::move(text));
  if (!time) return std::nullopt;
  return std::chrono::sys_seconds(std::chrono::seconds(*time));
}

std::vector<Placeholder> placeholders(std::string_view sql) {
  std::vector<Placeholder> out;
  for (std::size_t at = 0; at < sql.size();) {
    if (const auto end = after_quoted(sql, at); end != at) {
      at = end;
      continue;
    }
    if (sql[at] == '{')
      if (auto found = placeholder(sql.substr(at)))
        if (std::ranges::none_of(out, [&](const Placeholder& one) { return one.name == found->name; }))
          out.push_back(std::move(*found));
    ++at;
  }
  return out;
}

bool is_time(std::string_view type) { return type.starts_with("DateTime"); }

Result<Values, std::string> resolve(const std::vector<Placeholder>& placeholders, const Values& values,
                                    std::chrono::system_clock::time_point now) {
  const Times times(placeholders, values, std::chrono::system_clock::to_time_t(now));
  Values out = values;
  for (const Placeholder& wanted : placeholders) {
    const auto given = values.find(wanted.name);
    if (given == values.end()) continue;
    if (!fits(wanted.type, given->second))
      return failure(wanted.name + ": \"" + given->second + "\" is no number of type " + wanted.type);
    if (!is_time(wanted.type)) continue;
    const auto time = times.of(given->second);
    if (!time)
      return failure(wanted.name + ": \"" + given->second +
                     "\" is no time; it takes \"2026-11-21 12:00\" (UTC), now, now-1h or the like");
    out[wanted.name] = shown(*time);
  }
  return out;
}

}  // namespace sluice::query
