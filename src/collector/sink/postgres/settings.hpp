#pragma once
// What is set of a sink that writes into a table of PostgreSQL. Plain values; read once at start.
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace sluice::sink {

inline constexpr std::uint16_t kPostgresPort = 5432;

struct PostgresSettings {
  std::string servers = "127.0.0.1:5432";  ///< several with commas: the first that takes writes is written to
  std::string database = "sluice";
  std::string user, password;  ///< "": whoever the process runs as, and none
  std::string table = "flows";
  std::vector<std::string> columns;  ///< by name; empty: the usual ones
  std::string tls_mode = "prefer";   ///< a word of libpq's sslmode
  std::string ca_file;
  std::chrono::seconds timeout{30};
  std::uint64_t queue_bytes = 256ULL << 20;
  friend bool operator==(const PostgresSettings&, const PostgresSettings&) = default;
};

template <class Own>
struct TypeOf;
TypeOf<PostgresSettings> describe(const PostgresSettings&);

}  // namespace sluice::sink
