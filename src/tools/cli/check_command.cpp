#include <cstdio>

#include "cli/cli.hpp"
#include "cli/commands.hpp"
#include "cli/config_options.hpp"
#include "cli/output.hpp"
#include "config/load.hpp"

namespace sluice::cli {

void add_check(Command app) {
  const Command command =
      app.add_subcommand("check", "Check a configuration and print what counts in the end");
  command.footer(
      "Says everything that is wrong at once, with file and line (exit status 2), or prints the effective "
      "configuration\n"
      "as YAML: all settings, with defaults, file, environment and --set put together. Secrets are masked.\n"
      "\n"
      "Examples:\n"
      "  sluice check -c /etc/sluice/sluice.yaml\n"
      "  sluice check > sluice.yaml                   a file with every setting at its default\n");
  auto options = std::make_shared<ConfigOptions>();
  add_config_options(command, *options);
  command.action([options] {
    const auto config = load_config(*options);
    if (!config) return kMistake;
    return print("check", config::to_yaml(*config));
  });
}

}  // namespace sluice::cli
