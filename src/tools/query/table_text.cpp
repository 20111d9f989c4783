#include "query/table_text.hpp"

namespace sluice::query {
namespace {

bool continues(char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; }

/// Length of the character that text begins with; 0 where that is no UTF-8. Overlong forms and surrogates
/// pass: a terminal shows them as one replacement character and does nothing with them.
std::size_t character(std::string_view text) {
  const auto first = static_cast<unsigned char>(text.front());
  const std::size_t length = first < 0x80    ? 1
                             : first < 0xC2  ? 0
                             : first < 0xE0  ? 2
                             : first < 0xF0  ? 3
                             : first <= 0xF4 ? 4
                                             : 0;
  if (length > text.size()) return 0;
  for (std::size_t i = 1; i < length; ++i)
    if (!continues(text[i])) return 0;
  return length;
}

bool control(std::string_view character) {
  const auto first = static_cast<unsigned char>(character.front());
  if (character.size() == 1) return first < 0x20 || first == 0x7F;
  return first == 0xC2 && static_cast<unsigned char>(character[1]) < 0xA0;
}

void append_hex(std::string& out, std::string_view bytes) {
  constexpr std::string_view kHex = "0123456789abcdef";
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    out += "\\x";
    out += kHex[byte >> 4];
    out += kHex[byte & 15];
  }
}

}  // namespace

std::string shown_field(std::string_view field) {
  if (field == "\\N") return "NULL";
  std::string out;
  while (!field.empty()) {
    if (field.starts_with("\\\\") || field.starts_with("\\'")) {
      out += field[1];
      field.remove_prefix(2);
      continue;
    }
    const std::size_t length = character(field);
    const std::string_view one = field.substr(0, length == 0 ? 1 : length);
    if (length == 0 || control(one))
      append_hex(out, one);
    else
      out += one;
    field.remove_prefix(one.size());
  }
  return out;
}

std::size_t columns_of(std::string_view text) {
  std::size_t count = 0;
  for (const char c : text) count += continues(c) ? 0 : 1;
  return count;
}

std::string cut(std::string_view text, std::size_t columns) {
  if (columns_of(text) <= columns) return std::string(text);
  std::size_t count = 0;
  for (std::size_t i = 0; i < text.size(); ++i)
    if (!continues(text[i]) && ++count == columns) return std::string(text.substr(0, i)) + "\u2026";
  return {};
}

}  // namespace sluice::query
