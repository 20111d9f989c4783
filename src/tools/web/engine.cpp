#include "web/engine.hpp"

#include <algorithm>
#include <charconv>
#include <vector>

#include "query/choose_table.hpp"
#include "sluice/util/words.hpp"

namespace sluice::web {
namespace {

using std::chrono::days;
using std::chrono::seconds;

constexpr Words<seconds, 8> kIntervals{{{"Second", seconds(1)},
                                        {"Minute", seconds(60)},
                                        {"Hour", seconds(3600)},
                                        {"Day", days(1)},
                                        {"Week", days(7)},
                                        {"Month", days(30)},
                                        {"Quarter", days(91)},
                                        {"Year", days(365)}}};

/// The text with what stands in quotes or brackets blanked out, so that words and commas are those outside.
std::string outside(std::string_view text, bool brackets) {
  std::string out(text);
  char quote = 0;
  int depth = 0;
  for (std::size_t i = 0; i < out.size(); ++i) {
    const char c = out[i];
    const bool inner = quote != 0 || depth > 0;
    if (quote != 0 && c == '\\') {
      out[i++] = ' ';
      if (i < out.size()) out[i] = ' ';
      continue;
    }
    if (quote != 0)
      quote = c == quote ? char{0} : quote;
    else if (c == '\'' || c == '`' || c == '"')
      quote = c;
    else if (brackets && c == '(')
      ++depth;
    else if (brackets && c == ')')
      --depth;
    if (inner || quote != 0) out[i] = ' ';
  }
  return out;
}

/// "toDate(time) + toIntervalDay(30)" of "... TTL toDate(time) + toIntervalDay(30) SETTINGS ...", split at
/// its commas.
std::vector<std::string_view> lifetimes(std::string_view engine_full) {
  constexpr std::string_view kBegin = " TTL ";
  const std::string plain = outside(engine_full, true);
  const std::size_t begin = plain.find(kBegin);
  if (begin == std::string::npos) return {};
  const std::size_t end = std::min(plain.find(" SETTINGS ", begin), plain.size());
  std::vector<std::string_view> out;
  for (std::size_t at = begin + kBegin.size(); at < end;) {
    const std::size_t comma = std::min(plain.find(',', at), end);
    out.push_back(engine_full.substr(at, comma - at));
    at = comma + 1;
  }
  return out;
}

/// Rows that are moved, packed or summed up are still there; so are some where there is a condition.
bool deletes_all(std::string_view lifetime) {
  const std::string plain = outside(lifetime, false);
  return std::ranges::none_of(
      std::to_array<std::string_view>({" TO ", " RECOMPRESS ", " GROUP BY ", " WHERE "}),
      [&](std::string_view word) { return plain.find(word) != std::string::npos; });
}

/// Of "toDate(time) + toIntervalDay(30)".
std::optional<seconds> length_of(std::string_view lifetime) {
  constexpr std::string_view kBegin = " + toInterval";
  const std::size_t begin = lifetime.find(kBegin);
  if (begin == std::string_view::npos) return std::nullopt;
  const std::string_view rest = lifetime.substr(begin + kBegin.size());
  const std::size_t open = rest.find('(');
  const auto unit = value_of(kIntervals, rest.substr(0, open));
  std::uint32_t count = 0;
  const char* const end = rest.data() + rest.size();
  if (!unit) return std::nullopt;
  const auto [stop, error] = std::from_chars(rest.data() + open + 1, end, count);
  if (error != std::errc{} || stop == end || *stop != ')') return std::nullopt;
  if (std::string_view(stop, end).find(" + ") != std::string_view::npos) return std::nullopt;
  return std::min<seconds>(*unit * static_cast<std::int64_t>(count), query::kForGood);
}

}  // namespace

std::optional<seconds> kept_by(std::string_view engine_full) {
  if (engine_full.substr(0, engine_full.find_first_of("( ")).find("MergeTree") == std::string_view::npos)
    return std::nullopt;
  seconds out = query::kForGood;
  for (const std::string_view lifetime : lifetimes(engine_full)) {
    if (!deletes_all(lifetime)) continue;
    const auto length = length_of(lifetime);
    if (!length) return std::nullopt;
    out = std::min(out, *length);
  }
  return out;
}

std::optional<Behind> behind(std::string_view engine_full) {
  constexpr std::string_view kBegin = "Distributed(";
  if (!engine_full.starts_with(kBegin)) return std::nullopt;
  std::string_view rest = engine_full.substr(kBegin.size());
  std::vector<std::string> names;
  while (names.size() < 3) {
    const std::size_t end = rest.starts_with('\'') ? rest.find('\'', 1) : std::string_view::npos;
    if (end == std::string_view::npos) return std::nullopt;
    names.emplace_back(rest.substr(1, end - 1));
    rest.remove_prefix(end + 1);
    if (rest.starts_with(", ")) rest.remove_prefix(2);
  }
  return Behind{names[0], names[1], names[2]};
}

}  // namespace sluice::web
