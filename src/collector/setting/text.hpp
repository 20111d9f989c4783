#pragma once
// Numbers, sizes, durations and words as settings write them, both ways, and the help of error messages.
#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::setting {

/// Digits only: no sign, no blank, no underscore.
std::optional<std::uint64_t> parse_integer(std::string_view text);
/// "64KB", "32MiB", "1gb" (all of 1024) or plain bytes.
std::optional<std::uint64_t> parse_size(std::string_view text);
std::string format_size(std::uint64_t bytes);
/// "250ms", "10s", "5m", "24h", "30d"; the unit is demanded.
std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);
std::string format_duration(std::chrono::milliseconds duration);
/// true, yes, on; false, no, off; in any case of letters.
std::optional<bool> parse_boolean(std::string_view text);
/// Valid UTF-8 without control characters: it goes into messages, labels and file names.
bool is_clean_text(std::string_view text);

/// Letters of ASCII, digits and the characters of `extra` only.
bool made_of(std::string_view text, std::string_view extra);

/// In quotes, shortened and without control characters, for a message.
std::string quote(std::string_view text);
/// "a, b or c".
std::string join_or(std::span<const std::string> words);
/// The candidate nearest to the word, where one is near enough to be meant.
std::optional<std::string> nearest(std::string_view word, std::span<const std::string> candidates);

/// Replaces ${NAME} and ${NAME:-default}; "$${" stands for "${". What went wrong, if anything, in `problem`.
/// `get` gives nullptr where the variable is not set.
template <class Get>
std::string substitute(std::string_view text, const Get& get, std::optional<std::string>& problem);
/// So that substitute() gives the text back.
std::string escape_substitution(std::string_view text);

// --- implementation of the template

/// One ${...} taken apart.
struct Placeholder {
  std::string name;
  std::optional<std::string> fallback;
  std::size_t length = 0;  ///< of the whole, braces included
};
/// `text` begins with "${"; nothing where it is malformed.
std::optional<Placeholder> parse_placeholder(std::string_view text);

template <class Get>
std::string substitute(std::string_view text, const Get& get, std::optional<std::string>& problem) {
  std::string out;
  while (!text.empty()) {
    if (text.starts_with("$${")) {
      out += "${";
      text.remove_prefix(3);
    } else if (text.starts_with("${")) {
      const auto placeholder = parse_placeholder(text);
      if (!placeholder) {
        problem = "has a ${ that is not ${NAME} or ${NAME:-default}; write $${ for the characters themselves";
        return out;
      }
      const std::string* value = get(placeholder->name);
      if (value != nullptr && (!value->empty() || !placeholder->fallback)) {
        out += *value;
      } else if (placeholder->fallback) {
        out += *placeholder->fallback;
      } else {
        problem = "needs the environment variable " + placeholder->name +
                  ", which is not set; set it or write ${" + placeholder->name + ":-default}";
        return out;
      }
      text.remove_prefix(placeholder->length);
    } else {
      out += text.front();
      text.remove_prefix(1);
    }
  }
  return out;
}

}  // namespace sluice::setting
