#include "store/credentials.hpp"

#include "http/credentials.hpp"
#include "store/error_text.hpp"

namespace sluice::store {
namespace {

/// Nothing: the request names nobody.
std::optional<Credentials> given(const Exchange& exchange, const Form& form) {
  const std::string_view user = exchange.header("X-ClickHouse-User");
  const std::string_view key = exchange.header("X-ClickHouse-Key");
  if (!user.empty() || !key.empty())
    return Credentials{user.empty() ? "default" : std::string(user), std::string(key)};
  if (const std::string_view header = exchange.header("Authorization"); !header.empty()) {
    const auto login = http::basic_login(header);
    return login ? std::optional(Credentials{login->first, login->second}) : std::nullopt;
  }
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
  const bool right_password = http::same_secret(asked.password, wanted.password);
  if (!header_is_odd && (credentials ? asked.user == wanted.user : true) && right_password)
    return std::nullopt;
  return error_text(code::kAuthenticationFailed, asked.user +
                                                     ": Authentication failed: password is incorrect, or "
                                                     "there is no user with such name");
}

}  // namespace sluice::store
