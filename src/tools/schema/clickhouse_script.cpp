#include "schema/clickhouse_script.hpp"

#include <string_view>

#include "schema/columns.hpp"
#include "schema/consume.hpp"

namespace sluice::schema {
namespace {

constexpr std::string_view kAbout =
    R"(-- Columns for the fields that a configuration adds to the message: printed by `sluice schema clickhouse`.
-- It takes the consumer down, adds the columns and starts the consumer again at its group's offsets, so that
-- no flow is lost; flows that come meanwhile wait in the topic. It may be applied again at any time.
--
-- The server needs the message with these fields first, on every node, as flow_user.proto in its
-- format_schema_path (of `sluice store`, the directory files):
--     sluice schema proto -c FILE > /var/lib/clickhouse/format_schemas/flow_user.proto
-- Then this script, with the options by which the tables were made:
--     deploy/clickhouse/apply.sh --script SCRIPT
-- and whenever the tables are brought up to date, in place of 90_consume.sql:
--     deploy/clickhouse/apply.sh --fields SCRIPT
)";

constexpr std::string_view kStop =
    "-- The Kafka table goes first: dropping it waits for the block under way and its commit.\n";

constexpr std::string_view kShown =
    "-- The table that people ask: on one machine it is the same one, on a cluster that over all nodes.\n";

std::string add_columns(const std::string& table, const UserFields& fields) {
  std::string sql = "ALTER TABLE " + table + "{{on_cluster}}";
  std::string separator = "\n";
  for (const UserField& field : fields.all()) {
    const Column column = column_of(field);
    sql += separator + "    ADD COLUMN IF NOT EXISTS " + column.name + " " +
           definition(column.stored, column.meaning);
    separator = ",\n";
  }
  return sql + ";\n";
}

std::string ask_for_fields(const UserFields& fields) {
  std::string names;
  for (const UserField& field : fields.all())
    names += (names.empty() ? "" : ", ") + column_of(field).consumed_name;
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
           "; give it to apply.sh as before') FROM system.tables WHERE database = "
           "'{{db}}' AND "
           "name = 'flows' AND position(concat(engine_full, ','), '" +
           setting.text + ",') = 0;\n";
  sql +=
      "SELECT throwIf(count() != 0, '{{db}}.flows_native was made with another --native-topic; give it to "
      "apply.sh as before') FROM system.tables WHERE database = '{{db}}' AND name = 'flows_native' AND "
      "position(engine_full, 'kafka_topic_list = \\'{{native_topic}}\\',') = 0;\n";
  return sql;
}

}  // namespace

std::string clickhouse_script(const UserFields& fields) {
  std::string sql(kAbout);
  sql += "\n" + ask_for_fields(fields);
  sql += "\n" + ask_for_settings();
  sql += "\n" + std::string(kStop) + stop_consuming_sql();
  sql += "\n" + add_columns("{{db}}.flows_raw", fields);
  sql += "\n" + std::string(kShown) + add_columns("sluice.flows_raw", fields);
  sql += "\n" + consume_sql(fields.all());
  return sql;
}

}  // namespace sluice::schema
