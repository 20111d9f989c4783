#include "schema/flows_raw.hpp"

#include <algorithm>
#include <iterator>

#include "flow/columns.hpp"
#include "schema/columns.hpp"
#include "schema/generated.hpp"

namespace sluice::schema {
namespace {

/// What CREATE TABLE makes, since the sort key is made of it.
constexpr std::string_view kKey[] = {"time_received", "sampler_address", "in_if", "out_if"};

constexpr std::string_view kHead =
    R"(-- Every flow with every field. The table is made with what its sort key needs, and then grows by the ALTER below: one
-- text makes a new table and brings an older one up to date, whose rows all stay (a new column is empty for them).
-- The codecs are the smallest of those tried, see docs/clickhouse.md. Partitions are days: a month of retention is some
-- thirty of them, and a day that is over goes as whole parts, without rewriting any.
CREATE TABLE IF NOT EXISTS {{db}}.flows_raw{{on_cluster}}
(
)";

constexpr std::string_view kEngine = R"(
)
ENGINE = {{replicated}}MergeTree
PARTITION BY toDate(time_received)
ORDER BY (toStartOfFiveMinutes(time_received), sampler_address, in_if, out_if)
TTL toDate(time_received) + INTERVAL {{retention}} DAY
SETTINGS ttl_only_drop_parts = 1;

)";

constexpr std::string_view kTail = R"(
ALTER TABLE {{db}}.flows_raw{{on_cluster}} MODIFY TTL toDate(time_received) + INTERVAL {{retention}} DAY;

-- Kafka records that could not be parsed. A record is read as a whole or not at all, so each costs one row here.
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
TTL toDate(time) + INTERVAL {{retention_errors}} DAY
SETTINGS ttl_only_drop_parts = 1;

ALTER TABLE {{db}}.flows_errors{{on_cluster}} MODIFY TTL toDate(time) + INTERVAL {{retention_errors}} DAY;
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

}  // namespace

std::string flows_raw_sql() {
  const std::vector<Column> columns = all_columns();
  std::string created, added;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const std::string text =
        columns[i].name + " " + definition(columns[i].stored, columns[i].meaning, columns[i].codec);
    if (i < std::size(kKey))
      created += (i == 0 ? "    " : ",\n    ") + text;
    else
      added += "\n    ADD COLUMN IF NOT EXISTS " + text + ",";
  }
  for (const AliasColumn& column : alias_columns())
    added +=
        "\n    ADD COLUMN IF NOT EXISTS " + std::string(column.name) + " " +
        definition(std::string(column.type) + " ALIAS " + std::string(column.expression), column.meaning) +
        ",";
  for (const ColumnIndex& index : column_indexes())
    added += "\n    ADD INDEX IF NOT EXISTS " + std::string(index.name) + " " + std::string(index.column) +
             " TYPE " + std::string(index.type) + " GRANULARITY 1,";
  added.back() = ';';
  return std::string(kHead) + created + std::string(kEngine) + "ALTER TABLE {{db}}.flows_raw{{on_cluster}}" +
         added + "\n" + std::string(kTail);
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
