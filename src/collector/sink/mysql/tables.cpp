#include "sink/mysql/tables.hpp"

#include "sink/sql/columns.hpp"
#include "sink/sql/writer.hpp"

namespace sluice::sink::mysql {
namespace {

// Partitions that are there to be parted: what comes after the last day, and before a day that was the first.
constexpr std::string_view kRest = "rest";
constexpr std::string_view kBefore = "before_";

std::string start_of(Day day) { return sql::date(day) + " 00:00:00"; }

std::string part(const std::string& name, const std::string& end) {
  return "PARTITION " + quoted(name) + " VALUES LESS THAN (" + (end.empty() ? "MAXVALUE" : literal(end)) +
         ")";
}

}  // namespace

std::string create_tables(const MysqlSettings& settings, const UserFields* own) {
  std::string rows;
  for (const Column& column : columns_named(settings.columns, own)) {
    rows.append("    ").append(quoted(column.name)).append(" ").append(sql_name(column.type));
    if (column.name == sql::kTimeColumn) rows += " NOT NULL";
    rows += " COMMENT " + literal(sql::meaning_of(column.source)) + ",\n";
  }
  rows.erase(rows.size() - 2);
  return "-- The tables of a sink of type mysql. Run this once, as the user that the sink has:\n"
         "--     sluice schema mysql | mariadb -h HOST -u sluice -p sluice\n"
         "\n"
         "-- Times are UTC. The sink parts the last partition into days.\n"
         "CREATE TABLE IF NOT EXISTS " +
         quoted(settings.table) + " (\n" + rows +
         "\n) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin\n"
         "PARTITION BY RANGE COLUMNS (" +
         quoted(sql::kTimeColumn) + ") (" + part(std::string(kRest), "") +
         ");\n"
         "\n"
         "-- The blocks of flows that are in the tables, so that one that is sent again is not written "
         "twice.\n"
         "CREATE TABLE IF NOT EXISTS " +
         quoted(sql::kBlocksTable) +
         " (\n"
         "    `token` binary(16) NOT NULL PRIMARY KEY,\n"
         "    `written` datetime NOT NULL,\n"
         "    KEY (`written`)\n"
         ") ENGINE=InnoDB;\n";
}

std::string partition_name(Day day) { return sql::date(day, "day_%04d%02u%02u"); }

std::optional<Place> place_of(const std::string& table, const std::vector<Partition>& partitions, Day day) {
  const std::string start = start_of(day), end = start_of(day + 1);
  std::string before;
  for (const Partition& one : partitions) {
    if (!one.end.empty() && one.end <= start) {
      before = one.end;
      continue;
    }
    Place out{one.name, {}};
    if (one.name != kRest && !one.name.starts_with(kBefore)) return out;
    std::string parts;
    if (before != start) parts = part(std::string(kBefore) + sql::date(day, "%04d%02u%02u"), start) + ", ";
    parts += part(partition_name(day), end);
    if (one.end != end) parts += ", " + part(one.name, one.end);
    out.split = "ALTER TABLE " + quoted(table) + " REORGANIZE PARTITION " + quoted(one.name) + " INTO (" +
                parts + ")";
    return out;
  }
  return std::nullopt;
}

std::string delete_old_blocks(std::size_t most) {
  return "DELETE FROM " + quoted(sql::kBlocksTable) +
         " WHERE written < UTC_TIMESTAMP() - INTERVAL 7 DAY ORDER BY written LIMIT " + std::to_string(most);
}

std::string insert_statement(std::string_view table, const std::vector<Column>& columns, std::size_t rows) {
  std::string names, marks;
  for (const Column& column : columns) {
    names.append(names.empty() ? "" : ", ").append(quoted(column.name));
    marks.append(marks.empty() ? "?" : ",?");
  }
  std::string out = "INSERT INTO " + quoted(table) + " (" + names + ") VALUES ";
  for (std::size_t row = 0; row < rows; ++row) out.append(row == 0 ? "(" : ",(").append(marks).append(")");
  return out;
}

}  // namespace sluice::sink::mysql
