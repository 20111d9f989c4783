#include "app/app.hpp"
#include "cli/cli.hpp"
#include "cli/commands.hpp"
#include "cli/config_options.hpp"

namespace sluice::cli {
namespace {

int run_collector(const ConfigOptions& options, app::RunOptions how) {
  const auto loaded = load_with_places(options);
  how.load_again = [options] { return config::load(request_of(options)); };
  return loaded ? app::run(loaded->config, loaded->places, how) : kMistake;
}

}  // namespace

int run_with_defaults() { return run_collector({}, {}); }

void add_run(Command app) {
  const Command command = app.add_subcommand("run", "Collect flows until stopped");
  command.footer(
      "Every setting has a default. What counts, from weak to strong: the defaults, the file, an environment "
      "variable\n"
      "(SLUICE_KAFKA__BROKERS for kafka.brokers), --set. SIGTERM and SIGINT flush what was received and end "
      "it; SIGHUP\n"
      "reopens output files and reads the configuration again.\n"
      "\n"
      "Examples:\n"
      "  sluice run -c /etc/sluice/sluice.yaml\n"
      "  sluice run --set kafka.brokers=broker1:9092,broker2:9092 --set kafka.topic=flows\n"
      "  SLUICE_LOG__LEVEL=debug sluice run\n");
  auto options = std::make_shared<ConfigOptions>();
  add_config_options(command, *options);
  auto how = std::make_shared<app::RunOptions>();
  command.add_flag("--takeover", how->takeover,
                   "Take the sockets of the collector that runs (run.takeover), which then ends");
  command.action([options, how] { return run_collector(*options, *how); });
}

}  // namespace sluice::cli
