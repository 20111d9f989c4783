#include "filter/lexer.hpp"

#include <algorithm>
#include <cctype>

namespace sluice::filter {
namespace {

bool in_word(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) || c == '_' || c == ':' || c == '.' || c == '-' ||
         c == '@' || c == '%' || static_cast<unsigned char>(c) >= 0x80;
}

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

constexpr std::string_view kTwo[] = {"&&", "||", "==", "!=", "<=", ">=", "<<"};

/// The token that begins at `from`, which is no space and no comment.
Token next(std::string_view text, std::size_t from) {
  const char c = text[from];
  if (c == '\'' || c == '"') {
    const std::size_t close = text.find(c, from + 1);
    if (close == std::string_view::npos) return {Token::Kind::open, text.substr(from), from, text.size()};
    return {Token::Kind::quoted, text.substr(from + 1, close - from - 1), from, close + 1};
  }
  if (in_word(c)) {
    const auto* end = std::find_if_not(text.begin() + from, text.end(), in_word);
    const auto to = static_cast<std::size_t>(end - text.begin());
    return {Token::Kind::word, text.substr(from, to - from), from, to};
  }
  const std::string_view two = text.substr(from, 2);
  const std::size_t length = std::find(std::begin(kTwo), std::end(kTwo), two) != std::end(kTwo) ? 2 : 1;
  return {Token::Kind::symbol, text.substr(from, length), from, from + length};
}

}  // namespace

std::vector<Token> tokens(std::string_view text) {
  std::vector<Token> out;
  for (std::size_t at = 0; at < text.size();) {
    if (is_space(text[at])) {
      ++at;
    } else if (text[at] == '#') {
      at = std::min(text.find('\n', at), text.size());
    } else {
      out.push_back(next(text, at));
      at = out.back().to;
    }
  }
  out.push_back({Token::Kind::end, {}, text.size(), text.size()});
  return out;
}

}  // namespace sluice::filter
