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

#include "setting/text.hpp"
#include "sluice/util/words.hpp"

namespace sluice::setting {

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
Codec<std::uint64_t> size(std::uint64_t low, std::uint64_t high, const std::string& zero = "");

Codec<std::chrono::milliseconds> duration(std::chrono::milliseconds low, std::chrono::milliseconds high);
/// Whole seconds only, as the next one.
Codec<std::chrono::seconds> whole_seconds(std::chrono::seconds low, std::chrono::seconds high);
/// Held in nanoseconds.
Codec<std::uint64_t> seconds_as_ns(std::chrono::seconds low, std::chrono::seconds high);

/// 0 of the codec stands for "not set".
template <class V>
Codec<std::optional<V>> zero_for_none(const Codec<V>& codec) {
  return {codec.type, codec.wants,
          [codec](std::string_view text) -> std::optional<std::optional<V>> {
            const std::optional<V> value = codec.parse(text);
            if (!value) return std::nullopt;
            return *value == V{} ? std::optional<V>() : value;
          },
          [codec](const std::optional<V>& value) { return codec.format(value.value_or(V{})); }, codec.hint};
}

/// One of several words, in the order of the reference.
template <class V>
Codec<V> choice(std::vector<Word<V>> words) {
  std::vector<std::string> texts;
  for (const Word<V>& word : words) texts.emplace_back(word.text);
  return {join_or(texts),
          "it takes " + join_or(texts),
          [words](std::string_view text) -> std::optional<V> {
            for (const Word<V>& word : words)
              if (word.text == text) return word.value;
            return std::nullopt;
          },
          [words](const V& value) {
            for (const Word<V>& word : words)
              if (word.value == value) return std::string(word.text);
            return std::string{};
          },
          {}};
}
template <class V, std::size_t N>
Codec<V> choice(const Words<V, N>& words) {
  return choice(std::vector(words.begin(), words.end()));
}

/// A choice whose value is the word itself.
Codec<std::string> word(const std::vector<std::string_view>& words);

Codec<bool> boolean();

/// Text that `valid` accepts; `what` completes "it takes ".
Codec<std::string> text(std::string type, const std::string& what,
                        std::function<bool(std::string_view)> valid);
/// The path of a file, or "".
Codec<std::string> file_path();

}  // namespace sluice::setting
