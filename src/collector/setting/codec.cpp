#include "setting/codec.hpp"

#include "util/clock.hpp"

namespace sluice::setting {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// V is what the setting holds: `to` makes it of a duration, or refuses; `from` undoes that.
template <class V>
Codec<V> as_duration(milliseconds low, milliseconds high, const char* form,
                     std::optional<V> (*to)(milliseconds), milliseconds (*from)(const V&)) {
  const std::string range = " from " + format_duration(low) + " to " + format_duration(high);
  const auto read = [=](std::string_view text) {
    const auto value = parse_duration(text);
    return value && *value >= low && *value <= high ? to(*value) : std::nullopt;
  };
  return {"duration" + range, "it takes a duration" + range + form, read,
          [=](const V& value) { return format_duration(from(value)); },
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

constexpr const char* kWholeSeconds = " in whole seconds, such as 10s, 5m, 24h or 30d";

std::optional<seconds> whole(milliseconds value) {
  const auto out = std::chrono::duration_cast<seconds>(value);
  return out == value ? std::optional(out) : std::nullopt;
}

}  // namespace

Codec<std::uint64_t> size(std::uint64_t low, std::uint64_t high, const std::string& zero) {
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

Codec<milliseconds> duration(milliseconds low, milliseconds high) {
  return as_duration<milliseconds>(
      low, high, ", such as 250ms, 10s or 5m", [](milliseconds value) { return std::optional(value); },
      [](const milliseconds& value) { return value; });
}

Codec<seconds> whole_seconds(seconds low, seconds high) {
  return as_duration<seconds>(low, high, kWholeSeconds, whole,
                              [](const seconds& value) { return milliseconds(value); });
}

Codec<std::uint64_t> seconds_as_ns(seconds low, seconds high) {
  return as_duration<std::uint64_t>(
      low, high, kWholeSeconds,
      [](milliseconds value) -> std::optional<std::uint64_t> {
        const auto out = whole(value);
        if (!out) return std::nullopt;
        return static_cast<std::uint64_t>(out->count()) * kNsPerSecond;
      },
      [](const std::uint64_t& ns) {
        return milliseconds(seconds(static_cast<std::int64_t>(ns / kNsPerSecond)));
      });
}

Codec<std::string> word(const std::vector<std::string_view>& words) {
  std::vector<std::string> texts(words.begin(), words.end());
  return {join_or(texts),
          "it takes " + join_or(texts),
          [texts](std::string_view text) -> std::optional<std::string> {
            for (const std::string& word : texts)
              if (word == text) return word;
            return std::nullopt;
          },
          [](const std::string& value) { return value; },
          {}};
}

Codec<bool> boolean() {
  return {"true or false",
          "it takes true or false",
          [](std::string_view text) { return parse_boolean(text); },
          [](const bool& value) { return std::string(value ? "true" : "false"); },
          {}};
}

Codec<std::string> text(std::string type, const std::string& what,
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

Codec<std::string> file_path() {
  return text("path", "the path of a file", [](std::string_view) { return true; });
}

}  // namespace sluice::setting
