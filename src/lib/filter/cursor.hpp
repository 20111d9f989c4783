#pragma once
// Where a parser stands in a filter's tokens, and the first error that was met.
#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "filter/expectation.hpp"
#include "filter/lexer.hpp"
#include "filter/parser.hpp"
#include "filter/words.hpp"

namespace sluice::filter {

class Cursor {
 public:
  /// Borrows the text.
  explicit Cursor(std::string_view text) : tokens_(tokens(text)) {}

  const Token& peek(std::size_t ahead = 0) const {
    return tokens_[std::min(at_ + ahead, tokens_.size() - 1)];
  }
  const Token& take() {
    const Token& token = peek();
    if (token.kind != Token::Kind::end) ++at_;
    return token;
  }
  void skip(std::size_t count) {
    while (count-- > 0) take();
  }
  bool at_word(std::string_view word, std::size_t ahead = 0) const {
    return peek(ahead).kind == Token::Kind::word && same_word(peek(ahead).text, word);
  }
  /// One of the words and symbols, which is passed over.
  bool take_any(std::initializer_list<std::string_view> spellings) {
    for (const std::string_view spelling : spellings)
      if (at_word(spelling) || peek().is(spelling)) return take(), true;
    return false;
  }

  /// Remembers that this was tried where the text has ended.
  void expect(Expectation::What what, const Quantity* quantity = nullptr) const {
    const Expectation one{what, quantity};
    if (peek().kind == Token::Kind::end &&
        std::find(expected_.begin(), expected_.end(), one) == expected_.end())
      expected_.push_back(one);
  }
  const std::vector<Expectation>& expected() const { return expected_; }

  /// Keeps the first error only. Always nothing, for `return cursor.fail(...)`.
  std::nullopt_t fail(const Token& at, std::string text) { return fail(at.from, at.to, std::move(text)); }
  std::nullopt_t fail(std::size_t from, std::size_t to, std::string text) {
    if (!error_) error_ = Error{from, to, std::move(text)};
    return std::nullopt;
  }
  const std::optional<Error>& error() const { return error_; }

  /// Puts the error aside and stands at the next `and`, `or` or `)` of this bracket, or at the end. False
  /// where there were enough of them, and it stays.
  bool recover() {
    if (!error_ || passed_.size() + 1 >= kMostErrors) return false;
    passed_.push_back(std::move(*error_));
    error_.reset();
    for (std::size_t depth = 0; peek().kind != Token::Kind::end; take()) {
      if (depth == 0 && (at_joint() || peek().is(")"))) break;
      if (peek().is("(")) ++depth;
      if (peek().is(")")) --depth;
    }
    return true;
  }
  /// Those that were put aside, and the one that was not.
  std::vector<Error> all_errors() const {
    std::vector<Error> out = passed_;
    if (error_) out.push_back(*error_);
    return out;
  }

 private:
  bool at_joint() const { return at_word("and") || at_word("or") || peek().is("&&") || peek().is("||"); }

  std::vector<Token> tokens_;
  std::size_t at_ = 0;
  std::optional<Error> error_;
  std::vector<Error> passed_;
  mutable std::vector<Expectation> expected_;  ///< of what only looks too
};

/// "'prt'", or "the end".
inline std::string shown(const Token& token) {
  if (token.kind == Token::Kind::end) return "the end";
  constexpr std::size_t kShown = 40;
  return "'" + std::string(token.text.substr(0, kShown)) + "'";
}

}  // namespace sluice::filter
