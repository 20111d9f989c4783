#pragma once
// What is set of a sink that writes into ClickHouse's tables. Plain values; read once at start.
#include <chrono>
#include <cstdint>
#include <string>

#include "sink/clickhouse/packer.hpp"

namespace sluice::sink {

struct ClickhouseSettings {
  std::string url = "http://127.0.0.1:8123";  ///< several with commas: replicas of the same tables
  std::string database = "sluice";
  std::string user, password;  ///< "": the server's default user
  std::string ca_file;         ///< "": the system's authorities
  Packing compression = Packing::none;
  std::chrono::seconds timeout{30};
  std::uint64_t queue_bytes = 0;  ///< 0: 256 MB, and two blocks of each writer at the least
  friend bool operator==(const ClickhouseSettings&, const ClickhouseSettings&) = default;
};

template <class Own>
struct TypeOf;
TypeOf<ClickhouseSettings> describe(const ClickhouseSettings&);

}  // namespace sluice::sink
