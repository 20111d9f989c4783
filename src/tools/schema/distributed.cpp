#include "schema/distributed.hpp"

#include <string_view>

#include "schema/generated.hpp"
#include "schema/rollup_files.hpp"

namespace sluice::schema {
namespace {

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
  for (const Rollup* rollup : rollups_as_made()) sql += distributed(rollup->name);
  for (const std::string_view table : {"exporter_names", "interface_names", "schema_version"})
    sql += distributed(table);
  return sql;
}

}  // namespace sluice::schema
