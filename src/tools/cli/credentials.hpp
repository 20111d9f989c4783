#pragma once
// Passwords and tokens that commands are given: in files or, as ClickHouse's own client takes them, in the
// environment.
#include <string>
#include <string_view>

#include "query/client.hpp"
#include "sluice/util/result.hpp"

namespace sluice::cli {

/// The text of the file that `option` names, without the newlines at its end; or a sentence.
Result<std::string, std::string> content_of(std::string_view option, const std::string& path);

/// `user`, else $CLICKHOUSE_USER; the password from --password-file, else $CLICKHOUSE_PASSWORD. Empty: not
/// given.
Result<query::Login, std::string> clickhouse_login(const std::string& user, const std::string& password_file);

}  // namespace sluice::cli
