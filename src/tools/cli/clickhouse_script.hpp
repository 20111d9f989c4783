#pragma once
// The SQL script that brings user-defined fields to the tables of deploy/clickhouse while flows arrive.
#include <cstdint>
#include <string>

#include "sluice/flow/user_fields.hpp"

namespace sluice::cli {

/// As apply.sh was given them; the defaults are its own.
struct ClickhouseParameters {
  std::string brokers = "localhost:9092";
  std::string topic = "flows";
  std::string group = "sluice";
  std::string cluster;  ///< "": no cluster
  std::uint64_t consumers = 1;
  std::uint64_t flush_ms = 1000;
  std::uint64_t block_rows = 262144;
};

/// The script. It begins by asking whether the server has the fields in its proto file and whether the Kafka
/// table has these parameters, and changes nothing where it does not.
std::string clickhouse_script(const UserFields& fields, const ClickhouseParameters& parameters);

/// The text of deploy/clickhouse/90_consume.sql as it was when the program was built.
std::string consume_sql();

}  // namespace sluice::cli
