#include "store/sql_text.hpp"

#include <algorithm>
#include <array>

#include "store/sql_tokens.hpp"

namespace sluice::store {
namespace {

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
  static constexpr std::array kChanging{"INSERT",   "ALTER",  "OPTIMIZE", "CREATE", "REPLACE", "DROP",
                                        "TRUNCATE", "DELETE", "UPDATE",   "SYSTEM", "ATTACH",  "DETACH"};
  out.changes = std::ranges::any_of(kChanging, [&](const char* word) { return first.is(word); });
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
