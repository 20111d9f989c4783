#include <algorithm>

#include "cli/clickhouse_script.hpp"
#include "cli/commands.hpp"
#include "cli/config_options.hpp"
#include "cli/output.hpp"
#include "schema/field_table.hpp"
#include "schema/generated.hpp"
#include "sluice/encode/schema.hpp"

namespace sluice::cli {
namespace {

struct SchemaOptions {
  ConfigOptions config;
  ClickhouseParameters clickhouse;
  bool counters = false;
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
  return print("schema", clickhouse_script(*fields, options.clickhouse));
}

/// What goes into a statement stands between single quotes there; the same words as apply.sh takes.
Check sql_text() {
  return [](const std::string& text) -> std::string {
    const bool bad = std::ranges::any_of(text, [](char c) {
      return c == '\'' || c == '"' || c == '\\' || c == '`' || static_cast<unsigned char>(c) < ' ' ||
             c == '\x7f';
    });
    if (text.empty()) return "it wants a value";
    return bad || text.find("{{") != std::string::npos
               ? "\"" + text + "\" holds quotes, backslashes or control characters"
               : std::string();
  };
}

Check cluster_name() {
  return [](const std::string& text) -> std::string {
    const bool good = !text.empty() && std::ranges::all_of(text, [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
             c == '.' || c == '-';
    });
    return good ? std::string() : "\"" + text + "\" is no name of letters, digits, '_', '.' and '-'";
  };
}

void add_clickhouse_options(Command command, ClickhouseParameters& parameters) {
  const auto text = [&](const char* option, std::string& value, const char* what, const char* type) {
    command.add_option(option, value, what).check(sql_text()).default_shown().type_name(type);
  };
  const auto number = [&](const char* option, std::uint64_t& value, const char* what, const char* type) {
    command.add_option(option, value, what).check(whole_number(1, 9'999'999)).default_shown().type_name(type);
  };
  text("--brokers", parameters.brokers, "As apply.sh was given it, here and below", "LIST");
  text("--topic", parameters.topic, "Topic that the tables are filled from", "NAME");
  text("--group", parameters.group, "Consumer group", "NAME");
  number("--consumers", parameters.consumers, "Consumers of one server", "N");
  number("--flush-interval", parameters.flush_ms, "Rows are written after this time at the latest", "MS");
  number("--block-rows", parameters.block_rows, "Or when there are so many", "N");
  command.add_option("--cluster", parameters.cluster, "Tables on all nodes of this cluster")
      .check(cluster_name())
      .type_name("NAME");
}

}  // namespace

void add_schema(Command app) {
  const Command command = app.add_subcommand(
      "schema", "Print the flow message, what fills each field of it, or columns for the table");
  command.footer(
      "With -c all have the fields of your own as well.\n"
      "\n"
      "Examples:\n"
      "  sluice schema proto > flow.proto             the message for protoc and for ClickHouse\n"
      "  sluice schema fields                         field, number, type, unit, meaning, and its source by "
      "protocol\n"
      "  sluice schema proto -c sluice.yaml > flow_user.proto\n"
      "  sluice schema proto --counters > counters.proto\n"
      "  sluice schema clickhouse -c sluice.yaml --brokers kafka1:9092 > fields.sql\n");
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
  add_clickhouse_options(
      add("clickhouse", "A SQL script: columns for the fields of your own, while flows arrive",
          print_clickhouse),
      options->clickhouse);
  const Command write = command.add_subcommand(
      "write", "For developers: writes the files of a source tree that are made from tables");
  const auto root = std::make_shared<std::string>();
  write.add_option("DIR", *root, "Root of the source tree").required();
  write.action([root] { return write_files(*root); });
}

}  // namespace sluice::cli
