#pragma once
// What is made from the sets of columns that flows_raw may be made without. Texts end with a newline.
#include <string>

namespace sluice::schema {

/// deploy/clickhouse/column_sets.sh: what apply.sh must know of them.
std::string column_sets_shell();
/// docs/clickhouse.md: each with its columns and what they tell of.
std::string column_sets_table();

}  // namespace sluice::schema
