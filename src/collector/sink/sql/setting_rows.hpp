#pragma once
// The settings that sinks of SQL databases have in common: their rows, made for a struct that has the members
// which PostgresSettings has, and what they cannot take.
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "setting/text.hpp"
#include "sink/queue_bytes.hpp"
#include "sink/type.hpp"

namespace sluice::sink::sql {

/// Where they differ.
struct Words {
  std::string type;  ///< "postgres"
  std::uint16_t port;
  std::size_t longest_table;
  std::string servers_form, servers_meaning;
  std::string user_meaning;
  std::vector<std::string_view> tls_modes;
  std::string tls_meaning;
};

setting::Codec<std::string> server_list(const Words& words);
setting::Codec<std::string> table_name(const Words& words);
setting::Codec<std::string> some_text();
setting::Codec<std::string> any_text();

void read_columns(setting::Reading& in, const std::string& path, const setting::Value& value,
                  std::vector<std::string>& columns);
/// Each is of a field, one of these of a user's own among them; `path` is the sink's.
void check_columns(setting::Reading& in, const std::string& path, std::span<const UserField> fields,
                   const std::vector<std::string>& columns);
setting::Value write_columns(const std::vector<std::string>& columns);

/// Rules that span settings; `verifies`: tls.mode asks who vouches for the server, and nobody is named.
void check(setting::Reading& in, const std::string& path, const Settings& settings, bool verifies,
           const Words& words);

template <class S>
void check(setting::Reading& in, const std::string& path, const Settings& settings, const S& own,
           const Words& words) {
  check(in, path, settings, own.tls_mode.starts_with("verify") && own.ca_file.empty(), words);
}

template <class S>
setting::Table<S> rows(const Words& words) {
  using namespace std::chrono_literals;
  constexpr std::uint64_t kMB = 1ULL << 20;
  constexpr std::uint64_t kTB = 1ULL << 40;
  setting::Table<S> t{
      setting::row<S, &S::servers>("servers", server_list(words), "", words.servers_meaning),
      setting::row<S, &S::database>("database", some_text(), "", "Database of the tables"),
      setting::row<S, &S::user>("user", any_text(), "", words.user_meaning),
  };
  setting::secret_rows<S, &S::password>(t, "password", "Password for it");
  t.push_back(setting::row<S, &S::table>("table", table_name(words), "", "Table that the flows go to"));
  t.push_back(setting::special<S>(
                  "columns", "list of columns",
                  "Columns of the table that are written; empty: those that `sluice schema " + words.type +
                      "` prints",
                  "[]",
                  [](setting::Reading& in, const std::string& path, const setting::Value& value, S& own) {
                    read_columns(in, path, value, own.columns);
                  },
                  [](const S& own) { return write_columns(own.columns); })
                  .template holds<&S::columns>());
  t.push_back(
      setting::row<S, &S::tls_mode>("tls.mode", setting::word(words.tls_modes), "", words.tls_meaning));
  t.push_back(setting::row<S, &S::ca_file>("tls.ca_file", setting::file_path(), "",
                                           "PEM file of the authorities that may vouch for the server"));
  t.push_back(setting::row<S, &S::timeout>("timeout", setting::whole_seconds(1s, 600s), "",
                                           "How long the server may take for a block"));
  t.push_back(setting::row<S, &S::queue_bytes>("queue_bytes", setting::size(kMB, kTB), "bytes",
                                               queue_meaning("they go to the spool, or are shed and counted"))
                  .defaults_to(queue_default(S{}.queue_bytes)));
  return t;
}

}  // namespace sluice::sink::sql
