#pragma once
// SQL that makes a hypertable of TimescaleDB of the table of flows, with compression, sums by time that it
// keeps up to date (continuous aggregates), and how long each is kept. Sums, keys and days are those of the
// table of rollups (flow/rollups.hpp). Pure functions; any thread.
#include <string>
#include <string_view>
#include <vector>

#include "sink/postgres/columns.hpp"

namespace sluice::sink::postgres {

/// Behind the table's CREATE TABLE; several statements. Without the columns bytes and packets there are no
/// sums.
std::string create_hypertable(std::string_view table, const std::vector<Column>& columns);

}  // namespace sluice::sink::postgres
