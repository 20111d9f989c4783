#include "setting/text.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <limits>
#include <utility>

namespace sluice::setting {
namespace {

struct Unit {
  std::string_view name;
  std::uint64_t factor;
};

constexpr std::array<Unit, 8> kSizes{{{"TB", 1ULL << 40},
                                      {"GB", 1ULL << 30},
                                      {"MB", 1ULL << 20},
                                      {"KB", 1ULL << 10},
                                      {"TIB", 1ULL << 40},
                                      {"GIB", 1ULL << 30},
                                      {"MIB", 1ULL << 20},
                                      {"KIB", 1ULL << 10}}};
constexpr std::array<Unit, 5> kDurations{
    {{"d", 86'400'000}, {"h", 3'600'000}, {"m", 60'000}, {"s", 1000}, {"ms", 1}}};

std::string upper(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return out;
}

std::optional<std::uint64_t> scaled(std::uint64_t number, std::uint64_t factor) {
  if (number > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()) / factor)
    return std::nullopt;
  return number * factor;
}

/// The number in front and what follows it.
std::pair<std::string_view, std::string_view> split_digits(std::string_view text) {
  const auto end = std::min(text.find_first_not_of("0123456789"), text.size());
  return {text.substr(0, end), text.substr(end)};
}

/// Edits (insert, delete, replace, swap neighbours) from a to b.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::vector<std::size_t>> d(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) d[i][0] = i;
  for (std::size_t j = 0; j <= b.size(); ++j) d[0][j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    for (std::size_t j = 1; j <= b.size(); ++j) {
      d[i][j] =
          std::min({d[i - 1][j] + 1, d[i][j - 1] + 1, d[i - 1][j - 1] + (a[i - 1] != b[j - 1] ? 1 : 0)});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        d[i][j] = std::min(d[i][j], d[i - 2][j - 2] + 1);
    }
  }
  return d[a.size()][b.size()];
}

/// Length of the UTF-8 sequence at the front, 0 where it is none (RFC 3629: no overlong forms, no
/// surrogates).
std::size_t utf8_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
  const auto tail = [&](std::size_t i) { return (byte(i) & 0xc0U) == 0x80U; };
  const unsigned first = byte(0);
  if (first < 0x80) return 1;
  if (first >= 0xc2 && first <= 0xdf) return tail(1) ? 2 : 0;
  if (first >= 0xe0 && first <= 0xef) {
    if ((first == 0xe0 && byte(1) < 0xa0) || (first == 0xed && byte(1) > 0x9f)) return 0;
    return tail(1) && tail(2) ? 3 : 0;
  }
  if (first >= 0xf0 && first <= 0xf4) {
    if ((first == 0xf0 && byte(1) < 0x90) || (first == 0xf4 && byte(1) > 0x8f)) return 0;
    return tail(1) && tail(2) && tail(3) ? 4 : 0;
  }
  return 0;
}

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

}  // namespace

std::optional<std::uint64_t> parse_integer(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<std::uint64_t> parse_size(std::string_view text) {
  const auto [digits, unit] = split_digits(text);
  const auto number = parse_integer(digits);
  if (!number) return std::nullopt;
  if (unit.empty()) return scaled(*number, 1);
  const std::string name = upper(unit);
  const auto found =
      std::find_if(kSizes.begin(), kSizes.end(), [&](const Unit& u) { return u.name == name; });
  return found == kSizes.end() ? std::nullopt : scaled(*number, found->factor);
}

std::string format_size(std::uint64_t bytes) {
  for (const Unit& unit : kSizes)
    if (bytes >= unit.factor && bytes % unit.factor == 0)
      return std::to_string(bytes / unit.factor) + std::string(unit.name);
  return std::to_string(bytes);
}

std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) {
  const auto [digits, unit] = split_digits(text);
  const auto number = parse_integer(digits);
  const auto found =
      std::find_if(kDurations.begin(), kDurations.end(), [u = unit](const Unit& d) { return d.name == u; });
  if (!number || found == kDurations.end()) return std::nullopt;
  const auto value = scaled(*number, found->factor);
  if (!value) return std::nullopt;
  return std::chrono::milliseconds(static_cast<std::int64_t>(*value));
}

std::string format_duration(std::chrono::milliseconds duration) {
  const auto count = static_cast<std::uint64_t>(duration.count());
  if (count == 0) return "0s";
  for (const Unit& unit : kDurations) {
    // One day is said as 24h, as people do.
    if (unit.name == "d" && count == unit.factor) continue;
    if (count % unit.factor == 0) return std::to_string(count / unit.factor) + std::string(unit.name);
  }
  return {};
}

std::optional<bool> parse_boolean(std::string_view text) {
  const std::string word = upper(text);
  if (word == "TRUE" || word == "YES" || word == "ON") return true;
  if (word == "FALSE" || word == "NO" || word == "OFF") return false;
  return std::nullopt;
}

bool is_clean_text(std::string_view text) {
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    if (length == 0 || is_control(text.front())) return false;
    text.remove_prefix(length);
  }
  return true;
}

bool made_of(std::string_view text, std::string_view extra) {
  return std::all_of(text.begin(), text.end(), [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           extra.find(c) != std::string_view::npos;
  });
}

std::string quote(std::string_view text) {
  constexpr std::size_t kShown = 80;
  std::string out(text.substr(0, kShown));
  if (!is_clean_text(out))
    for (char& c : out)
      if (is_control(c) || static_cast<unsigned char>(c) >= 0x80) c = '?';
  if (text.size() > kShown) out += "...";
  return "\"" + out + "\"";
}

std::string join_or(std::span<const std::string> words) {
  std::string out;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i > 0) out += i + 1 == words.size() ? " or " : ", ";
    out += words[i];
  }
  return out;
}

std::optional<std::string> nearest(std::string_view word, std::span<const std::string> candidates) {
  // A third of the letters wrong is a slip; more is another word.
  std::size_t best = std::max<std::size_t>(1, word.size() / 3) + 1;
  std::optional<std::string> found;
  std::string lower(word.substr(0, 100));
  for (char& c : lower) c = c == '-' ? '_' : static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  for (const std::string& candidate : candidates) {
    std::string folded(candidate);
    for (char& c : folded)
      c = c == '-' ? '_' : static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    if (const std::size_t d = distance(lower, folded); d < best) {
      best = d;
      found = candidate;
    }
  }
  return found;
}

std::optional<Placeholder> parse_placeholder(std::string_view text) {
  const auto close = text.find('}');
  if (close == std::string_view::npos) return std::nullopt;
  std::string_view inside = text.substr(2, close - 2);
  Placeholder out;
  out.length = close + 1;
  if (const auto split = inside.find(":-"); split != std::string_view::npos) {
    out.fallback = std::string(inside.substr(split + 2));
    inside = inside.substr(0, split);
  }
  const auto name_char = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; };
  if (inside.empty() || std::isdigit(static_cast<unsigned char>(inside.front())) != 0 ||
      !std::all_of(inside.begin(), inside.end(), name_char))
    return std::nullopt;
  out.name = std::string(inside);
  return out;
}

std::string escape_substitution(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    if (text.starts_with("${")) out += '$';
    out += text.front();
    text.remove_prefix(1);
  }
  return out;
}

}  // namespace sluice::setting
