#include <charconv>

#include "query/client.hpp"

namespace sluice::query {
namespace {

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r\n";
  const auto first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

/// Takes "Code: 60. DB::Exception: " away and gives 60; 0 where the text does not begin so.
int take_code(std::string_view& text) {
  constexpr std::string_view kCode = "Code: ";
  if (!text.starts_with(kCode)) return 0;
  int code = 0;
  const char* const end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data() + kCode.size(), end, code);
  if (parsed.ec != std::errc()) return 0;
  std::string_view rest(parsed.ptr, static_cast<std::size_t>(end - parsed.ptr));
  for (const std::string_view word : {".", " ", "DB::Exception", ":", " "})
    if (rest.starts_with(word)) rest.remove_prefix(word.size());
  text = rest;
  return code;
}

/// ClickHouse ends its errors with "(version 24.8.1.1 (official build))", which is no part of the matter.
std::string_view without_version(std::string_view text) {
  const auto at = text.rfind(" (version ");
  return at == std::string_view::npos ? text : text.substr(0, at);
}

/// A syntax error goes on with every word of SQL that could have stood there, which helps nobody.
std::string without_expectations(std::string_view text) {
  const auto from = text.find(" Expected one of: ");
  if (from == std::string_view::npos) return std::string(text);
  const auto name = text.rfind(" (");
  return std::string(text.substr(0, from)) +
         std::string(name != std::string_view::npos && name > from ? text.substr(name) : "");
}

}  // namespace

Problem problem_of(std::string_view body, int code) {
  std::string_view text = trimmed(body);
  const int own_code = take_code(text);
  return {.kind = Problem::Kind::refused,
          .code = code != 0 ? code : own_code,
          .text = without_expectations(trimmed(without_version(text)))};
}

}  // namespace sluice::query
