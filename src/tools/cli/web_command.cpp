#include "cli/cli.hpp"
#include "cli/commands.hpp"
#include "cli/config_options.hpp"
#include "cli/options.hpp"
#include "cli/service.hpp"
#include "cli/stop_on_signal.hpp"
#include "web/web.hpp"

namespace sluice::cli {
namespace {

struct WebOptions {
  ConfigOptions config;
  std::string page;
};

int run_web(const WebOptions& options) {
  const auto loaded = load_with_places(options.config);
  if (!loaded) return kMistake;
  const StopOnSignal stop;
  const auto served =
      web::serve(loaded->config, loaded->places, options.page, stop.token(), ready_told("web"));
  if (served) return kFine;
  failed("web", served.error().sentence);
  return served.error().mistake ? kMistake : kFailed;
}

}  // namespace

void add_web(Command app) {
  const Command command = app.add_subcommand("web", "Serve the page that shows the flows, and its API");
  command.footer(
      "Asks ClickHouse or `sluice store` where the flows are (web.clickhouse.url) and shows them in a "
      "browser "
      "at\n"
      "http://127.0.0.1:8082 (web.listen). Its settings are the section `web` of the collector's file; the "
      "rest "
      "of the\n"
      "file has no meaning here. Serves until SIGTERM or SIGINT.\n"
      "\n"
      "Examples:\n"
      "  sluice web                                   beside a `sluice store` on this machine\n"
      "  sluice web -c /etc/sluice/sluice.yaml\n"
      "  sluice web --set web.clickhouse.url=https://ch.example.net:8443\n");
  auto options = std::make_shared<WebOptions>();
  add_config_options(command, options->config);
  command.add_option("--page", options->page, "Read the page's files from there, for who works on it")
      .type_name("DIR");
  command.action([options] { return run_web(*options); });
}

}  // namespace sluice::cli
