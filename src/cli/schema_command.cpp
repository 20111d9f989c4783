#include "cli/commands.hpp"
#include "cli/field_table.hpp"
#include "cli/output.hpp"
#include "sluice/encode/schema.hpp"

namespace sluice::cli {

void add_schema(CLI::App& app, Action& chosen) {
  auto* command = app.add_subcommand("schema", "Print the flow message, or what fills each field of it");
  command->footer(
      "Examples:\n"
      "  sluice schema proto > flow.proto             the message for protoc and for ClickHouse\n"
      "  sluice schema fields                         field, number, type, unit, meaning, and its source by "
      "protocol\n");
  command->require_subcommand(1);
  command->add_subcommand("proto", "The protobuf definition")->callback([&chosen] {
    chosen = [] { return print("schema", encode::proto_schema()); };
  });
  command->add_subcommand("fields", "A Markdown table of all fields")->callback([&chosen] {
    chosen = [] { return print("schema", field_table()); };
  });
}

}  // namespace sluice::cli
