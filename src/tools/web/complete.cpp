// What may come next in a filter: what the parser tried where the text ends, as words to choose from.
#include <algorithm>

#include "filter/expectation.hpp"
#include "filter/nouns.hpp"
#include "filter/quantity.hpp"
#include "filter/words.hpp"
#include "flow/enumerations.hpp"
#include "web/check.hpp"

namespace sluice::web {
namespace {

constexpr std::size_t kMostItems = 300, kMostPossible = 12;

bool begins(std::string_view text, std::string_view with) {
  return text.size() >= with.size() && filter::same_word(text.substr(0, with.size()), with);
}

class Items {
 public:
  explicit Items(std::string_view typed) : typed_(typed) {}

  void add(std::string_view label, std::string_view detail, std::string_view kind, std::string insert = "") {
    if (out_.size() >= kMostItems || !begins(label, typed_)) return;
    for (const json& one : out_)
      if (one["label"] == label) return;
    if (insert.empty()) insert = std::string(label) + " ";
    out_.push_back({{"label", label}, {"insert", std::move(insert)}, {"detail", detail}, {"kind", kind}});
  }
  json take() { return std::move(out_); }

 private:
  std::string_view typed_;
  json out_ = json::array();
};

void add_conditions(Items& items) {
  items.add("src", "source", "word");
  items.add("dst", "destination", "word");
  for (const filter::Noun& noun : filter::nouns())
    if (noun.refusal.empty()) items.add(noun.phrase, "nfdump", "word");
  for (const filter::Quantity& quantity : filter::quantities())
    items.add(quantity.name, quantity.field ? quantity.field->meaning : "of a flow", "field");
  items.add("not", "the opposite", "logic");
}

void add_sided(Items& items) {
  for (const filter::Noun& noun : filter::nouns())
    if (!noun.source.empty()) items.add(noun.phrase, "nfdump", "word");
}

void add_comparisons(Items& items, const filter::Quantity& quantity) {
  using filter::Kind;
  const bool text = quantity.kind == Kind::text,
             address = quantity.kind == Kind::address || quantity.kind == Kind::addresses;
  items.add("=", "is", "operator");
  items.add("!=", "is not", "operator");
  items.add("in", "one of a list", "operator", "in [");
  if (text) items.add("like", "% stands for any characters", "operator", "like \"");
  if (text || address) return;
  for (const std::string_view one : {"<", "<=", ">", ">="}) items.add(one, "", "operator");
}

std::string in_quotes(std::string_view text) {
  const char quote = text.find('"') == std::string_view::npos ? '"' : '\'';
  return quote + std::string(text) + quote + " ";
}

/// Names are hostile text: such as no filter can write are left out.
void add_name(Items& items, const json& name, std::string detail) {
  if (!name.is_string()) return;
  const auto& text = name.get_ref<const std::string&>();
  const bool both = text.find('"') != std::string::npos && text.find('\'') != std::string::npos;
  if (!text.empty() && !both) items.add(text, detail, "value", in_quotes(text));
}

void add_values(Items& items, const filter::Quantity& quantity, const json& names) {
  const std::string_view name = quantity.name;
  if (quantity.field != nullptr)
    if (const Enumeration* words = enumeration_of(quantity.field->kind))
      for (const Enumerator& one : words->values) {
        std::string word(one.name);
        std::ranges::transform(word, word.begin(),
                               [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
        items.add(word, std::to_string(one.value), "value");
      }
  for (const auto& [word, number] : filter::words_of(name)) items.add(word, std::to_string(number), "value");
  if (quantity.kind == filter::Kind::flags)
    for (const auto& [letters, detail] : {std::pair{"S", "SYN"},
                                          {"A", "ACK"},
                                          {"SA", "SYN and ACK"},
                                          {"F", "FIN"},
                                          {"R", "RST"},
                                          {"P", "PSH"},
                                          {"U", "URG"}})
      items.add(letters, detail, "value");
  if (name == "sampler_address")
    for (const json& one : names.value("exporters", json::array()))
      items.add(one.value("address", ""), one.value("name", ""), "value");
  if (name == "exporter_name")
    for (const json& one : names.value("exporters", json::array()))
      add_name(items, one["name"], one.value("address", ""));
  if (name == "in_if_name" || name == "out_if_name")
    for (const json& one : names.value("interfaces", json::array()))
      add_name(items, one["name"], one.value("description", ""));
  if (name == "in_if_description" || name == "out_if_description")
    for (const json& one : names.value("interfaces", json::array()))
      add_name(items, one["description"], one.value("name", ""));
  if (name.ends_with("_as"))
    for (const json& one : names.value("ases", json::array())) {
      const std::string number = one["number"].dump(), known = one.value("name", "");
      items.add(number, known, "value");
      items.add(known, "AS" + number, "value", number + " ");
    }
  if (name == "in_if" || name == "out_if")
    for (const json& one : names.value("interfaces", json::array()))
      items.add(one["index"].dump(), one.value("name", "") + " of " + one.value("exporter", ""), "value");
}

/// The byte that a UTF-16 offset is at.
std::size_t byte_at(std::string_view text, std::size_t units) {
  std::size_t at = 0;
  while (at < text.size() && units > 0) {
    const auto c = static_cast<unsigned char>(text[at]);
    const std::size_t length = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : c >= 0xc0 ? 2 : 1;
    const std::size_t taken = c >= 0xf0 ? 2 : 1;
    if (taken > units) break;
    units -= taken;
    at += length;
  }
  return std::min(at, text.size());
}

bool in_word(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == ':' || c == '.' || c == '-' ||
         c == '%' || static_cast<unsigned char>(c) >= 0x80;
}

/// What is expected and begins with what was typed.
json items_after(const std::vector<filter::Expectation>& expected, std::string_view typed,
                 const json& names) {
  Items items(typed);
  for (const filter::Expectation& one : expected) {
    using What = filter::Expectation::What;
    switch (one.what) {
      case What::condition:
        add_conditions(items);
        break;
      case What::sided:
        add_sided(items);
        break;
      case What::comparison:
        add_comparisons(items, *one.quantity);
        break;
      case What::value:
        add_values(items, *one.quantity, names);
        break;
      case What::joint:
        items.add("and", "both", "logic");
        items.add("or", "one of them", "logic");
        break;
    }
  }
  return items.take();
}

}  // namespace

json complete_filter(const std::string& text, std::size_t cursor, const json& names) {
  const std::size_t end = byte_at(text, cursor);
  std::size_t begin = end;
  while (begin > 0 && in_word(text[begin - 1])) --begin;
  const std::string_view all = text;
  return {{"from", units_before(text, begin)},
          {"to", units_before(text, end)},
          {"items",
           items_after(filter::expectations(all.substr(0, begin)), all.substr(begin, end - begin), names)}};
}

json possible_at(const std::string& text, std::size_t at) {
  const std::string_view all = text;
  const auto expected = filter::expectations(all.substr(0, at), true);
  std::size_t end = at;
  while (end < text.size() && in_word(text[end])) ++end;
  // Of more than fit on a line, those that begin as what was typed does: it was mistyped further on.
  json items = items_after(expected, "", json::object());
  for (std::size_t length = 1; items.size() > kMostPossible && length <= end - at; ++length) {
    json fewer = items_after(expected, all.substr(at, length), json::object());
    if (fewer.empty()) break;
    items = std::move(fewer);
  }
  json out = json::array();
  if (items.size() <= kMostPossible)
    for (const json& one : items) out.push_back(one["label"]);
  return out;
}

}  // namespace sluice::web
