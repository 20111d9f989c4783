#pragma once
// Checks of option values, each with a sentence of its own for a value that cannot be, and how what is wrong
// is said.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "cli/command.hpp"
#include "sluice/util/words.hpp"

namespace sluice::cli {

/// A finite number of at least `least`, or above it.
Check number_from(double least);
Check number_above(double least);
/// A whole number in decimal from `least` to `most`.
Check whole_number(std::uint64_t least, std::uint64_t most);
Check one_of(std::vector<std::string> choices);
/// The words of a table, the default in front.
template <class E, std::size_t N>
std::vector<std::string> words_from(E usual, const Words<E, N>& words) {
  std::vector<std::string> out{std::string(word_of(words, usual))};
  for (const Word<E>& word : words)
    if (word.value != usual) out.emplace_back(word.text);
  return out;
}
/// "json|protobuf"
std::string alternatives(const std::vector<std::string>& words);
Check ip_address();

/// "sluice decode: what is wrong; see `sluice decode --help`" on stderr; returns kMistake.
int mistake(std::string_view command, std::string_view sentence);
/// "sluice decode: what failed" on stderr; returns kFailed.
int failed(std::string_view command, std::string_view sentence);

std::string in_quotes(const std::string& text);
/// "a, b or c"
std::string listed(const std::vector<std::string>& names);

}  // namespace sluice::cli
