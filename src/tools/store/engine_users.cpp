#include "store/engine_users.hpp"

#include <array>

namespace sluice::store {
namespace {

/// All that docs/store.md and the scripts in deploy/clickhouse do. What is not here (SOURCES such as FILE and
/// URL, BACKUP, SYSTEM SHUTDOWN, users, named collections) is refused with code 497.
constexpr std::array kClientGrants{
    "GRANT SHOW, SHOW USERS, SELECT, INSERT, ALTER, CREATE DATABASE, CREATE TABLE, CREATE VIEW, "
    "CREATE DICTIONARY, CREATE TEMPORARY TABLE, CREATE FUNCTION, DROP, DROP FUNCTION, UNDROP TABLE, "
    "TRUNCATE, "
    "OPTIMIZE, CHECK, KILL QUERY, dictGet ON *.*",
    "GRANT SYSTEM MERGES, SYSTEM VIEWS, SYSTEM MOVES, SYSTEM FLUSH, SYSTEM RELOAD DICTIONARY, SYSTEM DROP "
    "CACHE "
    "ON *.*",
    "GRANT KAFKA ON *.*",
};

// Files that formats read and write and servers that they ask, without leave; what dynamic disks may take of
// the process; and other languages, in which the engine's formatter, which is asked what a statement does,
// does not read it. What else of the engine's settings looks like it is in
// tests/integration/test_store_outside.py.
constexpr std::array kSettingsThatLeadOutside{"format_template_row",
                                              "format_template_resultset",
                                              "format_schema_source",
                                              "output_format_schema",
                                              "input_format_record_errors_file_path",
                                              "rename_files_after_processing",
                                              "format_avro_schema_registry_url",
                                              "url_base",
                                              "s3queue_default_zookeeper_path",
                                              "s3_allow_server_credentials_in_user_queries",
                                              "dynamic_disk_allow_from_env",
                                              "dynamic_disk_allow_from_zk",
                                              "dynamic_disk_allow_include",
                                              "dialect"};

/// Without a password: nobody gets as far as the engine's users but by the store, which has its own, and the
/// engine itself, for dictionaries.
std::string user(std::string_view name, std::string_view profile, const std::string& grants) {
  return element(name, element("password", "") +
                           element("networks", element("ip", "127.0.0.1") + element("ip", "::1")) +
                           element("profile", profile) + element("quota", "default") + grants);
}

}  // namespace

std::string element(std::string_view name, std::string_view content) {
  std::string out = "<";
  out += name;
  out += '>';
  out += content;
  out += "</";
  out += name;
  out += ">\n";
  return out;
}

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '&') {
      out += "&amp;";
    } else if (c == '<') {
      out += "&lt;";
    } else {
      out += c;
    }
  }
  return out;
}

std::string profile_of_clients(const Boundaries& boundaries) {
  std::string constraints;
  for (const char* const setting : kSettingsThatLeadOutside) constraints += element(setting, "<const/>");
  std::string out = element("profile", "default") +
                    element("max_execution_time", std::to_string(boundaries.longest_statement.count()));
  if (!boundaries.external) out += element("constraints", constraints);
  return element("clients", out);
}

std::string users(const Boundaries& boundaries) {
  std::string grants;
  for (const char* const grant : kClientGrants) grants += element("query", grant);
  const std::string everything = element("access_management", "1") + element("named_collection_control", "1");
  const std::string files = element("query", "GRANT READ ON FILE") +
                            element("query", "GRANT SELECT, CREATE TEMPORARY TABLE ON *.*");
  return user("default", "clients", boundaries.external ? everything : element("grants", grants)) +
         user(kFilesUser, "default", element("grants", files));
}

}  // namespace sluice::store
