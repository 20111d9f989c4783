#include <cstdio>

#include "app/trial.hpp"
#include "cli/cli.hpp"
#include "cli/commands.hpp"
#include "cli/config_options.hpp"
#include "cli/output.hpp"
#include "config/load.hpp"

namespace sluice::cli {

namespace {

int check(const ConfigOptions& options) {
  const auto loaded = load_with_places(options);
  if (!loaded) return kMistake;
  const app::Trial trial =
      app::try_out(loaded->config, app::Sockets::opened, [&] { return config::load(request_of(options)); });
  const auto say = [&](const SetupError& found, const char* remark) {
    std::fprintf(stderr, "sluice: %s%s\n", loaded->places.told(found).to_string().c_str(), remark);
  };
  for (const SetupError& mistake : trial.mistakes) say(mistake, "");
  if (!trial.mistakes.empty()) return kMistake;
  for (const SetupError& taken : trial.taken) say(taken, " (no fault of the configuration)");
  return print("check", config::to_yaml(loaded->config));
}

}  // namespace

void add_check(Command app) {
  const Command command =
      app.add_subcommand("check", "Check a configuration and print what counts in the end");
  command.footer(
      "Says everything that is wrong, with file and line (exit status 2), or prints the effective "
      "configuration as\n"
      "YAML: all settings, with defaults, file, environment and --set put together. Secrets are masked. It "
      "refuses\n"
      "what `sluice run` would, as the user that starts it: run it as that one. A port that is in use now "
      "is "
      "told\n"
      "and no fault, since the collector may be running. Nothing is made and nobody is connected to.\n"
      "\n"
      "Examples:\n"
      "  sluice check -c /etc/sluice/sluice.yaml\n"
      "  sluice check > sluice.yaml                   a file with every setting at its default\n");
  auto options = std::make_shared<ConfigOptions>();
  add_config_options(command, *options);
  command.action([options] { return check(*options); });
}

}  // namespace sluice::cli
