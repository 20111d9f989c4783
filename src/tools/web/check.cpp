#include "web/check.hpp"

#include <algorithm>

#include "filter/lexer.hpp"
#include "filter/nouns.hpp"
#include "filter/quantity.hpp"
#include "filter/words.hpp"
#include "web/plan.hpp"

namespace sluice::web {
namespace {

using filter::Token;

bool is_logic(std::string_view word) {
  for (const std::string_view one : {"and", "or", "not", "&&", "||", "!"})
    if (filter::same_word(word, one)) return true;
  return false;
}

bool is_operator(std::string_view word) {
  for (const std::string_view one :
       {"=",  "==", "eq", "!=",   "ne",     "<",   "lt",      "<=", "le",    ">",
        "gt", ">=", "ge", "like", "unlike", "has", "has-any", "in", "notin", "<<"})
    if (filter::same_word(word, one)) return true;
  return false;
}

/// One of the words of which nfdump's phrases are made.
bool is_noun(std::string_view word) {
  for (const filter::Noun& noun : filter::nouns()) {
    std::string_view rest = noun.phrase;
    while (!rest.empty()) {
      const std::size_t space = std::min(rest.find(' '), rest.size());
      if (filter::same_word(word, rest.substr(0, space))) return true;
      rest.remove_prefix(std::min(space + 1, rest.size()));
    }
  }
  return filter::same_word(word, "src") || filter::same_word(word, "dst");
}

std::string_view class_of(const Token& token) {
  if (token.kind == Token::Kind::quoted) return "string";
  if (token.kind == Token::Kind::open) return "error";
  if (is_logic(token.text)) return "logic";
  if (is_operator(token.text)) return "operator";
  if (token.kind == Token::Kind::symbol) return "symbol";
  if (IpAddress::parse(token.text)) return "address";
  if (std::isdigit(static_cast<unsigned char>(token.text.front())) != 0) return "number";
  if (is_noun(token.text)) return "word";
  if (filter::find_quantity(token.text) != nullptr) return "field";
  return "name";
}

json tokens_of(std::string_view text) {
  json out = json::array();
  for (const Token& token : filter::tokens(text))
    if (token.kind != Token::Kind::end)
      out.push_back({{"from", units_before(text, token.from)},
                     {"to", units_before(text, token.to)},
                     {"class", class_of(token)}});
  return out;
}

json warnings_of(const filter::Expression& expression) {
  json out = json::array();
  const auto warn = [&](std::string text) {
    out.push_back({{"from", 0}, {"to", 0}, {"text", std::move(text)}});
  };
  for (const filter::Quantity* quantity : quantities_of(expression)) {
    using filter::Derived;
    if (quantity->derived == Derived::bytes || quantity->derived == Derived::packets)
      warn(std::string(quantity->name) + " is times the sampling rate; as the exporter counted: " +
           std::string(quantity->name) + "_sampled");
  }
  return out;
}

/// The rollup with the shortest slots that has all columns.
const Rollup* rollup_with(const std::vector<std::string>& columns) {
  for (const Rollup& rollup : rollups())
    if (std::ranges::all_of(columns, [&](const std::string& one) { return has_column(rollup, one); }))
      return &rollup;
  return nullptr;
}

}  // namespace

/// A character is one unit, beyond the basic plane two.
std::size_t units_before(std::string_view text, std::size_t bytes) {
  std::size_t out = 0;
  for (std::size_t i = 0; i < std::min(bytes, text.size()); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    out += (c & 0xc0) == 0x80 ? 0 : c >= 0xf0 ? 2 : 1;
  }
  return out;
}

json error_in(std::string_view text, const filter::Error& error) {
  return {{"from", units_before(text, error.from)},
          {"to", units_before(text, error.to)},
          {"code", "syntax"},
          {"text", error.text}};
}

json check_filter(const std::string& text) {
  json out{{"ok", true}, {"tokens", tokens_of(text)}, {"errors", json::array()}, {"warnings", json::array()}};
  const auto parsed = filter::parse(text);
  if (!parsed) {
    out["ok"] = false;
    for (const filter::Error& error : filter::errors_in(text)) {
      out["errors"].push_back(error_in(text, error));
      if (auto possible = possible_at(text, error.from); !possible.empty())
        out["errors"].back()["expected"] = std::move(possible);
    }
    return out;
  }
  const bool empty = filter::tokens(text).size() == 1;
  const Needs needs = needs_of(*parsed);
  const Rollup* rollup = needs.single_flows ? nullptr : rollup_with(needs.columns);
  out["canonical"] = empty ? "" : to_text(*parsed);
  out["reverse"] = empty ? "" : to_text(reverse(*parsed));
  out["columns"] = needs.columns;
  out["raw"] = rollup == nullptr;
  out["table"] = rollup ? rollup->name : kRawTable;
  out["warnings"] = warnings_of(*parsed);
  return out;
}

}  // namespace sluice::web
