#include "store/credentials.hpp"

#include <boost/beast/core/string.hpp>

#include "store/error_text.hpp"

namespace sluice::store {
namespace {

/// Takes the same time wherever the first difference is.
bool same_secret(std::string_view given, std::string_view secret) {
  volatile unsigned difference = given.size() == secret.size() ? 0U : 1U;
  for (std::size_t i = 0; i < given.size(); ++i) {
    const auto a = static_cast<unsigned char>(given[i]);
    const auto b = static_cast<unsigned char>(secret.empty() ? '\0' : secret[i % secret.size()]);
    difference = difference | static_cast<unsigned>(a ^ b);
  }
  return difference == 0;
}

/// Of "Basic BASE64(user:password)" (RFC 7617); nothing where the header is none of that.
std::optional<Credentials> basic(std::string_view authorization) {
  constexpr std::string_view kScheme = "Basic ";
  const std::string_view scheme = authorization.substr(0, kScheme.size());
  if (!boost::beast::iequals({scheme.data(), scheme.size()}, {kScheme.data(), kScheme.size()}))
    return std::nullopt;
  const auto text = from_base64(authorization.substr(kScheme.size()));
  if (!text) return std::nullopt;
  const std::size_t colon = text->find(':');
  if (colon == std::string::npos) return std::nullopt;
  return Credentials{text->substr(0, colon), text->substr(colon + 1)};
}

/// Nothing: the request names nobody.
std::optional<Credentials> given(const Exchange& exchange, const Form& form) {
  const std::string_view user = exchange.header("X-ClickHouse-User");
  const std::string_view key = exchange.header("X-ClickHouse-Key");
  if (!user.empty() || !key.empty())
    return Credentials{user.empty() ? "default" : std::string(user), std::string(key)};
  if (const std::string_view header = exchange.header("Authorization"); !header.empty()) return basic(header);
  if (form.find("user") == nullptr && form.find("password") == nullptr) return std::nullopt;
  const std::string name = form.get("user");
  return Credentials{name.empty() ? "default" : name, form.get("password")};
}

}  // namespace

std::optional<std::string> refused(const Exchange& exchange, const Form& form, const Credentials& wanted) {
  const auto credentials = given(exchange, form);
  const bool header_is_odd = !credentials && !exchange.header("Authorization").empty();
  if (!credentials && !header_is_odd && !wanted.password.empty())
    return error_text(code::kRequiredPassword, "Authentication failed: a user and a password are wanted");
  const Credentials asked = credentials.value_or(Credentials{});
  const bool right_password = same_secret(asked.password, wanted.password);
  if (!header_is_odd && (credentials ? asked.user == wanted.user : true) && right_password)
    return std::nullopt;
  return error_text(code::kAuthenticationFailed, asked.user +
                                                     ": Authentication failed: password is incorrect, or "
                                                     "there is no user with such name");
}

}  // namespace sluice::store
