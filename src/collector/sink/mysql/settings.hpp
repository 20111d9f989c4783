#pragma once
// What is set of a sink that writes into a table of MySQL or MariaDB. Plain values; read once at start.
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace sluice::sink {

inline constexpr std::uint16_t kMysqlPort = 3306;

/// How rows are sent.
enum class MysqlInsert : std::uint8_t {
  automatic,  ///< in columns where the server takes them so (MariaDB), else as rows
  rows        ///< statements of many rows, which every server takes
};

struct MysqlSettings {
  std::string servers = "127.0.0.1:3306";  ///< several with commas: the first that takes writes is written to
  std::string database = "sluice";
  std::string user, password;  ///< "": whoever the process runs as, and none
  std::string table = "flows";
  std::vector<std::string> columns;  ///< by name; empty: the usual ones
  MysqlInsert insert = MysqlInsert::automatic;
  std::string tls_mode = "prefer";  ///< disable, prefer, require or verify-full
  std::string ca_file;
  std::chrono::seconds timeout{30};
  std::uint64_t queue_bytes = 256ULL << 20;
  friend bool operator==(const MysqlSettings&, const MysqlSettings&) = default;
};

template <class Own>
struct TypeOf;
TypeOf<MysqlSettings> describe(const MysqlSettings&);

}  // namespace sluice::sink
