#pragma once
#include <string>

namespace sluice::schema {

/// deploy/clickhouse/cluster/distributed.sql: over each stored table one that asks all nodes.
std::string distributed_sql();

}  // namespace sluice::schema
