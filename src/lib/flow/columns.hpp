#pragma once
// What the tables of deploy/clickhouse have beside a column for each field of the message: what Kafka tells
// of a record, what is computed when a row is asked for, indexes. The columns of fields follow from the rows
// of the fields (field_rows.hpp). Constant data; any thread.
#include <span>
#include <string_view>
#include <vector>

#include "flow/field_rows.hpp"
#include "sluice/flow/fields.hpp"

namespace sluice {

/// Of flows_feed, which has what the Kafka table reads: the record that held the flow.
struct ConsumedColumn {
  std::string_view name;
  std::string_view type;
  std::string_view kafka;  ///< SQL that makes it of the Kafka table's columns
};

/// Of flows_raw.
struct StoredColumn {
  std::string_view name;
  std::string_view type;
  std::string_view codec;
  std::string_view expression;  ///< that fills it; "" for a column of flows_feed as it is
  std::string_view unit;
  std::string_view meaning;
};

/// Of flows_raw too, computed from other columns whenever it is asked for.
struct AliasColumn {
  std::string_view name;
  std::string_view type;
  std::string_view expression;
  std::string_view unit;
  std::string_view meaning;
};

/// Of flows_raw: what lets a query for one value of a column pass over blocks without it.
struct ColumnIndex {
  std::string_view name;
  std::string_view column;
  std::string_view type;
};

/// Of flows_raw: columns of fields that only some networks fill, which it may be made without; flows lose
/// these fields then. Each field's row tells its set.
struct NamedColumnSet {
  ColumnSet set;
  std::string_view name;  ///< for apply.sh
  std::string_view about;
};

std::span<const NamedColumnSet> column_sets();
/// "nat"; "" of a column that is always there.
std::string_view set_name(ColumnSet set);
std::vector<std::string_view> columns_of(ColumnSet set);
/// Columns that are computed of those; they must be dropped before them.
std::vector<std::string_view> aliases_of(ColumnSet set);

std::span<const ConsumedColumn> consumed_columns();
std::span<const StoredColumn> stored_columns();
std::span<const AliasColumn> alias_columns();
std::span<const ColumnIndex> column_indexes();

/// The field's column: its name, of a time without the unit.
std::string_view column_name(const FieldInfo& field);

/// The names of all columns, those of fields first. A name may come twice. No field of a user's own may have
/// one of them.
std::vector<std::string_view> column_names();

}  // namespace sluice
