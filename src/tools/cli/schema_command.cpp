#include "cli/commands.hpp"
#include "cli/config_options.hpp"
#include "cli/output.hpp"
#include "schema/clickhouse_script.hpp"
#include "schema/field_table.hpp"
#include "schema/generated.hpp"
#include "sink/mysql/tables.hpp"
#include "sink/postgres/tables.hpp"
#include "sluice/encode/schema.hpp"

namespace sluice::cli {
namespace {

struct SchemaOptions {
  ConfigOptions config;
  bool counters = false;
  bool timescale = false;
};

bool names_configuration(const ConfigOptions& options) {
  return !options.file.empty() || !options.set.empty();
}

int print_proto(const SchemaOptions& options) {
  if (options.counters) return print("schema", encode::counters_proto_schema());
  if (!names_configuration(options.config)) return print("schema", encode::proto_schema());
  const auto config = load_config(options.config);
  if (!config) return kMistake;
  const auto fields = make_user_fields(config->fields);
  return print("schema", fields ? encode::proto_schema(*fields) : encode::proto_schema());
}

int print_fields(const SchemaOptions& options) {
  if (!names_configuration(options.config)) return print("schema", schema::field_table());
  const auto config = load_config(options.config);
  if (!config) return kMistake;
  return print("schema", schema::field_table(config->fields));
}

int write_files(const std::string& root) {
  if (!schema::is_source_tree(root))
    return mistake(
        "schema", "\"" + root + "\" is no source tree of Sluice; give the directory that has proto and docs");
  const auto written = schema::write_generated(root);
  if (!written) return failed("schema", written.error());
  std::string text;
  for (const std::string& path : *written) text += path + "\n";
  return print("schema", text);
}

int print_clickhouse(const SchemaOptions& options) {
  const auto config = load_config(options.config);
  if (!config) return kMistake;
  const auto fields = make_user_fields(config->fields);
  if (!fields)
    return mistake("schema",
                   "the configuration has no fields of its own; deploy/clickhouse/apply.sh makes the tables");
  return print("schema", schema::clickhouse_script(*fields));
}

/// Of each sink of a type that has such tables; without a configuration, as they are by default.
template <class Own, class Create>
int print_tables(const SchemaOptions& options, const char* type, Create create) {
  if (!names_configuration(options.config)) return print("schema", create(Own{}, nullptr));
  const auto config = load_config(options.config);
  if (!config) return kMistake;
  const UserFieldsPtr fields = make_user_fields(config->fields);
  std::string text;
  for (const auto& [name, settings] : config->sinks)
    if (const auto* own = std::get_if<Own>(&settings.own))
      text.append(text.empty() ? "" : "\n").append(create(*own, fields.get()));
  if (text.empty()) return mistake("schema", std::string("the configuration has no sink of type ") + type);
  return print("schema", text);
}

int print_postgres(const SchemaOptions& options) {
  using sink::postgres::Layout;
  const Layout layout = options.timescale ? Layout::hypertable : Layout::partitions;
  return print_tables<sink::PostgresSettings>(options, "postgres",
                                              [&](const auto& own, const UserFields* fields) {
                                                return sink::postgres::create_tables(own, layout, fields);
                                              });
}

int print_mysql(const SchemaOptions& options) {
  return print_tables<sink::MysqlSettings>(options, "mysql", sink::mysql::create_tables);
}

}  // namespace

void add_schema(Command app) {
  const Command command =
      app.add_subcommand("schema", "Print the flow message, what fills each field of it, or SQL for tables");
  command.footer(
      "With -c all but postgres and mysql have the fields of your own as well; those two have the table\n"
      "and the columns of the sink.\n"
      "\n"
      "Examples:\n"
      "  sluice schema proto > flow.proto             the message for protoc and for ClickHouse\n"
      "  sluice schema fields                         field, number, type, unit, meaning, and its source by "
      "protocol\n"
      "  sluice schema proto -c sluice.yaml > flow_user.proto\n"
      "  sluice schema proto --counters > counters.proto\n"
      "  sluice schema clickhouse -c sluice.yaml > fields.sql\n"
      "  sluice schema postgres | psql -h HOST -U sluice sluice\n"
      "  sluice schema mysql | mariadb -h HOST -u sluice -p sluice\n");
  command.wants_subcommand();
  const auto options = std::make_shared<SchemaOptions>();
  const auto add = [&](const char* name, const char* what, int (*run)(const SchemaOptions&)) {
    const Command sub = command.add_subcommand(name, what);
    add_config_options(sub, options->config);
    sub.action([options, run] { return run(*options); });
    return sub;
  };
  add("proto", "The protobuf definition", print_proto)
      .add_flag("--counters", options->counters, "Of the counters stream, not of the flows");
  add("fields", "A Markdown table of all fields", print_fields);
  add("clickhouse", "A SQL script for apply.sh: columns for the fields of your own, while flows arrive",
      print_clickhouse);
  add("postgres", "The tables of a sink of type postgres, as SQL for psql", print_postgres)
      .add_flag("--timescale", options->timescale, "As a hypertable of TimescaleDB, with sums by time");
  add("mysql", "The tables of a sink of type mysql, as SQL for mariadb or mysql", print_mysql);
  const Command write =
      command.add_subcommand("write", "For developers: writes what is made from the program's tables");
  const auto root = std::make_shared<std::string>();
  write.add_option("DIR", *root, "Root of the source tree").required();
  write.action([root] { return write_files(*root); });
}

}  // namespace sluice::cli
