#include "sink/postgres/timescale.hpp"

#include <algorithm>

#include "flow/rollups.hpp"

namespace sluice::sink::postgres {
namespace {

/// The rollups of all keys: flows_1m, flows_5m and flows_1h, each made of the one before it.
constexpr std::string_view kSummed[] = {"flows_1m", "flows_5m", "flows_1h"};
constexpr std::string_view kTable = "flows";         // what their names begin with
constexpr std::string_view kTime = "time_received";  // the column that every table has

/// A spool may hand over flows that old, which are summed all the same.
constexpr unsigned kLateDays = 7;

bool has(const std::vector<Column>& columns, std::string_view name) {
  return std::ranges::any_of(columns, [&](const Column& column) { return column.name == name; });
}

std::string interval(std::chrono::seconds length) {
  return "INTERVAL '" + std::to_string(length.count()) + " seconds'";
}
std::string days(unsigned count) { return "INTERVAL '" + std::to_string(count) + " days'"; }

/// In single quotes, a name of SQL as functions take it.
std::string as_argument(const std::string& name) { return "'" + quoted(name) + "'"; }

std::string keep(const std::string& name, unsigned count) {
  return "SELECT add_retention_policy(" + as_argument(name) + ", drop_after => " + days(count) +
         ", if_not_exists => TRUE);\n";
}

/// Its part of the table's name: "_1m".
std::string summed_name(std::string_view table, std::string_view rollup) {
  return std::string(table) + std::string(rollup.substr(kTable.size()));
}

std::string create_sums(std::string_view table, const std::vector<Column>& columns, const Rollup& rollup) {
  const bool of_flows = rollup.source == kRawTable;
  const std::string name = summed_name(table, rollup.name);
  std::string keys, sums, groups = "1";
  std::size_t count = 1;
  for (const std::string_view key : names_in(rollup.keys)) {
    if (!has(columns, key)) continue;
    keys += ", " + quoted(key);
    groups += ", " + std::to_string(++count);
  }
  for (const std::string_view sum : names_in(rollup.sums))
    sums += of_flows && sum == "flows" ? ", count(*) AS \"flows\""
                                       : ", sum(" + quoted(sum) + ") AS " + quoted(sum);
  return "CREATE MATERIALIZED VIEW IF NOT EXISTS " + quoted(name) +
         " WITH (timescaledb.continuous, timescaledb.materialized_only = false) AS\nSELECT time_bucket(" +
         interval(rollup.step.length) + ", " + quoted(of_flows ? kTime : "time") + ") AS \"time\"" + keys +
         sums + "\nFROM " + quoted(of_flows ? std::string(table) : summed_name(table, rollup.source)) +
         "\nGROUP BY " + groups + "\nWITH NO DATA;\nSELECT add_continuous_aggregate_policy(" +
         as_argument(name) + ", start_offset => " + days(kLateDays) + ", end_offset => " +
         interval(rollup.step.length) + ", schedule_interval => " + interval(rollup.step.length) +
         ", if_not_exists => TRUE);\n" + keep(name, rollup.retention.days);
}

}  // namespace

std::string create_hypertable(std::string_view table, const std::vector<Column>& columns) {
  const std::string name(table);
  std::string out = "SELECT create_hypertable(" + as_argument(name) + ", by_range('" + std::string(kTime) +
                    "', INTERVAL '1 day'), create_default_indexes => FALSE, if_not_exists => TRUE);\n"
                    "ALTER TABLE " +
                    quoted(table) + " SET (timescaledb.compress, ";
  if (has(columns, "sampler_address")) out += "timescaledb.compress_segmentby = 'sampler_address', ";
  out += "timescaledb.compress_orderby = '" + std::string(kTime) +
         "');\n"
         "SELECT add_compression_policy(" +
         as_argument(name) + ", compress_after => INTERVAL '1 day', if_not_exists => TRUE);\n" +
         keep(name, kRawDays);
  if (!has(columns, "bytes") || !has(columns, "packets")) return out;
  out +=
      "\n-- Sums by time. Multiply by the sampling rate when you ask: sum(bytes * greatest(sampling_rate, "
      "1)).\n";
  for (const std::string_view rollup : kSummed) out += create_sums(table, columns, *find_rollup(rollup));
  return out;
}

}  // namespace sluice::sink::postgres
