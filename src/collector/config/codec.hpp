#pragma once
// How one kind of value is read from text and written back: a codec knows its words for the reference and for
// error messages, so both come from the same limits.
#include <chrono>
#include <concepts>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/text.hpp"

namespace sluice::config {

template <class V>
struct Codec {
  std::string type;   ///< "integer from 1 to 1024"
  std::string wants;  ///< "it takes a whole number from 1 to 1024"
  std::function<std::optional<V>(std::string_view)> parse;
  std::function<std::string(const V&)> format;
  /// More to say about a text that was refused; may be empty.
  std::function<std::string(std::string_view)> hint;
};

template <std::unsigned_integral V>
Codec<V> integer(std::uint64_t low, std::uint64_t high) {
  const std::string range = " from " + std::to_string(low) + " to " + std::to_string(high);
  return {"integer" + range,
          "it takes a whole number" + range,
          [=](std::string_view text) -> std::optional<V> {
            const auto value = parse_integer(text);
            if (!value || *value < low || *value > high) return std::nullopt;
            return static_cast<V>(*value);
          },
          [](const V& value) { return std::to_string(value); },
          {}};
}

/// `zero`: what 0 means where 0 is allowed below `low`, else "".
inline Codec<std::uint64_t> size(std::uint64_t low, std::uint64_t high, const std::string& zero = "") {
  const std::string range = " from " + format_size(low) + " to " + format_size(high);
  const bool zero_allowed = !zero.empty();
  const std::string also = zero_allowed ? " or 0 (" + zero + ")" : "";
  return {"size" + range + also,
          "it takes a size" + range + also + ", such as 64KB, 32MB or a plain number of bytes",
          [=](std::string_view text) -> std::optional<std::uint64_t> {
            const auto value = parse_size(text);
            if (value && *value == 0 && zero_allowed) return 0;
            if (!value || *value < low || *value > high) return std::nullopt;
            return value;
          },
          [](const std::uint64_t& value) { return format_size(value); },
          {}};
}

/// V is Milliseconds or Seconds; the latter takes whole seconds only.
template <class V>
Codec<V> duration(V low, V high) {
  constexpr bool kSeconds = std::same_as<V, std::chrono::seconds>;
  const std::string range = " from " + format_duration(low) + " to " + format_duration(high);
  return {"duration" + range,
          "it takes a duration" + range +
              (kSeconds ? " in whole seconds, such as 10s, 5m, 24h or 30d" : ", such as 250ms, 10s or 5m"),
          [=](std::string_view text) -> std::optional<V> {
            const auto value = parse_duration(text);
            if (!value || *value < low || *value > high) return std::nullopt;
            const auto whole = std::chrono::duration_cast<V>(*value);
            return whole == *value ? std::optional(whole) : std::nullopt;
          },
          [](const V& value) { return format_duration(value); },
          [=](std::string_view text) -> std::string {
            if (!parse_integer(text)) return {};
            // The unit that makes it a value that would be taken.
            std::string example = std::string(text) + "s";
            for (const char* unit : {"h", "m", "ms", "s"}) {
              const auto value = parse_duration(std::string(text) + unit);
              if (value && *value >= low && *value <= high) example = std::string(text) + unit;
            }
            return "add a unit (ms, s, m, h or d), such as " + example;
          }};
}

/// One of several words; `names` in the order of the reference.
template <class V>
Codec<V> choice(std::vector<std::pair<std::string, V>> names) {
  std::vector<std::string> words;
  for (const auto& [name, value] : names) words.push_back(name);
  return {join_or(words),
          "it takes " + join_or(words),
          [names](std::string_view text) -> std::optional<V> {
            for (const auto& [name, value] : names)
              if (name == text) return value;
            return std::nullopt;
          },
          [names](const V& value) {
            for (const auto& [name, candidate] : names)
              if (candidate == value) return name;
            return std::string{};
          },
          {}};
}

/// A choice whose value is the word itself.
inline Codec<std::string> word(const std::vector<std::string>& words) {
  std::vector<std::pair<std::string, std::string>> names;
  for (const std::string& w : words) names.emplace_back(w, w);
  return choice<std::string>(std::move(names));
}

inline Codec<bool> boolean() {
  return {"true or false",
          "it takes true or false",
          [](std::string_view text) { return parse_boolean(text); },
          [](const bool& value) { return std::string(value ? "true" : "false"); },
          {}};
}

/// Text that `valid` accepts; `what` completes "it takes ".
inline Codec<std::string> text(std::string type, const std::string& what,
                               std::function<bool(std::string_view)> valid) {
  return {std::move(type),
          "it takes " + what,
          [valid = std::move(valid)](std::string_view given) -> std::optional<std::string> {
            if (!is_clean_text(given) || !valid(given)) return std::nullopt;
            return std::string(given);
          },
          [](const std::string& value) { return value; },
          {}};
}

}  // namespace sluice::config
