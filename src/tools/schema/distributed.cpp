#include "schema/distributed.hpp"

#include <string_view>

#include "schema/generated.hpp"

namespace sluice::schema {
namespace {

constexpr std::string_view kRollups[] = {
    "flows_1m",      "flows_5m",      "flows_1h", "sources_1h", "destinations_1h", "ports_1h",
    "interfaces_5m", "interfaces_1h", "ases_5m",  "ases_1h",    "sources_all_1h",  "destinations_all_1h"};

std::string distributed(std::string_view table) {
  const std::string name(table);
  return "\nCREATE OR REPLACE TABLE sluice." + name + "{{on_cluster}} AS {{db}}." + name +
         "\nENGINE = Distributed('{{cluster}}', '{{db}}', '" + name + "');\n";
}

}  // namespace

std::string distributed_sql() {
  std::string sql =
      made_by("--", "src/tools/schema") +
      "-- Over what each node stores in {{db}}: tables under the names that people ask. They have the "
      "columns of the tables\n"
      "-- below them and hold nothing themselves, so that they are simply made anew.";
  for (const std::string_view table : {"flows_raw", "flows_errors"}) sql += distributed(table);
  for (const std::string_view table : kRollups) sql += distributed(table);
  for (const std::string_view table : {"exporter_names", "interface_names", "schema_version"})
    sql += distributed(table);
  return sql;
}

}  // namespace sluice::schema
