#pragma once
// SQL of the tables that flows are written into: for `sluice schema postgres`, which the administrator runs
// once, and for the partition of a day, which the sink makes. Pure functions; any thread.
#include <cstdint>
#include <string>
#include <string_view>

#include "sink/postgres/copy_rows.hpp"
#include "sink/postgres/settings.hpp"

namespace sluice::sink::postgres {

using sql::Day;

/// How the table of flows is parted by time: in partitions that the sink makes, or as a hypertable of
/// TimescaleDB, which makes its own.
enum class Layout : std::uint8_t { partitions, hypertable };

/// The table of flows with its parts, the index of time, and the table of blocks. What is there already
/// stays.
std::string create_tables(const PostgresSettings& settings, Layout layout = Layout::partitions,
                          const UserFields* own = nullptr);

/// "flows_20261130"
std::string partition_name(std::string_view table, Day day);
/// `schema` is that of the table, as SQL writes it.
std::string create_partition(std::string_view schema, std::string_view table, Day day);

/// COPY into these columns.
std::string copy_statement(std::string_view table, const std::vector<Column>& columns);

}  // namespace sluice::sink::postgres
