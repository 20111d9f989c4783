#include <algorithm>
#include <nlohmann/json.hpp>

#include "cli/cli.hpp"
#include "cli/commands.hpp"
#include "cli/config_options.hpp"
#include "cli/credentials.hpp"
#include "cli/options.hpp"
#include "cli/output.hpp"
#include "cli/servers.hpp"
#include "config/load.hpp"
#include "doctor/examine.hpp"
#include "util/one_line.hpp"

namespace sluice::cli {
namespace {

using doctor::Finding;
using doctor::Findings;
using doctor::Status;

struct Options {
  ConfigOptions config;
  std::string clickhouse, user, password_file, ca_file;
  double watch = 1;
  bool json = false;
};

Result<doctor::Options, std::string> examine_options(const Options& options) {
  doctor::Options out;
  out.watch = std::chrono::milliseconds(static_cast<std::int64_t>(options.watch * 1000));
  auto login = clickhouse_login(options.user, options.password_file);
  if (!login) return failure(login.error());
  out.login = std::move(*login);
  auto trust = trust_of(options.ca_file);
  if (!trust) return failure(trust.error());
  out.trust = std::move(*trust);
  const auto server = server_of("--clickhouse", options.clickhouse, kClickHouse);
  if (!server) return failure(server.error());
  if (!server->from.empty()) out.clickhouse = server->url;
  return out;
}

std::string plural(std::size_t n, const char* one) {
  return std::to_string(n) + ' ' + one + (n == 1 ? "" : "s");
}

/// The configuration is the first check: where it is wrong, nothing else can be looked at.
Findings all_findings(const Options& options, const doctor::Options& examine) {
  config::LoadRequest request;
  if (!options.config.file.empty()) request.file = options.config.file;
  request.set = options.config.set;
  request.environment = config::current_environment();
  const auto loaded = config::load(request);
  Findings out;
  for (const auto& error : loaded.errors) out.push_back({"configuration", Status::fail, error.to_string()});
  if (!loaded.ok()) return out;
  out.push_back(
      {"configuration", Status::ok,
       "It is right: " + plural(loaded.config.listeners.size(), "listener") + ", " +
           (loaded.config.sources.empty() ? "" : plural(loaded.config.sources.size(), "source") + ", ") +
           plural(loaded.config.sinks.size(), "sink") + "."});
  auto found = doctor::examine(loaded.config, examine);
  std::move(found.begin(), found.end(), std::back_inserter(out));
  return out;
}

std::size_t count(const Findings& findings, Status status) {
  return static_cast<std::size_t>(std::count_if(findings.begin(), findings.end(),
                                                [&](const Finding& one) { return one.status == status; }));
}

std::string as_text(const Findings& findings) {
  std::size_t width = 0;
  for (const Finding& one : findings) width = std::max(width, one.check.size());
  std::string out;
  for (const Finding& one : findings) {
    std::string line(name(one.status));
    line.resize(6, ' ');
    line += one.check;
    line.resize(6 + width + 2, ' ');
    out += one_line(line + one.sentence) + '\n';
  }
  return out + '\n' + std::to_string(count(findings, Status::fail)) + " failed, " +
         plural(count(findings, Status::warning), "warning") + ", " +
         std::to_string(count(findings, Status::ok)) + " ok\n";
}

std::string as_json(const Findings& findings) {
  nlohmann::json checks = nlohmann::json::array();
  for (const Finding& one : findings)
    checks.push_back({{"check", one.check}, {"status", name(one.status)}, {"sentence", one.sentence}});
  const nlohmann::json all = {{"checks", checks},
                              {"failed", count(findings, Status::fail)},
                              {"warnings", count(findings, Status::warning)},
                              {"ok", count(findings, Status::ok)}};
  return all.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + '\n';
}

int run_doctor(const Options& options) {
  const auto examine = examine_options(options);
  if (!examine) return mistake("doctor", examine.error());
  const Findings findings = all_findings(options, *examine);
  const int written = print("doctor", options.json ? as_json(findings) : as_text(findings));
  return written != kFine || count(findings, Status::fail) > 0 ? kFailed : kFine;
}

}  // namespace

void add_doctor(Command app) {
  const Command command =
      app.add_subcommand("doctor", "Check configuration, machine, collector, broker and ClickHouse");
  command.footer(
      "A sentence for each check: what is, and where it is not as it should be, what to do. It changes "
      "nothing\n"
      "and may run beside a running sluice, best as the user that sluice runs as. Exit status: 0 where all "
      "is ok\n"
      "or a warning, 1 where something failed, 2 where the command line is wrong. docs/operations.md "
      "explains the\n"
      "checks.\n"
      "\n"
      "Examples:\n"
      "  sluice doctor -c /etc/sluice/sluice.yaml\n"
      "  sluice doctor -c /etc/sluice/sluice.yaml --clickhouse http://192.0.2.1:8123 --user sluice "
      "--password-file pw\n"
      "  sluice doctor -c /etc/sluice/sluice.yaml --json\n");
  auto options = std::make_shared<Options>();
  add_config_options(command, options->config);
  add_server_option(command, "--clickhouse", options->clickhouse, "ClickHouse's HTTP interface", kClickHouse);
  command.add_option("--user", options->user, "ClickHouse user (default: $CLICKHOUSE_USER)")
      .type_name("NAME");
  command
      .add_option("--password-file", options->password_file,
                  "File with the password (default: $CLICKHOUSE_PASSWORD)")
      .type_name("FILE");
  command.add_option("--ca-file", options->ca_file, kCaFileHelp).type_name("FILE");
  command.add_option("--watch", options->watch, "Seconds to watch a running sluice for losses")
      .type_name("SECONDS")
      .check(number_from(0))
      .default_shown();
  command.add_flag("--json", options->json, "Print JSON");
  command.action([options] { return run_doctor(*options); });
}

}  // namespace sluice::cli
