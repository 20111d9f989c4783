#include "cli/cli.hpp"

#include <cstdio>
#include <exception>

#include "cli/commands.hpp"

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

int parse_and_run(int argc, char** argv) {
  CommandLine line("sluice", kAbout, kFooter);
  const Command sluice = line.root();
  add_run(sluice);
  add_check(sluice);
  add_decode(sluice);
  add_doctor(sluice);
  add_enrich(sluice);
  add_exporters(sluice);
  add_generate(sluice);
  add_grafana(sluice);
  add_health(sluice);
  add_import(sluice);
  add_query(sluice);
  add_replay(sluice);
  add_schema(sluice);
  add_standalone(sluice);
  add_store(sluice);
  add_version(sluice);
  add_web(sluice);
  return line.run(argc, argv, run_with_defaults);
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
