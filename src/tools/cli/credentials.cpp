#include "cli/credentials.hpp"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>

namespace sluice::cli {
namespace {

std::string variable(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? "" : value;
}

}  // namespace

Result<std::string, std::string> content_of(std::string_view option, const std::string& path) {
  errno = 0;  // an empty file sets none
  std::ifstream file(path, std::ios::binary);
  std::ostringstream content;
  if (!file || !(content << file.rdbuf()))
    return failure(std::string(option) + ": \"" + path + "\" cannot be read or is empty" +
                   (errno != 0 ? std::string(": ") + std::strerror(errno) : ""));
  std::string text = content.str();
  while (text.ends_with('\n') || text.ends_with('\r')) text.pop_back();
  return text;
}

Result<query::Login, std::string> clickhouse_login(const std::string& user,
                                                   const std::string& password_file) {
  query::Login login{.user = user.empty() ? variable("CLICKHOUSE_USER") : user,
                     .password = variable("CLICKHOUSE_PASSWORD")};
  if (password_file.empty()) return login;
  auto password = content_of("--password-file", password_file);
  if (!password) return failure(password.error());
  login.password = std::move(*password);
  return login;
}

Result<http::Trust, std::string> trust_of(const std::string& ca_file) {
  if (ca_file.empty()) return http::Trust();
  auto trust = http::Trust::from_file(ca_file);
  if (!trust) return failure("--ca-file: " + trust.error());
  return trust;
}

}  // namespace sluice::cli
