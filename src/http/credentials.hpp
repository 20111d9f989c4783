#pragma once
// Who asks, as the Authorization header says it. Any thread.
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace sluice::http {

/// Takes the same time wherever the first difference is.
bool same_secret(std::string_view given, std::string_view secret);

/// The token of "Bearer TOKEN" (RFC 6750 section 2.1); empty where the header is none of that. The scheme's
/// case does not matter (RFC 7235 section 2.1), here and below.
std::string_view bearer_token(std::string_view authorization);

/// User and password of "Basic BASE64(user:password)" (RFC 7617); nothing where the header is none of that.
std::optional<std::pair<std::string, std::string>> basic_login(std::string_view authorization);

std::string to_base64(std::string_view bytes);
/// Nothing where it is no base64.
std::optional<std::string> from_base64(std::string_view text);

}  // namespace sluice::http
