#include "store/outside.hpp"

#include <algorithm>
#include <array>

#include "store/error_text.hpp"
#include "store/sql_text.hpp"
#include "store/sql_tokens.hpp"

namespace sluice::store {
namespace {

char lowered(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool has_word(std::string_view text, std::string_view word) {
  return !std::ranges::search(text, word, {}, lowered).empty();
}

/// SOURCE(NAME(...)) of CREATE DICTIONARY. The engine itself and files of the store are inside.
std::optional<EngineError> of_source(Tokens tokens) {
  const Token name = tokens.next();
  if (name.is("FILE") || name.is("NULL")) return std::nullopt;
  if (!name.is("CLICKHOUSE"))
    return error_text(code::kAccessDenied,
                      "a dictionary may have CLICKHOUSE and FILE as its source here, and not " +
                          std::string(name.text) + " (--allow-external lifts it)");
  int depth = 0;
  do {
    const Token token = tokens.next();
    if (token.type == Token::Type::end) break;
    if (token.is('(')) ++depth;
    if (token.is(')')) --depth;
    for (const char* const elsewhere : {"HOST", "PORT", "SECURE", "NAME"})
      if (token.is(elsewhere))
        return error_text(code::kAccessDenied,
                          "a dictionary may ask this engine alone here, so its source has no " +
                              std::string(elsewhere) + " (--allow-external lifts it)");
  } while (depth > 0);
  return std::nullopt;
}

}  // namespace

bool may_reach_outside(std::string_view statement) {
  // Words of the language alone: names, as that of a setting, may be written with escapes.
  static constexpr std::array<std::string_view, 6> kWords{"outfile", "infile", "create",
                                                          "replace", "alter",  "attach"};
  return std::ranges::any_of(kWords, [&](std::string_view word) { return has_word(statement, word); });
}

std::optional<EngineError> reaches_outside(std::string_view formatted) {
  bool dictionary = false;
  Tokens tokens(formatted);
  for (Token token = tokens.next(); token.type != Token::Type::end; token = tokens.next()) {
    Tokens ahead = tokens;
    const Token following = ahead.next();
    if (token.is("INTO") && following.is("OUTFILE"))
      return error_text(code::kIntoOutfileNotAllowed, "INTO OUTFILE is not allowed");
    if (token.is("FROM") && following.is("INFILE"))
      return error_text(code::kNotImplemented,
                        "FROM INFILE is for clients with files of their own; send the data");
    if (token.is("DISK") && following.is('('))
      return error_text(code::kAccessDenied,
                        "a table may not bring a disk of its own here (--allow-external lifts it)");
    dictionary = dictionary || token.is("DICTIONARY");
    if (!dictionary || !token.is("SOURCE") || !following.is('(')) continue;
    if (auto no = of_source(ahead)) return no;
  }
  return std::nullopt;
}

std::optional<EngineError> Outside::forbids(std::string_view statement) {
  if (!may_reach_outside(statement)) return std::nullopt;
  const std::lock_guard lock(mutex_);
  if (!session_) {
    auto session = engine_.open();
    if (!session) return session.error();
    session_ = std::move(*session);
  }
  const auto formatted =
      session_->run("SELECT formatQuerySingleLine(" + quoted(statement) + ")", "TabSeparatedRaw", {});
  if (!formatted) return formatted.error();  // so it does not parse
  return reaches_outside(formatted->bytes);
}

}  // namespace sluice::store
