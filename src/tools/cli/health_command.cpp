#include <chrono>
#include <string>

#include "cli/cli.hpp"
#include "cli/commands.hpp"
#include "cli/credentials.hpp"
#include "cli/options.hpp"
#include "cli/output.hpp"
#include "cli/servers.hpp"
#include "query/client.hpp"

namespace sluice::cli {
namespace {

struct Options {
  std::string url;
  std::string ca_file;
  unsigned timeout = 3;  ///< seconds
  bool alive = false;
};

std::string why(const Server& server, const query::Problem& problem) {
  if (problem.kind == query::Problem::Kind::untrusted) return problem.text;
  if (problem.kind != query::Problem::Kind::refused)
    return problem.text + "; is sluice running, and is this its metrics.listen?";
  // 503 is /readyz's own, and its body is a sentence: "not ready: a worker ended".
  if (problem.code == 503 && !problem.body.empty()) return server.text + " is " + problem.body;
  return problem.text + (problem.body.empty() ? "" : ": " + problem.body);
}

int run_health(const Options& options) {
  const auto server = server_of("--url", options.url, kMetrics);
  if (!server) return mistake("health", server.error());
  const auto trust = trust_of(options.ca_file);
  if (!trust) return mistake("health", trust.error());
  const auto body = query::get(server->url, options.alive ? "/healthz" : "/readyz", "", *trust,
                               std::chrono::seconds(options.timeout));
  if (!body) return failed("health", why(*server, body.error()));
  const std::string wanted = options.alive ? "ok\n" : "ready\n";
  if (*body != wanted) return failed("health", "what answers at " + server->text + " is no sluice");
  return print("health", wanted);
}

}  // namespace

void add_health(Command app) {
  const Command command = app.add_subcommand("health", "Ask a running sluice whether it is ready");
  command.footer(
      "Asks /readyz, or with --alive /healthz, of the metrics listener. For health checks of containers and "
      "for scripts.\n"
      "Exit status: 0 it is, 1 it is not or does not answer, 2 the command line is wrong.\n"
      "\n"
      "Examples:\n"
      "  sluice health\n"
      "  sluice health --url http://192.0.2.1:8080 --timeout 1\n");
  auto options = std::make_shared<Options>();
  add_server_option(command, "--url", options->url, "Its metrics listener", kMetrics);
  command.add_option("--timeout", options->timeout, "How long the answer may take")
      .type_name("SECONDS")
      .check(whole_number(1, 3600))
      .default_shown();
  command.add_option("--ca-file", options->ca_file, kCaFileHelp).type_name("FILE");
  command.add_flag("--alive", options->alive, "Only whether the process answers at all");
  command.action([options] { return run_health(*options); });
}

}  // namespace sluice::cli
