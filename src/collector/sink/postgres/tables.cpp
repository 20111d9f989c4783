#include "sink/postgres/tables.hpp"

#include <array>
#include <chrono>
#include <cstdio>

#include "sink/postgres/timescale.hpp"

namespace sluice::sink::postgres {
namespace {

/// "2026-11-30", or with another form.
std::string date(Day day, const char* form) {
  const std::chrono::year_month_day on{std::chrono::sys_days{std::chrono::days{day}}};
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), form, static_cast<int>(on.year()),
                static_cast<unsigned>(on.month()), static_cast<unsigned>(on.day()));
  return text.data();
}

std::string literal(std::string_view text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("''") : std::string(1, c);
  return out + "'";
}

std::string meaning_of(const Column& column) {
  std::string out(column.field->meaning);
  if (!column.field->unit.empty() && column.type != ColumnType::time)
    out.append(" (").append(column.field->unit).append(")");
  return out;
}

std::string partitioned(const std::string& table, const std::string& create) {
  return "-- A partition for each day, in UTC, which the sink makes; what belongs to none goes to the last "
         "one.\n" +
         create + " PARTITION BY RANGE (" + quoted(kTimeColumn) + ");\nCREATE TABLE IF NOT EXISTS " +
         quoted(table + "_default") + " PARTITION OF " + quoted(table) + " DEFAULT;\n";
}

}  // namespace

std::string create_tables(const PostgresSettings& settings, Layout layout) {
  const bool partitions = layout == Layout::partitions;
  const std::string table = quoted(settings.table);
  const std::vector<Column> columns = columns_named(settings.columns);
  std::string rows, comments;
  for (const Column& column : columns) {
    const std::string name = quoted(column.name);
    rows.append(rows.empty() ? "" : ",\n")
        .append("    ")
        .append(name)
        .append(" ")
        .append(facts(column.type).name);
    if (column.name == kTimeColumn) rows += " NOT NULL";
    comments += "COMMENT ON COLUMN " + table + '.' + name + " IS " + literal(meaning_of(column)) + ";\n";
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
         quoted(settings.table + "_time") + " ON " + table + " USING brin (" + quoted(kTimeColumn) +
         ") WITH (pages_per_range = 32);\n"
         "\n"
         "-- The blocks of flows that are in the tables, so that one that is sent again is not written "
         "twice.\n"
         "CREATE TABLE IF NOT EXISTS " +
         quoted(kBlocksTable) +
         " (token uuid PRIMARY KEY, written timestamptz NOT NULL DEFAULT now());\n"
         "\n" +
         comments + "\nCOMMIT;\n";
}

std::string partition_name(std::string_view table, Day day) {
  return std::string(table) + '_' + date(day, "%04d%02u%02u");
}

std::string create_partition(std::string_view schema, std::string_view table, Day day) {
  const auto in_schema = [&](std::string_view name) { return std::string(schema) + '.' + quoted(name); };
  return "CREATE TABLE IF NOT EXISTS " + in_schema(partition_name(table, day)) + " PARTITION OF " +
         in_schema(table) + " FOR VALUES FROM ('" + date(day, "%04d-%02u-%02u") + " 00:00:00+00') TO ('" +
         date(day + 1, "%04d-%02u-%02u") + " 00:00:00+00')";
}

std::string copy_statement(std::string_view table, const std::vector<Column>& columns) {
  std::string names;
  for (const Column& column : columns) names.append(names.empty() ? "" : ", ").append(quoted(column.name));
  return "COPY " + quoted(table) + " (" + names + ") FROM STDIN (FORMAT binary)";
}

}  // namespace sluice::sink::postgres
