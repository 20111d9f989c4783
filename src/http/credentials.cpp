#include "http/credentials.hpp"

#include <boost/beast/core/detail/base64.hpp>

#include "http/message.hpp"

namespace sluice::http {
namespace {

/// What follows the scheme and its blank; nothing where it is another.
std::optional<std::string_view> after_scheme(std::string_view authorization, std::string_view scheme) {
  if (!same_word(authorization.substr(0, scheme.size()), scheme)) return std::nullopt;
  return authorization.substr(scheme.size());
}

}  // namespace

bool same_secret(std::string_view given, std::string_view secret) {
  volatile unsigned difference = given.size() == secret.size() ? 0U : 1U;
  for (std::size_t i = 0; i < given.size(); ++i) {
    const auto a = static_cast<unsigned char>(given[i]);
    const auto b = static_cast<unsigned char>(secret.empty() ? '\0' : secret[i % secret.size()]);
    difference = difference | static_cast<unsigned>(a ^ b);
  }
  return difference == 0;
}

std::string_view bearer_token(std::string_view authorization) {
  const auto rest = after_scheme(authorization, "bearer ");
  const std::size_t begin = rest ? rest->find_first_not_of(' ') : std::string_view::npos;
  return begin == std::string_view::npos ? std::string_view{} : rest->substr(begin);
}

std::optional<std::pair<std::string, std::string>> basic_login(std::string_view authorization) {
  const auto rest = after_scheme(authorization, "basic ");
  const auto text = rest ? from_base64(*rest) : std::nullopt;
  const std::size_t colon = text ? text->find(':') : std::string::npos;
  if (colon == std::string::npos) return std::nullopt;
  return std::pair{text->substr(0, colon), text->substr(colon + 1)};
}

std::string to_base64(std::string_view bytes) {
  namespace base64 = boost::beast::detail::base64;
  std::string out(base64::encoded_size(bytes.size()), '\0');
  out.resize(base64::encode(out.data(), bytes.data(), bytes.size()));
  return out;
}

std::optional<std::string> from_base64(std::string_view text) {
  namespace base64 = boost::beast::detail::base64;
  std::string out(base64::decoded_size(text.size()) + 3, '\0');
  const auto [written, read] = base64::decode(out.data(), text.data(), text.size());
  for (const char c : text.substr(read))
    if (c != '=') return std::nullopt;
  out.resize(written);
  return out;
}

}  // namespace sluice::http
