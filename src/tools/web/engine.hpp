#pragma once
// What the engine of a table says in system.tables: how long rows are kept, and which tables it only stands
// for. Pure functions over text of the store; any thread.
#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::web {

/// By the TTL in a MergeTree's engine_full, the shortest that deletes rows; query::kForGood where none does.
/// Nothing where it is no MergeTree, or its TTL is more than a column and an interval.
std::optional<std::chrono::seconds> kept_by(std::string_view engine_full);

/// Of "Distributed('cluster', 'db', 'table', ...)".
struct Behind {
  std::string cluster, database, table;
};
std::optional<Behind> behind(std::string_view engine_full);

}  // namespace sluice::web
