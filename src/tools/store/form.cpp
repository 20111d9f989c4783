#include "store/form.hpp"

#include <ranges>

namespace sluice::store {
namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::string decoded(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const int high = text[i] == '%' && i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
    const int low = high >= 0 ? hex_digit(text[i + 2]) : -1;
    if (low >= 0) {
      out += static_cast<char>(high * 16 + low);
      i += 2;
    } else {
      out += text[i] == '+' ? ' ' : text[i];
    }
  }
  return out;
}

}  // namespace

Form Form::parse(std::string_view query) {
  Form form;
  while (!query.empty()) {
    const std::string_view pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(pair.size() + 1, query.size()));
    if (pair.empty()) continue;
    const std::size_t mark = pair.find('=');
    form.values_.emplace_back(decoded(pair.substr(0, mark)), mark == std::string_view::npos
                                                                 ? std::string()
                                                                 : decoded(pair.substr(mark + 1)));
  }
  return form;
}

const std::string* Form::find(std::string_view name) const {
  for (const auto& [key, value] : std::views::reverse(values_))
    if (key == name) return &value;
  return nullptr;
}

}  // namespace sluice::store
