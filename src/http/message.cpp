#include "http/message.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace sluice::http {
namespace {

char lowered(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

}  // namespace

std::string_view Request::header(std::string_view name) const {
  for (const auto& [key, value] : fields)
    if (same_word(key, name)) return value;
  return {};
}

Response error_response(unsigned status, std::string_view text) {
  const nlohmann::json body = {{"error", text}};
  // What is no UTF-8 is shown with replacement characters instead of failing the whole answer.
  return {.status = status,
          .content_type = "application/json",
          .body = body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n",
          .headers = {}};
}

Handler by_path(std::map<std::string, Handler, std::less<>> routes) {
  return [routes = std::move(routes)](const Request& request) {
    const auto found = routes.find(request.path);
    if (found == routes.end()) return error_response(404, "there is nothing at " + std::string(request.path));
    return found->second(request);
  };
}

bool same_word(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return lowered(x) == lowered(y); });
}

std::string percent_encoded(std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  constexpr std::string_view kPlain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
  std::string out;
  for (const char c : text) {
    if (kPlain.find(c) != std::string_view::npos) {
      out += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out += '%';
    out += kHex[byte >> 4];
    out += kHex[byte & 15];
  }
  return out;
}

}  // namespace sluice::http
