#pragma once
// Values and the words that settings, options and labels know them by: one table for each enum, beside it, in
// the order in which the words are told. Constant data; any thread.
#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

namespace sluice {

template <class E>
struct Word {
  std::string_view text;
  E value;
};

template <class E, std::size_t N>
using Words = std::array<Word<E>, N>;

/// "" where the table has no word for it.
template <class E, std::size_t N>
constexpr std::string_view word_of(const Words<E, N>& words, E value) {
  for (const Word<E>& word : words)
    if (word.value == value) return word.text;
  return {};
}

/// Nothing where the text is none of the words.
template <class E, std::size_t N>
constexpr std::optional<E> value_of(const Words<E, N>& words, std::string_view text) {
  for (const Word<E>& word : words)
    if (word.text == text) return word.value;
  return std::nullopt;
}

}  // namespace sluice
