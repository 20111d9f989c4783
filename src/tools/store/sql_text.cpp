#include "store/sql_text.hpp"

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

struct Token {
  enum class Type { end, word, quoted, name, mark } type = Type::end;  // name: quoted by ` or "
  std::size_t begin = 0;
  std::size_t end = 0;
  std::string_view text;

  bool is(std::string_view upper) const { return type == Type::word && same_word(text, upper); }
  bool is(char mark) const { return type == Type::mark && text.front() == mark; }
  bool is_name() const { return type == Type::word || type == Type::name; }
};

class Tokens {
 public:
  explicit Tokens(std::string_view text) : text_(text) {}

  Token next() {
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

  /// The next one that is outside of brackets; brackets themselves are passed over with what is in them.
  Token next_outside() {
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

 private:
  Token make(Token::Type type, std::size_t begin) const {
    return {.type = type, .begin = begin, .end = at_, .text = text_.substr(begin, at_ - begin)};
  }

  Token quoted_by(char quote, Token::Type type) {
    const std::size_t begin = at_++;
    while (at_ < text_.size() && text_[at_] != quote) at_ += text_[at_] == '\\' ? 2 : 1;
    at_ = std::min(at_ + 1, text_.size());
    return make(type, begin);
  }

  /// $tag$ ... $tag$
  bool heredoc() {
    std::size_t tag_end = at_ + 1;
    while (tag_end < text_.size() && text_[tag_end] != '$' && is_word(text_[tag_end])) ++tag_end;
    if (tag_end >= text_.size() || text_[tag_end] != '$') return false;
    const std::string_view tag = text_.substr(at_, tag_end + 1 - at_);
    const std::size_t close = text_.find(tag, tag_end + 1);
    if (close == std::string_view::npos) return false;
    at_ = close + tag.size();
    return true;
  }

  void skip() {
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

  std::string_view text_;
  std::size_t at_ = 0;
};

/// Data begins after the spaces and the one line break that follow the format's name.
std::size_t after_line_break(std::string_view text, std::size_t at) {
  while (at < text.size() && (text[at] == ' ' || text[at] == '\t' || text[at] == '\f')) ++at;
  if (at < text.size() && text[at] == '\r') ++at;
  if (at < text.size() && text[at] == '\n') ++at;
  return at;
}

/// The end of `name = value, name = value`. ClickHouse takes SETTINGS also between a format and its data.
std::size_t end_of_assignments(Tokens tokens, std::size_t at) {
  for (;;) {
    tokens.next();  // name
    Token token = tokens.next();
    while (token.is('.')) {
      tokens.next();
      token = tokens.next();
    }
    if (!token.is('=')) return at;
    token = tokens.next();
    if (token.is('-')) token = tokens.next();
    Tokens ahead = tokens;
    Token following = ahead.next();
    while (following.is('.') && following.begin == token.end) {  // 0.5
      token = ahead.next();
      tokens = ahead;
      following = ahead.next();
    }
    at = token.end;
    if (!following.is(',')) return at;
    tokens = ahead;
  }
}

void read_format(std::string_view text, Tokens tokens, const Token& format, std::size_t clause_begin,
                 Statement& out) {
  out.kind = StatementKind::insert_data;
  out.format = format.text;
  out.insert_head = std::string(text.substr(0, clause_begin));
  std::size_t end = format.end;
  const Token following = tokens.next();
  if (following.is("SETTINGS")) {
    end = end_of_assignments(tokens, following.end);
    out.insert_head.append(text.substr(following.begin, end - following.begin));
  }
  out.data_begin = after_line_break(text, end);
}

/// FORMAT and a name that nothing but the end, SETTINGS or INTO follows: else it is a column of that name.
bool is_format_clause(Tokens tokens, Token& name) {
  name = tokens.next();
  if (name.type != Token::Type::word) return false;
  const Token following = tokens.next();
  return following.type == Token::Type::end || following.is(';') || following.is("SETTINGS") ||
         following.is("INTO");
}

/// The target is passed over before words are looked for: a table may be called `values`.
void skip_target(Tokens& tokens) {
  Tokens ahead = tokens;
  Token token = ahead.next();
  if (token.is("INTO")) token = (tokens = ahead, ahead.next());
  if (token.is("TABLE")) token = (tokens = ahead, ahead.next());
  if (token.is("FUNCTION")) token = (tokens = ahead, ahead.next());
  if (!token.is_name()) return;
  tokens = ahead;
  while (ahead.next().is('.') && ahead.next().is_name()) tokens = ahead;
}

void read_query(Tokens tokens, Statement& out) {
  for (Token token = tokens.next_outside(); token.type != Token::Type::end; token = tokens.next_outside()) {
    Token name;
    Tokens ahead = tokens;
    if (token.is("INTO") && ahead.next().is("OUTFILE")) out.writes_file = true;
    if (token.is("FORMAT") && is_format_clause(tokens, name)) out.format = name.text;
  }
}

void read_insert(std::string_view text, Tokens tokens, Statement& out) {
  out.kind = StatementKind::other;
  skip_target(tokens);
  for (Token token = tokens.next_outside(); token.type != Token::Type::end; token = tokens.next_outside()) {
    if (token.is("SELECT") || token.is("WITH")) {
      out.kind = StatementKind::insert_select;
    } else if (token.is("INFILE")) {
      out.reads_file = true;
    } else if (token.is("VALUES") && out.kind != StatementKind::insert_select) {
      out.kind = StatementKind::insert_data;
      out.format = token.text;
      out.insert_head = std::string(text.substr(0, token.begin));
      out.data_begin = token.end;
      return;
    } else if (token.is("FORMAT")) {
      Tokens after = tokens;
      const Token name = after.next();
      if (name.type != Token::Type::word) continue;
      if (out.kind == StatementKind::insert_select) {
        out.data_for_query = true;
        return;
      }
      return read_format(text, after, name, token.begin, out);
    }
  }
}

}  // namespace

Statement analyse(std::string_view text) {
  Statement out;
  Tokens tokens(text);
  Token first = tokens.next();
  while (first.is('(') || first.is(';')) first = tokens.next();
  if (first.type == Token::Type::end) return out;
  if (first.is("INSERT")) {
    read_insert(text, tokens, out);
    return out;
  }
  if (first.is("SELECT") || first.is("WITH"))
    out.kind = StatementKind::select;
  else
    out.kind = first.is("SET") ? StatementKind::set : StatementKind::other;
  read_query(Tokens(text), out);
  return out;
}

std::string quoted(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\\' || c == '\'') out += '\\';
    out += c;
  }
  return out + '\'';
}

std::string quoted_name(std::string_view name) {
  std::string out = "`";
  for (const char c : name) {
    if (c == '\\' || c == '`') out += '\\';
    out += c;
  }
  return out + '`';
}

}  // namespace sluice::store
