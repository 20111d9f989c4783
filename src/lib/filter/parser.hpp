#pragma once
// The filter language: nfdump's, and `field op value` beside it (docs/filter.md has the grammar). Any thread.
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "filter/expression.hpp"
#include "sluice/util/result.hpp"

namespace sluice::filter {

/// One clear sentence, and the bytes of the text that it is about.
struct Error {
  std::size_t from = 0;
  std::size_t to = 0;
  std::string text;
};

/// Bounds of what is read; beyond is an error. A filter may come from a browser.
inline constexpr std::size_t kLongestText = 1 << 16;  ///< bytes
inline constexpr std::size_t kDeepest = 100;          ///< brackets and negations within each other

/// The empty text is every flow.
Result<Expression, Error> parse(std::string_view text);

/// All that is wrong, at most kMostErrors: behind each the parser goes on at the next `and`, `or` or `)`. The
/// first is that of parse(); empty where that has none.
inline constexpr std::size_t kMostErrors = 10;
std::vector<Error> errors_in(std::string_view text);

/// "at 'prt' (character 5): ..." for a message on one line.
std::string describe(std::string_view text, const Error& error);

}  // namespace sluice::filter
