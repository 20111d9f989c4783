#include "sink/postgres/tables.hpp"

#include "sink/postgres/timescale.hpp"
#include "sink/sql/columns.hpp"
#include "sink/sql/writer.hpp"

namespace sluice::sink::postgres {
namespace {

std::string literal(std::string_view text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("''") : std::string(1, c);
  return out + "'";
}

std::string partitioned(const std::string& table, const std::string& create) {
  return "-- A partition for each day, in UTC, which the sink makes; what belongs to none goes to the last "
         "one.\n" +
         create + " PARTITION BY RANGE (" + quoted(sql::kTimeColumn) + ");\nCREATE TABLE IF NOT EXISTS " +
         quoted(table + "_default") + " PARTITION OF " + quoted(table) + " DEFAULT;\n";
}

}  // namespace

std::string create_tables(const PostgresSettings& settings, Layout layout, const UserFields* own) {
  const bool partitions = layout == Layout::partitions;
  const std::string table = quoted(settings.table);
  const std::vector<Column> columns = columns_named(settings.columns, own);
  std::string rows, comments;
  for (const Column& column : columns) {
    const std::string name = quoted(column.name);
    rows.append(rows.empty() ? "" : ",\n")
        .append("    ")
        .append(name)
        .append(" ")
        .append(facts(column.type).name);
    if (column.name == sql::kTimeColumn) rows += " NOT NULL";
    comments +=
        "COMMENT ON COLUMN " + table + '.' + name + " IS " + literal(sql::meaning_of(column.source)) + ";\n";
  }
  const std::string create = "CREATE TABLE IF NOT EXISTS " + table + " (\n" + rows + "\n)";
  return "-- The tables of a sink of type postgres. Run this once, as the user that the sink has:\n"
         "--     sluice schema postgres" +
         std::string(partitions ? "" : " --timescale") +
         " | psql -v ON_ERROR_STOP=1 -h HOST -U sluice sluice\n" +
         (partitions ? "" : "CREATE EXTENSION IF NOT EXISTS timescaledb;\n") + "BEGIN;\n\n" +
         (partitions ? partitioned(settings.table, create)
                     : create + ";\n" + create_hypertable(settings.table, columns)) +
         "\n"
         "-- Small and cheap: rows lie in the order in which they came. Every part has one of its own.\n"
         "CREATE INDEX IF NOT EXISTS " +
         quoted(settings.table + "_time") + " ON " + table + " USING brin (" + quoted(sql::kTimeColumn) +
         ") WITH (pages_per_range = 32);\n"
         "\n"
         "-- The blocks of flows that are in the tables, so that one that is sent again is not written "
         "twice.\n"
         "CREATE TABLE IF NOT EXISTS " +
         quoted(sql::kBlocksTable) +
         " (token uuid PRIMARY KEY, written timestamptz NOT NULL DEFAULT now());\n"
         "\n" +
         comments + "\nCOMMIT;\n";
}

std::string partition_name(std::string_view table, Day day) {
  return std::string(table) + '_' + sql::date(day, "%04d%02u%02u");
}

std::string create_partition(std::string_view schema, std::string_view table, Day day) {
  const auto in_schema = [&](std::string_view name) { return std::string(schema) + '.' + quoted(name); };
  return "CREATE TABLE IF NOT EXISTS " + in_schema(partition_name(table, day)) + " PARTITION OF " +
         in_schema(table) + " FOR VALUES FROM ('" + sql::date(day) + " 00:00:00+00') TO ('" +
         sql::date(day + 1) + " 00:00:00+00')";
}

std::string copy_statement(std::string_view table, const std::vector<Column>& columns) {
  std::string names;
  for (const Column& column : columns) names.append(names.empty() ? "" : ", ").append(quoted(column.name));
  return "COPY " + quoted(table) + " (" + names + ") FROM STDIN (FORMAT binary)";
}

}  // namespace sluice::sink::postgres
