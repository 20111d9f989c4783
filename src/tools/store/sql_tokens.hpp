#pragma once
// ClickHouse's SQL as words, names, quoted texts and marks: comments are passed over. Only as exact as needed
// to find clauses; what is not to be fooled looks at text that the engine has formatted.
#include <cstddef>
#include <string_view>

namespace sluice::store {

struct Token {
  enum class Type { end, word, quoted, name, mark } type = Type::end;  // name: quoted by ` or "
  std::size_t begin = 0;
  std::size_t end = 0;
  std::string_view text;

  bool is(std::string_view upper) const;
  bool is(char mark) const { return type == Type::mark && text.front() == mark; }
  bool is_name() const { return type == Type::word || type == Type::name; }
};

/// Borrows from the text. A value: a copy looks ahead.
class Tokens {
 public:
  explicit Tokens(std::string_view text) : text_(text) {}

  Token next();
  /// The next one that is outside of brackets; brackets themselves are passed over with what is in them.
  Token next_outside();

 private:
  Token make(Token::Type type, std::size_t begin) const;
  Token quoted_by(char quote, Token::Type type);
  bool heredoc();
  void skip();

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace sluice::store
