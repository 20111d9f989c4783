#include "schema/consume.hpp"

#include <algorithm>
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

-- What is wrong with a record, one row for each reason. The hour stands for a time that Kafka does not tell.
CREATE TABLE {{db}}.flows_faults{{on_cluster}}
(
    time DateTime64(3, 'UTC'),
    kafka_topic String,
    kafka_partition UInt64,
    kafka_offset UInt64,
    error String,
    raw_message String,
    reason String,
    flows UInt64
)
ENGINE = Null;

)";

/// Of a view TO flows_faults, up to its FROM and from there on.
constexpr std::string_view kFaultsOf = R"(SELECT
    toDateTime64(ifNull(any(kafka_time), toStartOfHour(now())), 3, 'UTC') AS time,
    kafka_topic,
    kafka_partition,
    kafka_offset,
    multiIf(kafka_time_fault = 0, kafka_error,
            concat('received from ', toString(fromUnixTimestamp64Nano(toInt64(least(min(time_received_ns), 9223372036854775807)), 'UTC')),
                   ' to ', toString(fromUnixTimestamp64Nano(toInt64(least(max(time_received_ns), 9223372036854775807)), 'UTC')),
                   if(kafka_time_fault = 1,
                      ', not within {{days_before}} days before and {{hours_after}} h after the record was written: its flows have the time of the record',
                      ', before the {{retention}} days that flows_raw keeps: only tables that keep longer have its flows'))) AS error,
    any(kafka_message) AS raw_message,
    transform(kafka_time_fault, [1, 2], ['time', 'expired'], 'unreadable') AS reason,
    if(kafka_time_fault = 0, 0, count()) AS flows
)";

constexpr std::string_view kFaultsBy = R"(
WHERE kafka_error != '' OR kafka_time_fault != 0
GROUP BY kafka_topic, kafka_partition, kafka_offset, kafka_error, kafka_time_fault;

)";

constexpr std::string_view kErrorsView =
    R"(-- A block that cannot be written is read again until it can be, and each time its faults come again: those that were
-- written are left out. This view is asked only where there is a fault, since the Null table stands before it.
CREATE MATERIALIZED VIEW {{db}}.flows_errors_view{{on_cluster}} TO {{db}}.flows_errors AS
SELECT
    *,
    now64(3, 'UTC') AS inserted_at
FROM {{db}}.flows_faults
WHERE (time, kafka_topic, kafka_partition, kafka_offset, reason) NOT IN
(
    SELECT time, kafka_topic, kafka_partition, kafka_offset, reason
    FROM {{db}}.flows_errors
    ORDER BY inserted_at DESC
    LIMIT 1000000
);

-- An absent time of receipt becomes the time at which the record was written to Kafka, and so does one that cannot be
-- (kafka_time_fault, see flows_consumer); an absent end of the flow becomes the time of receipt, and an absent start the
-- end: what the collector does with times that cannot be. An enum's value that this table does not know becomes OTHER.
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

constexpr std::string_view kBlockRows = R"(:FlowMessage',
    kafka_max_block_size = {{block_rows}},
)";

constexpr std::string_view kHandling = R"(    kafka_handle_error_mode = 'stream',
    kafka_num_consumers = {{consumers}},
    kafka_thread_per_consumer = 1,
    kafka_poll_max_batch_size = {{poll_records}},
    kafka_flush_interval_ms = {{flush_ms}},
    kafka_poll_timeout_ms = {{poll_ms}},
    kafka_consumer_reschedule_ms = {{reschedule_ms}};
)";

constexpr std::string_view kConsumer = R"(
-- The topic is no place for times of receipt of other years: each day is a partition of flows_raw, and days that are over
-- are dropped. kafka_time_fault is 1 where a flow was not received about when its record was written, and 2 where
-- flows_raw keeps its day no longer. Kafka's own time is believed where it is not in the future and some table keeps
-- its day. Who writes old flows into flows_feed by another way than the topic is not asked.
CREATE MATERIALIZED VIEW {{db}}.flows_consumer{{on_cluster}} TO {{db}}.flows_feed AS
)";

constexpr std::string_view kTimes = R"(WITH
    toUnixTimestamp64Milli(now64(3)) AS _now_ms,
    toUnixTimestamp64Milli(ifNull(kafka_time, now64(3))) AS _written_ms,
    toInt64(intDiv(time_received_ns, 1000000)) AS _received_ms)";

constexpr std::string_view kSelect = R"(
SELECT
)";

constexpr std::string_view kEnd = R"(
FROM {{db}}.flows;
)";

// The other way, only where apply.sh is told of its topic: it leaves out what is between these two lines.
constexpr std::string_view kNativeFeed = R"(
-- begin: only with --native-topic
-- From a topic of records of columns (format native of a sink of type kafka) to the same tables. A record is one row in
-- ClickHouse's Native format, whose columns are arrays of all its flows' values under the names of the message. It has
-- only columns in which a flow has a value; what else this table has gets defaults, and what this table does not know is
-- passed over, so a record may be of an older or a newer collector. A block is so many records, not flows.
CREATE TABLE {{db}}.flows_native_feed{{on_cluster}}
(
)";

constexpr std::string_view kNativeFaults = R"(
)
ENGINE = Null;

CREATE MATERIALIZED VIEW {{db}}.flows_native_faults_view{{on_cluster}} TO {{db}}.flows_faults AS
)";

constexpr std::string_view kNativeView =
    R"(CREATE MATERIALIZED VIEW {{db}}.flows_native_raw_view{{on_cluster}} TO {{db}}.flows_raw AS
SELECT
)";

constexpr std::string_view kNativeTable = R"(
FROM {{db}}.flows_native_feed
WHERE kafka_error = '';

CREATE TABLE {{db}}.flows_native{{on_cluster}}
(
)";

constexpr std::string_view kNativeEngine = R"(
)
ENGINE = Kafka
SETTINGS
    kafka_broker_list = '{{brokers}}',
    kafka_topic_list = '{{native_topic}}',
    kafka_group_name = '{{group}}-native',
    kafka_format = 'Native',
    kafka_max_block_size = {{native_records}},
)";

constexpr std::string_view kNativeConsumer = R"(
-- A record that cannot be read, or whose columns have different lengths, is no record of ours: whatever rows it makes have its
-- error. LEFT keeps one that has no rows. Columns that are missing are filled up with defaults by the setting.
CREATE MATERIALIZED VIEW {{db}}.flows_native_consumer{{on_cluster}} TO {{db}}.flows_native_feed AS
)";

/// What the rest takes for Kafka's word of the record.
constexpr std::string_view kNativeError = R"(,
    multiIf(_unread != '', _unread, _uneven, 'a record with columns of different lengths', _at = 0, 'a record of columns without flows', '') AS _error)";

constexpr std::string_view kNativeFrom = R"(
FROM
(
    SELECT
        *, _topic, _partition, _offset, _timestamp_ms, _raw_message, _error AS _unread,
        arrayExists(n -> n != 0 AND n != length(type),
        [
)";

constexpr std::string_view kNativeJoin = R"(
        ]) AS _uneven
    FROM {{db}}.flows_native
)
LEFT ARRAY JOIN
    arrayEnumerate(type) AS _at,
)";

constexpr std::string_view kNativeEnd = R"(
SETTINGS enable_unaligned_array_join = 1;
-- end: only with --native-topic
)";

/// A list as SQL has it: one a line, commas between, with the mark of a line that may be left out behind its
/// comma. The last line must have none.
class Lines {
 public:
  void add(const std::string& line, const std::string& mark = {}) {
    text_ += (text_.empty() ? "    " : "," + mark_ + "\n    ") + line;
    mark_ = mark;
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
  std::string mark_;
};

std::vector<Column> columns_with(std::span<const UserField> user_fields) {
  std::vector<Column> columns = message_columns();
  // Those that are always there at the end, where the list must have one.
  std::ranges::stable_partition(columns, [](const Column& column) { return !column.set.empty(); });
  for (const UserField& field : user_fields) columns.push_back(column_of(field));
  return columns;
}

/// What the Kafka table has, and flows_feed before what Kafka tells of the record.
Lines consumed(const std::vector<Column>& columns) {
  Lines lines;
  for (const Column& column : columns) lines.add(column.consumed_name + " " + column.consumed, mark(column));
  return lines;
}

Lines fed(const std::vector<Column>& columns) {
  Lines lines = consumed(columns);
  for (const ConsumedColumn& column : consumed_columns())
    lines.add(std::string(column.name) + " " + std::string(column.type));
  return lines;
}

Lines stored(const std::vector<Column>& columns, std::string Column::* from) {
  Lines lines;
  for (const Column& column : columns) lines.add(column.*from, mark(column));
  for (const StoredColumn& column : stored_columns()) {
    const std::string expression(column.expression);
    lines.add((expression.empty() ? "" : expression + " AS ") + std::string(column.name));
  }
  return lines;
}

void take_from_kafka(Lines& lines) {
  for (const ConsumedColumn& column : consumed_columns())
    lines.add(std::string(column.kafka) + " AS " + std::string(column.name));
}

std::string native_sql(const std::vector<Column>& columns) {
  Lines feed, table, selected, lengths, joined;
  for (const Column& column : columns) {
    feed.add(column.consumed_name + " " + column.native, mark(column));
    table.add(column.consumed_name + " Array(" + column.native + ")", mark(column));
    selected.add(column.consumed_name, mark(column));
    lengths.add("length(" + column.consumed_name + ")", mark(column));
    joined.add(column.consumed_name, mark(column));
  }
  for (const ConsumedColumn& column : consumed_columns())
    feed.add(std::string(column.name) + " " + std::string(column.type));
  take_from_kafka(selected);

  std::string sql(kNativeFeed);
  sql += feed.text();
  sql.append(kNativeFaults).append(kFaultsOf).append("FROM {{db}}.flows_native_feed").append(kFaultsBy);
  sql += kNativeView;
  sql += stored(columns, &Column::from_native).text();
  sql += kNativeTable;
  sql += table.text();
  sql.append(kNativeEngine)
      .append(kHandling)
      .append(kNativeConsumer)
      .append(kTimes)
      .append(kNativeError)
      .append(kSelect);
  sql += selected.text();
  sql.append(kNativeFrom).append(lengths.text()).append(kNativeJoin);
  sql += joined.text();
  sql += kNativeEnd;
  return sql;
}

}  // namespace

std::string stop_consuming_sql() {
  std::string sql;
  for (const std::string table : {"flows", "flows_native"})
    sql += "DROP TABLE IF EXISTS {{db}}." + table + "{{on_cluster}} SYNC;\n";
  for (const std::string view :
       {"flows_consumer", "flows_raw_view", "flows_faults_view", "flows_native_consumer",
        "flows_native_raw_view", "flows_native_faults_view", "flows_errors_view"})
    sql += "DROP VIEW IF EXISTS {{db}}." + view + "{{on_cluster}} SYNC;\n";
  for (const std::string table : {"flows_faults", "flows_feed", "flows_native_feed"})
    sql += "DROP TABLE IF EXISTS {{db}}." + table + "{{on_cluster}} SYNC;\n";
  return sql;
}

std::string consume_sql(std::span<const UserField> user_fields) {
  const std::vector<Column> columns = columns_with(user_fields);
  const std::string proto = user_fields.empty() ? "flow.proto" : "flow_user.proto";
  std::string sql(kFeed);
  sql += fed(columns).text();
  sql.append(kViews)
      .append("CREATE MATERIALIZED VIEW {{db}}.flows_faults_view{{on_cluster}} TO {{db}}.flows_faults AS\n")
      .append(kFaultsOf)
      .append("FROM {{db}}.flows_feed")
      .append(kFaultsBy)
      .append(kErrorsView);
  sql += stored(columns, &Column::from).text();
  sql += kKafkaTable;
  sql += consumed(columns).text();
  sql += kKafkaEngine;
  sql += proto;
  sql.append(kBlockRows).append(kHandling).append(kConsumer).append(kTimes).append(kSelect);
  Lines selected;
  selected.add("*");
  take_from_kafka(selected);
  sql += selected.text();
  sql += kEnd;
  sql += native_sql(columns);
  return sql;
}

}  // namespace sluice::schema
