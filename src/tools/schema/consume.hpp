#pragma once
// From the topic to the tables.
#include <span>
#include <string>

#include "sluice/flow/user_fields.hpp"

namespace sluice::schema {

/// deploy/clickhouse/90_consume.sql; with fields of a user's own, the same chain with their columns, which
/// reads flow_user.proto.
std::string consume_sql(std::span<const UserField> user_fields = {});

/// Takes down what consume_sql() makes. The Kafka table goes first: dropping it waits for the block under way
/// and its commit.
std::string stop_consuming_sql();

}  // namespace sluice::schema
