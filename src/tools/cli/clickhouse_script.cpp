#include "cli/clickhouse_script.hpp"

#include <algorithm>
#include <stdexcept>
#include <string_view>

#include "sluice/encode/schema.hpp"

namespace sluice::cli {
namespace {

constexpr std::string_view kAbout =
    "-- Columns for the fields that a configuration adds to the message: printed by `sluice schema "
    "clickhouse`.\n"
    "-- It takes the consumer down, adds the columns and starts the consumer again at its group's offsets, "
    "so that\n"
    "-- no flow is lost; flows that come meanwhile wait in the topic. It may be applied again at any time.\n"
    "--\n"
    "-- The server needs the message with these fields first, on every node, as flow_user.proto in its\n"
    "-- format_schema_path (of `sluice store`, the directory files):\n"
    "--     sluice schema proto -c FILE > /var/lib/clickhouse/format_schemas/flow_user.proto\n"
    "-- Then this script, statement by statement:\n"
    "--     deploy/clickhouse/apply.sh --script SCRIPT      or      clickhouse client --queries-file "
    "SCRIPT\n";

struct Column {
  std::string consumed;  ///< its type in flows and flows_feed
  std::string stored;    ///< in flows_raw
  std::string from;      ///< the expression that makes one of the other
};

Column column_of(const UserField& field) {
  const std::string name = "`" + field.name + "`";
  switch (field.type) {
    case UserType::uint:
      if (field.list) return {"Array(UInt64)", "Array(UInt64)", name};
      return {"Nullable(UInt64)", "Nullable(UInt64)", name};
    case UserType::string:
    case UserType::bytes:
      if (field.list) return {"Array(String)", "Array(String)", name};
      return {"String", "String", name};
    case UserType::address:
      if (field.list)
        return {"Array(String)", "Array(IPv6)", "arrayMap(a -> sluice_address(a), " + name + ") AS " + name};
      return {"String", "IPv6", "sluice_address(" + name + ") AS " + name};
  }
  return {};
}

void replace_all(std::string& text, std::string_view what, std::string_view by) {
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size()))
    text.replace(at, what.size(), by);
}

/// Puts lines in front of a place that the script has once.
void insert_before(std::string& text, std::string_view place, std::string_view lines) {
  const auto at = text.find(place);
  if (at == std::string::npos || text.find(place, at + 1) != std::string::npos)
    throw std::logic_error("90_consume.sql has not what is looked for in it: " + std::string(place));
  text.insert(at, lines);
}

/// 90_consume.sql with the fields in all three places where it lists those of the message.
std::string consume_with(const UserFields& fields) {
  std::string feed, kafka, select;
  for (const UserField& field : fields.all()) {
    const Column column = column_of(field);
    feed += "\n    `" + field.name + "` " + column.consumed + ",";
    kafka += ",\n    `" + field.name + "` " + column.consumed;
    select += "\n    " + column.from + ",";
  }
  std::string sql = consume_sql();
  insert_before(sql, "\n    kafka_topic String,\n", feed);
  insert_before(sql, "\n)\nENGINE = Kafka\n", kafka);
  insert_before(
      sql, "\n    kafka_topic,\n    kafka_partition,\n    kafka_offset,\n    now64(3, 'UTC') AS inserted_at",
      select);
  replace_all(sql, "flow.proto:FlowMessage", "flow_user.proto:FlowMessage");
  return sql;
}

std::string add_columns(const std::string& table, const UserFields& fields) {
  std::string sql = "ALTER TABLE " + table + "{{on_cluster}}";
  std::string separator = "\n";
  for (const UserField& field : fields.all()) {
    sql += separator + "    ADD COLUMN IF NOT EXISTS `" + field.name + "` " + column_of(field).stored +
           " COMMENT 'User-defined field " + std::to_string(field.number) + ": " +
           encode::source_text(field) + "'";
    separator = ",\n";
  }
  return sql + ";\n";
}

std::string ask_for_fields(const UserFields& fields) {
  std::string names;
  for (const UserField& field : fields.all()) names += (names.empty() ? "`" : ", `") + field.name + "`";
  return "-- Nothing is changed where one of these fails. The server's flow_user.proto must have the "
         "fields:\n"
         "SYSTEM DROP FORMAT SCHEMA CACHE{{on_cluster}};\n"
         "SELECT " +
         names + " FROM format('Protobuf', '\\0') SETTINGS format_schema = 'flow_user.proto:FlowMessage';\n";
}

/// The settings by which the running Kafka table is held against the parameters, with the options for them.
std::string ask_for_settings() {
  struct Setting {
    const char* text;
    const char* option;
  };
  static constexpr Setting kSettings[] = {{"kafka_broker_list = \\'{{brokers}}\\'", "--brokers"},
                                          {"kafka_topic_list = \\'{{topic}}\\'", "--topic"},
                                          {"kafka_group_name = \\'{{group}}\\'", "--group"},
                                          {"kafka_num_consumers = {{consumers}}", "--consumers"},
                                          {"kafka_max_block_size = {{block_rows}}", "--block-rows"},
                                          {"kafka_flush_interval_ms = {{flush_ms}}", "--flush-interval"}};
  std::string sql = "-- The Kafka table that is there must have been made with the same settings:\n";
  for (const Setting& setting : kSettings)
    sql += "SELECT throwIf(count() != 0, '{{db}}.flows was made with another " + std::string(setting.option) +
           "; give it to sluice schema clickhouse as apply.sh had it') FROM system.tables WHERE database = "
           "'{{db}}' AND "
           "name = 'flows' AND position(concat(engine_full, ','), '" +
           setting.text + ",') = 0;\n";
  return sql;
}

constexpr std::string_view kStop =
    "-- The Kafka table goes first: dropping it waits for the block under way and its commit.\n"
    "DROP TABLE IF EXISTS {{db}}.flows{{on_cluster}} SYNC;\n"
    "DROP VIEW IF EXISTS {{db}}.flows_consumer{{on_cluster}} SYNC;\n"
    "DROP VIEW IF EXISTS {{db}}.flows_raw_view{{on_cluster}} SYNC;\n"
    "DROP VIEW IF EXISTS {{db}}.flows_errors_view{{on_cluster}} SYNC;\n"
    "DROP TABLE IF EXISTS {{db}}.flows_feed{{on_cluster}} SYNC;\n";

}  // namespace

std::string clickhouse_script(const UserFields& fields, const ClickhouseParameters& parameters) {
  const bool cluster = !parameters.cluster.empty();
  std::string sql = std::string(kAbout) + "\n" + ask_for_fields(fields) + "\n" + ask_for_settings() + "\n" +
                    std::string(kStop) + "\n" + add_columns("{{db}}.flows_raw", fields);
  if (cluster) sql += add_columns("sluice.flows_raw", fields);
  sql += "\n" + consume_with(fields);
  // What apply.sh makes of its options.
  const std::uint64_t rows = parameters.block_rows, flush = parameters.flush_ms;
  const std::pair<std::string_view, std::string> values[] = {
      {"db", cluster ? "sluice_shard" : "sluice"},
      {"on_cluster", cluster ? " ON CLUSTER '" + parameters.cluster + "'" : ""},
      {"brokers", parameters.brokers},
      {"topic", parameters.topic},
      {"group", parameters.group},
      {"consumers", std::to_string(parameters.consumers)},
      {"block_rows", std::to_string(rows)},
      {"flush_ms", std::to_string(flush)},
      {"poll_records", std::to_string(std::clamp<std::uint64_t>(rows / 1024, 1, 256))},
      {"poll_ms", std::to_string(std::clamp<std::uint64_t>(flush / 4, 50, 500))},
      {"reschedule_ms", std::to_string(std::clamp<std::uint64_t>(flush / 10, 20, 500))}};
  for (const auto& [name, value] : values) replace_all(sql, "{{" + std::string(name) + "}}", value);
  return sql;
}

}  // namespace sluice::cli
