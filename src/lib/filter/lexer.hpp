#pragma once
// A filter's text as tokens. Borrows the text; any thread.
#include <cstddef>
#include <string_view>
#include <vector>

namespace sluice::filter {

struct Token {
  enum class Kind : unsigned char {
    word,    ///< letters, digits and _ : . - @ %, so numbers, addresses and names
    quoted,  ///< text between ' or ", without them
    symbol,  ///< an operator, a bracket, a comma, /
    open,    ///< a quote that is not closed
    end
  };
  Kind kind = Kind::end;
  std::string_view text;
  std::size_t from = 0;  ///< byte in the filter; a quoted text's is that of its quote
  std::size_t to = 0;

  bool is(std::string_view symbol) const { return kind == Kind::symbol && text == symbol; }
};

/// The last is `end`. Comments, from # to the end of a line, are left out.
std::vector<Token> tokens(std::string_view text);

}  // namespace sluice::filter
