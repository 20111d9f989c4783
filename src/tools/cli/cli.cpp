#include "cli/cli.hpp"

#include <clocale>
#include <exception>

#include "cli/commands.hpp"
#include "cli/options.hpp"

namespace sluice::cli {
namespace {

constexpr const char* kAbout =
    "sluice collects sFlow v5, NetFlow v5, NetFlow v9 and IPFIX and delivers the flows as protobuf or JSON "
    "to Kafka,\n"
    "files and stdout. Without a command it runs with its defaults: it listens on UDP ports 6343, 2055 and "
    "4739 and\n"
    "writes a line of JSON for each flow to stdout.\n";

constexpr const char* kFooter =
    "Examples:\n"
    "  sluice                                       collect with defaults, flows on stdout\n"
    "  sluice run -c /etc/sluice/sluice.yaml        collect as configured\n"
    "  sluice check -c /etc/sluice/sluice.yaml      is the file right, and what counts in the end\n"
    "  sluice decode capture.pcap                   what exporters sent, as JSON lines\n"
    "\n"
    "`sluice COMMAND --help` tells the options of a command.\n"
    "Exit status: 0 fine, 1 something failed while running, 2 the command line or the configuration is "
    "wrong.\n";

/// What the operator was at when the command line turned out wrong.
const CLI::App& given_command(const CLI::App& app) {
  const auto given = app.get_subcommands();
  return given.empty() ? app : *given.front();
}

int parse_and_run(int argc, char** argv) {
  CLI::App app(kAbout, "sluice");
  app.footer(kFooter);
  app.set_help_flag("-h,--help", "Print this help and exit");
  app.require_subcommand(0, 1);
  const auto formatter = std::make_shared<HelpFormatter>();
  formatter->column_width(36);
  app.formatter(formatter);

  Action chosen = run_with_defaults;
  add_run(app, chosen);
  add_check(app, chosen);
  add_decode(app, chosen);
  add_doctor(app, chosen);
  add_exporters(app, chosen);
  add_generate(app, chosen);
  add_grafana(app, chosen);
  add_health(app, chosen);
  add_query(app, chosen);
  add_replay(app, chosen);
  add_schema(app, chosen);
  add_store(app, chosen);
  add_version(app, chosen);
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp& help) {
    return app.exit(help);
  } catch (const CLI::ParseError& error) {
    const CLI::App& command = given_command(app);
    return mistake(&command == &app ? "" : command.get_name(), sentence_of(error, command));
  }
  return chosen();
}

}  // namespace

int run(int argc, char** argv) {
  try {
    return parse_and_run(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "sluice: %s\n", error.what());
    return kFailed;
  }
}

}  // namespace sluice::cli
