#pragma once
// Passwords and tokens that commands are given: in files or, as ClickHouse's own client takes them, in the
// environment.
#include <string>
#include <string_view>

#include "http/tls.hpp"
#include "query/client.hpp"
#include "sluice/util/result.hpp"

namespace sluice::cli {

/// The text of the file that `option` names, without the newlines at its end; or a sentence.
Result<std::string, std::string> content_of(std::string_view option, const std::string& path);

/// `user`, else $CLICKHOUSE_USER; the password from --password-file, else $CLICKHOUSE_PASSWORD. Empty: not
/// given.
Result<query::Login, std::string> clickhouse_login(const std::string& user, const std::string& password_file);

/// Whom to believe that a https:// server is the one that its URL names: the authorities of --ca-file, or
/// where that is empty the system's.
Result<http::Trust, std::string> trust_of(const std::string& ca_file);
/// What help says of --ca-file.
inline constexpr const char* kCaFileHelp =
    "For https://: PEM file of authorities to trust (default: the system's)";

}  // namespace sluice::cli
