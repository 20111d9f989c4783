#pragma once
// The table of every flow with every field.
#include <string>

namespace sluice::schema {

/// deploy/clickhouse/50_flows_raw.sql: flows_raw, and flows_errors beside it.
std::string flows_raw_sql();

/// Its columns for docs/clickhouse.md, in Markdown.
std::string flows_raw_columns();

}  // namespace sluice::schema
