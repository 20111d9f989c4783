#include "schema/flows_raw.hpp"

#include <algorithm>
#include <iterator>

#include "flow/columns.hpp"
#include "flow/field_rows.hpp"
#include "schema/columns.hpp"
#include "schema/generated.hpp"
#include "schema/repeats.hpp"

namespace sluice::schema {
namespace {

using field_rows::FieldRow;

/// What CREATE TABLE makes, since the sort key is made of it.
constexpr std::string_view kKey[] = {"time_received", "sampler_address", "in_if", "out_if"};

constexpr std::string_view kHead =
    R"(-- Every flow with every field. The table is made with what its sort key needs, and then grows by the ALTER below: one
-- text makes a new table and brings an older one up to date, whose rows all stay (a new column is empty for them).
-- The codecs are the smallest of those tried, see docs/clickhouse.md. Partitions are days: a month of retention is some
-- thirty of them, and a day that is over goes as whole parts, without rewriting any.
-- apply.sh takes of the lines that end with "-- SET" or "-- without SET" those that fit its options.
CREATE TABLE IF NOT EXISTS {{db}}.flows_raw{{on_cluster}}
(
)";

constexpr std::string_view kEngine = R"(
)
ENGINE = {{replicated}}MergeTree
PARTITION BY toDate(time_received)
ORDER BY (toStartOfFiveMinutes(time_received), sampler_address, in_if, out_if)
TTL toDate(time_received) + INTERVAL {{retention}} DAY
SETTINGS ttl_only_drop_parts = 1, )";

constexpr std::string_view kRetention = R"(
ALTER TABLE {{db}}.flows_raw{{on_cluster}} MODIFY TTL toDate(time_received) + INTERVAL {{retention}} DAY;
)";

constexpr std::string_view kTail = R"(
-- What was wrong with Kafka records, one row for each and reason. They are kept from when they were written here, since
-- a record may be old.
CREATE TABLE IF NOT EXISTS {{db}}.flows_errors{{on_cluster}}
(
    time DateTime64(3, 'UTC') COMMENT 'When the record was written to Kafka',
    kafka_topic LowCardinality(String) COMMENT 'Topic of the record',
    kafka_partition UInt32 COMMENT 'Partition of the record',
    kafka_offset UInt64 COMMENT 'Offset of the record',
    error String COMMENT 'What was wrong with it',
    raw_message String COMMENT 'The record''s bytes' CODEC(ZSTD(1)),
    inserted_at DateTime64(3, 'UTC') COMMENT 'When the row was written'
)
ENGINE = {{replicated}}MergeTree
PARTITION BY toYYYYMM(time)
ORDER BY (time, kafka_topic, kafka_partition, kafka_offset)
TTL toDate(inserted_at) + INTERVAL {{retention_errors}} DAY
SETTINGS ttl_only_drop_parts = 1;

ALTER TABLE {{db}}.flows_errors{{on_cluster}}
    ADD COLUMN IF NOT EXISTS reason LowCardinality(String) DEFAULT 'unreadable' COMMENT 'unreadable: it is no flow messages, and its flows are lost. time: received too far from when it was written, and kept with that time. expired: older than flows_raw keeps',
    ADD COLUMN IF NOT EXISTS flows UInt64 COMMENT 'Flows of the record that this is about; 0 where it could not be read';

ALTER TABLE {{db}}.flows_errors{{on_cluster}} MODIFY TTL toDate(inserted_at) + INTERVAL {{retention_errors}} DAY;
)";

/// The columns that are stored: those of the sort key first, as the table has them.
std::vector<Column> all_columns() {
  std::vector<Column> columns = message_columns();
  const auto place = [](const Column& column) { return std::ranges::find(kKey, column.name) - kKey; };
  std::ranges::stable_sort(columns, {}, place);
  for (const StoredColumn& stored : stored_columns()) {
    Column& column = columns.emplace_back();
    column.name = stored.name;
    column.stored = stored.type;
    column.codec = stored.codec;
    column.unit = stored.unit;
    column.meaning = stored.meaning;
  }
  return columns;
}

/// Its type, and what fills it in rows of those who insert flows themselves.
std::string with_default(const Column& column) {
  const auto found = std::ranges::find(stored_columns(), column.name, &StoredColumn::name);
  if (found == stored_columns().end() || found->expression.empty()) return column.stored;
  return column.stored + " DEFAULT " + std::string(found->expression);
}

std::string defined(const AliasColumn& column) {
  return std::string(column.name) + " " +
         definition(std::string(column.type) + " ALIAS " + std::string(column.expression), column.meaning);
}

constexpr std::string_view kModified =
    R"(-- Of a table that an older version made: aliases that stood for something else, codecs that ClickHouse 24.8 cannot. No row
-- is rewritten.
ALTER TABLE {{db}}.flows_raw{{on_cluster}}
)";

std::string modified() {
  std::string out;
  for (const FieldRow& row : field_rows::kRows)
    if (row.column.codec == field_rows::kGcd) {
      const std::string name(column_name(row.info));
      out += "    MODIFY COLUMN " + name + " " + stored_type(name) + " CODEC(" +
             std::string(row.column.codec) + "),\n";
    }
  for (const StoredColumn& column : stored_columns())
    if (!column.expression.empty())
      out += "    MODIFY COLUMN " + std::string(column.name) + " DEFAULT " + std::string(column.expression) +
             ",\n";
  for (const AliasColumn& column : alias_columns()) out += "    MODIFY COLUMN " + defined(column) + ",\n";
  out.replace(out.size() - 2, 1, ";");
  return std::string(kModified) + out;
}

/// What stands for a column that is left out: its name with an absent field's value.
std::string left_out(const Column& column) {
  return column.name + " " +
         definition(column.stored + " ALIAS defaultValueOfTypeName(" + sql_literal(column.stored) + ")",
                    column.meaning) +
         "," + mark(column, true);
}

}  // namespace

std::string flows_raw_sql() {
  const std::vector<Column> columns = all_columns();
  std::string created, added;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const std::string text =
        columns[i].name + " " + definition(with_default(columns[i]), columns[i].meaning, columns[i].codec);
    if (i < std::size(kKey))
      created += (i == 0 ? "    " : ",\n    ") + text;
    else
      added += "\n    ADD COLUMN IF NOT EXISTS " + text + "," + mark(columns[i]);
    if (!columns[i].set.empty()) added += "\n    ADD COLUMN IF NOT EXISTS " + left_out(columns[i]);
  }
  for (const AliasColumn& column : alias_columns())
    added += "\n    ADD COLUMN IF NOT EXISTS " + defined(column) + ",";
  for (const ColumnIndex& index : column_indexes())
    added += "\n    ADD INDEX IF NOT EXISTS " + std::string(index.name) + " " + std::string(index.column) +
             " TYPE " + std::string(index.type) + " GRANULARITY 1,";
  added.back() = ';';
  return std::string(kHead) + created + std::string(kEngine) + std::string(kKnowsRepeats) +
         ";\n\nALTER TABLE {{db}}.flows_raw{{on_cluster}}" + added + "\n\n" + modified() +
         std::string(kRetention) + alter_repeats("flows_raw") + std::string(kTail);
}

std::string flows_raw_columns() {
  std::string out = "| Column | Type | Unit | Meaning |\n| --- | --- | --- | --- |\n";
  for (const Column& column : all_columns())
    out += markdown_row(column.name, column.stored, false, column.unit, column.meaning);
  for (const AliasColumn& column : alias_columns())
    out += markdown_row(column.name, column.type, true, column.unit, column.meaning);
  return out;
}

}  // namespace sluice::schema
