#include "store/sql_tokens.hpp"

#include <algorithm>
#include <cctype>

namespace sluice::store {
namespace {

bool is_space(char c) { return std::isspace(static_cast<unsigned char>(c)) != 0; }
bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '$'; }

bool same_word(std::string_view given, std::string_view upper) {
  return std::ranges::equal(given, upper,
                            [](char a, char b) { return std::toupper(static_cast<unsigned char>(a)) == b; });
}

}  // namespace

bool Token::is(std::string_view upper) const { return type == Type::word && same_word(text, upper); }

Token Tokens::next() {
  skip();
  const std::size_t begin = at_;
  if (at_ >= text_.size()) return make(Token::Type::end, begin);
  const char c = text_[at_];
  if (c == '\'') return quoted_by(c, Token::Type::quoted);
  if (c == '`' || c == '"') return quoted_by(c, Token::Type::name);
  if (c == '$' && heredoc()) return make(Token::Type::quoted, begin);
  if (is_word(c)) {
    while (at_ < text_.size() && is_word(text_[at_])) ++at_;
    return make(Token::Type::word, begin);
  }
  ++at_;
  return make(Token::Type::mark, begin);
}

Token Tokens::next_outside() {
  int depth = 0;
  for (Token token = next();; token = next()) {
    if (token.type == Token::Type::end) return token;
    if (token.is('(') || token.is('[') || token.is('{')) {
      ++depth;
    } else if (token.is(')') || token.is(']') || token.is('}')) {
      depth = std::max(0, depth - 1);
    } else if (depth == 0) {
      return token;
    }
  }
}

Token Tokens::make(Token::Type type, std::size_t begin) const {
  return {.type = type, .begin = begin, .end = at_, .text = text_.substr(begin, at_ - begin)};
}

Token Tokens::quoted_by(char quote, Token::Type type) {
  const std::size_t begin = at_++;
  while (at_ < text_.size() && text_[at_] != quote) at_ += text_[at_] == '\\' ? 2 : 1;
  at_ = std::min(at_ + 1, text_.size());
  return make(type, begin);
}

/// $tag$ ... $tag$
bool Tokens::heredoc() {
  std::size_t tag_end = at_ + 1;
  while (tag_end < text_.size() && text_[tag_end] != '$' && is_word(text_[tag_end])) ++tag_end;
  if (tag_end >= text_.size() || text_[tag_end] != '$') return false;
  const std::string_view tag = text_.substr(at_, tag_end + 1 - at_);
  const std::size_t close = text_.find(tag, tag_end + 1);
  if (close == std::string_view::npos) return false;
  at_ = close + tag.size();
  return true;
}

void Tokens::skip() {
  while (at_ < text_.size()) {
    const std::string_view rest = text_.substr(at_);
    if (is_space(rest.front())) {
      ++at_;
    } else if (rest.starts_with("--") || rest.starts_with("#!") || rest.starts_with("# ")) {
      at_ = std::min(text_.find('\n', at_), text_.size());
    } else if (rest.starts_with("/*")) {
      const std::size_t close = text_.find("*/", at_ + 2);
      at_ = close == std::string_view::npos ? text_.size() : close + 2;
    } else {
      return;
    }
  }
}

}  // namespace sluice::store
