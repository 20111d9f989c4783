#include "schema/consume.hpp"

#include <vector>

#include "flow/columns.hpp"
#include "schema/columns.hpp"
#include "schema/generated.hpp"

namespace sluice::schema {
namespace {

// The text between the lists of columns.
constexpr std::string_view kFeed =
    R"(-- From the topic to the tables. One view consumes, and it is made last: consumption starts with the first view on a
-- Kafka table, and a view added later misses what was taken. What it takes, good and bad, goes through a Null table,
-- on which everything else hangs.
CREATE TABLE {{db}}.flows_feed{{on_cluster}}
(
)";

constexpr std::string_view kViews = R"(
)
ENGINE = Null;

CREATE MATERIALIZED VIEW {{db}}.flows_errors_view{{on_cluster}} TO {{db}}.flows_errors AS
SELECT
    toDateTime64(ifNull(kafka_time, now64(3)), 3, 'UTC') AS time,
    kafka_topic,
    kafka_partition,
    kafka_offset,
    kafka_error AS error,
    kafka_message AS raw_message,
    now64(3, 'UTC') AS inserted_at
FROM {{db}}.flows_feed
WHERE kafka_error != '';

-- An absent time of receipt becomes the time at which the record was written to Kafka, an absent end of the flow the
-- time of receipt, and an absent start the end: what the collector does with times that cannot be. An enum's value
-- that this table does not know becomes OTHER.
CREATE MATERIALIZED VIEW {{db}}.flows_raw_view{{on_cluster}} TO {{db}}.flows_raw AS
SELECT
)";

constexpr std::string_view kKafkaTable = R"(
FROM {{db}}.flows_feed
WHERE kafka_error = '';

-- The engine remembers a proto file that it has read; this makes it read a newer one.
SYSTEM DROP FORMAT SCHEMA CACHE;

CREATE TABLE {{db}}.flows{{on_cluster}}
(
)";

constexpr std::string_view kKafkaEngine = R"(
)
ENGINE = Kafka
SETTINGS
    kafka_broker_list = '{{brokers}}',
    kafka_topic_list = '{{topic}}',
    kafka_group_name = '{{group}}',
    kafka_format = 'Protobuf',
    kafka_schema = ')";

constexpr std::string_view kConsumer = R"(:FlowMessage',
    kafka_handle_error_mode = 'stream',
    kafka_num_consumers = {{consumers}},
    kafka_thread_per_consumer = 1,
    kafka_max_block_size = {{block_rows}},
    kafka_poll_max_batch_size = {{poll_records}},
    kafka_flush_interval_ms = {{flush_ms}},
    kafka_poll_timeout_ms = {{poll_ms}},
    kafka_consumer_reschedule_ms = {{reschedule_ms}};

CREATE MATERIALIZED VIEW {{db}}.flows_consumer{{on_cluster}} TO {{db}}.flows_feed AS
SELECT
    *,
)";

constexpr std::string_view kEnd = R"(
FROM {{db}}.flows;
)";

/// A list as SQL has it: one a line, commas between.
class Lines {
 public:
  void add(const std::string& line) { text_ += (text_.empty() ? "    " : ",\n    ") + line; }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

std::vector<Column> columns_with(std::span<const UserField> user_fields) {
  std::vector<Column> columns = message_columns();
  for (const UserField& field : user_fields) columns.push_back(column_of(field));
  return columns;
}

/// What the Kafka table has, and flows_feed before what Kafka tells of the record.
Lines consumed(const std::vector<Column>& columns) {
  Lines lines;
  for (const Column& column : columns) lines.add(column.consumed_name + " " + column.consumed);
  return lines;
}

Lines fed(const std::vector<Column>& columns) {
  Lines lines = consumed(columns);
  for (const ConsumedColumn& column : consumed_columns())
    lines.add(std::string(column.name) + " " + std::string(column.type));
  return lines;
}

Lines stored(const std::vector<Column>& columns) {
  Lines lines;
  for (const Column& column : columns) lines.add(column.from);
  for (const StoredColumn& column : stored_columns()) {
    const std::string expression(column.expression);
    lines.add((expression.empty() ? "" : expression + " AS ") + std::string(column.name));
  }
  return lines;
}

Lines taken_from_kafka() {
  Lines lines;
  for (const ConsumedColumn& column : consumed_columns())
    lines.add(std::string(column.kafka) + " AS " + std::string(column.name));
  return lines;
}

}  // namespace

std::string consume_sql(std::span<const UserField> user_fields) {
  const std::vector<Column> columns = columns_with(user_fields);
  const std::string proto = user_fields.empty() ? "flow.proto" : "flow_user.proto";
  std::string sql(kFeed);
  sql += fed(columns).text();
  sql += kViews;
  sql += stored(columns).text();
  sql += kKafkaTable;
  sql += consumed(columns).text();
  sql += kKafkaEngine;
  sql += proto;
  sql += kConsumer;
  sql += taken_from_kafka().text();
  sql += kEnd;
  return sql;
}

}  // namespace sluice::schema
