#include <algorithm>
#include <filesystem>
#include <utility>

#include "cli/cli.hpp"
#include "cli/commands.hpp"
#include "cli/credentials.hpp"
#include "cli/options.hpp"
#include "cli/output.hpp"
#include "cli/servers.hpp"
#include "query/grafana.hpp"
#include "util/host_port.hpp"

namespace sluice::cli {
namespace {

template <class T>
using Or = Result<T, std::string>;

struct Options {
  std::string url, token, token_file, ca_file;
  std::string folder = "Sluice";
  std::string dashboards;
  std::string clickhouse_url, prometheus_url;
  std::string clickhouse_user, clickhouse_password_file;
  std::string database{query::kDatabases.front()};
  std::string server, database_name, user, password_file, tls;
};

Or<std::string> token_of(const Options& options) {
  if (options.token.empty() && options.token_file.empty())
    return failure(std::string(
        "--token or --token-file is missing; it is that of a service account with the role Admin"));
  auto token = options.token_file.empty() ? Or<std::string>(options.token)
                                          : content_of("--token-file", options.token_file);
  if (!token) return token;
  // It goes into a header, which a newline would end.
  const bool printable =
      std::all_of(token->begin(), token->end(), [](char c) { return c > ' ' && c < 0x7f; });
  if (token->empty() || !printable)
    return failure(std::string("the token has blanks or other characters that none has"));
  return token;
}

Or<http::Url> grafana_of(const Options& options) {
  const Place place = place_of("--url", options.url, kGrafana);
  if (place.text.find('@') != std::string::npos)
    return failure(place.from +
                   ": a user or password in the URL would be seen by everybody on this machine; there is "
                   "--token-file");
  auto server = server_at(place, kGrafana);
  if (!server) return failure(server.error());
  return std::move(server->url);
}

Or<http::Url> clickhouse_of(const Options& options) {
  const Place place = place_of("--clickhouse-url", options.clickhouse_url, kClickHouse);
  if (place.text.find('@') != std::string::npos)
    return failure(place.from + ": user and password are --clickhouse-user and --clickhouse-password-file");
  auto server = server_at(place, kClickHouse);
  if (!server) return failure(server.error());
  return std::move(server->url);
}

/// What is given of it belongs to another database than the one that is chosen.
std::string misplaced(const Options& options) {
  const bool clickhouse = options.database == query::kDatabases.front();
  const std::pair<const char*, const std::string*> own[] = {
      {"--clickhouse-url", &options.clickhouse_url},
      {"--clickhouse-user", &options.clickhouse_user},
      {"--clickhouse-password-file", &options.clickhouse_password_file}};
  const std::pair<const char*, const std::string*> others[] = {
      {"--database-server", &options.server},
      {"--database-name", &options.database_name},
      {"--database-user", &options.user},
      {"--database-password-file", &options.password_file},
      {"--database-tls", &options.tls}};
  if (clickhouse) {
    for (const auto& [name, value] : others)
      if (!value->empty()) return std::string(name) + " is for --database postgres or mysql";
  } else {
    for (const auto& [name, value] : own)
      if (!value->empty()) return std::string(name) + " is for --database clickhouse";
  }
  if (options.database != "postgres" && !options.tls.empty())
    return "--database-tls is for --database postgres; set TLS of MySQL in Grafana";
  return "";
}

std::string or_else(const std::string& given, const char* usual) { return given.empty() ? usual : given; }

Or<void> set_clickhouse(const Options& options, query::GrafanaSetup& setup) {
  const auto clickhouse = clickhouse_of(options);
  if (!clickhouse) return failure(clickhouse.error());
  setup.clickhouse = *clickhouse;
  setup.login.user = or_else(options.clickhouse_user, "default");
  return {};
}

Or<void> set_other_database(const Options& options, query::GrafanaSetup& setup) {
  const bool postgres = setup.database == query::Database::postgres;
  const std::string given = or_else(options.server, "127.0.0.1");
  const auto parts = parse_host_port(given);
  if (!parts || parts->port.value_or(1) == 0)
    return failure("--database-server: \"" + given + "\" is no HOST:PORT, such as db.example.net:5432");
  setup.server = host_port(parts->host, parts->port.value_or(postgres ? 5432 : 3306));
  setup.database_name = or_else(options.database_name, "sluice");
  setup.login.user = or_else(options.user, "grafana");
  setup.tls = or_else(options.tls, "require");
  return {};
}

Or<void> set_database(const Options& options, query::GrafanaSetup& setup) {
  if (auto wrong = misplaced(options); !wrong.empty()) return failure(std::move(wrong));
  const auto word = std::ranges::find(query::kDatabases, options.database);
  setup.database = static_cast<query::Database>(word - query::kDatabases.begin());
  const bool clickhouse = setup.database == query::Database::clickhouse;
  if (auto set = clickhouse ? set_clickhouse(options, setup) : set_other_database(options, setup); !set)
    return set;
  const std::string& file = clickhouse ? options.clickhouse_password_file : options.password_file;
  if (file.empty()) return {};
  const auto password =
      content_of(clickhouse ? "--clickhouse-password-file" : "--database-password-file", file);
  if (!password) return failure(password.error());
  setup.login.password = *password;
  return {};
}

Or<std::string> prometheus_of(const Options& options) {
  const Place place = place_of("--prometheus-url", options.prometheus_url, kPrometheus);
  if (place.text.starts_with("http://") || place.text.starts_with("https://")) return place.text;
  return failure(place.from + ": \"" + place.text + "\" is no URL of a server; it takes http://HOST:PORT");
}

Or<std::vector<query::Dashboard>> dashboards_of(const Options& options, query::Database database) {
  if (options.dashboards.empty()) return query::dashboards(database);
  std::error_code error;
  std::vector<query::Dashboard> out;
  for (const auto& entry : std::filesystem::directory_iterator(options.dashboards, error)) {
    if (entry.path().extension() != ".json") continue;
    auto text = content_of("--dashboards", entry.path().string());
    if (!text) return failure(text.error());
    out.push_back({entry.path().string(), std::move(*text)});
  }
  if (error)
    return failure("--dashboards: \"" + options.dashboards + "\" cannot be read: " + error.message());
  if (out.empty()) return failure("--dashboards: \"" + options.dashboards + "\" holds no .json file");
  std::sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.file < b.file; });
  return out;
}

Or<query::GrafanaSetup> setup_of(const Options& options) {
  query::GrafanaSetup setup{.folder = options.folder};
  const auto grafana = grafana_of(options);
  if (!grafana) return failure(grafana.error());
  setup.grafana = *grafana;
  const auto token = token_of(options);
  if (!token) return failure(token.error());
  setup.token = *token;
  const auto trust = trust_of(options.ca_file);
  if (!trust) return failure(trust.error());
  setup.trust = *trust;
  if (auto set = set_database(options, setup); !set) return failure(set.error());
  const auto prometheus = prometheus_of(options);
  if (!prometheus) return failure(prometheus.error());
  setup.prometheus_url = *prometheus;
  if (options.folder.empty()) return failure(std::string("--folder is empty"));
  auto dashboards = dashboards_of(options, setup.database);
  if (!dashboards) return failure(dashboards.error());
  setup.dashboards = std::move(*dashboards);
  return setup;
}

int run_setup(const Options& options) {
  const auto setup = setup_of(options);
  if (!setup) return mistake("grafana", setup.error());
  bool written = true;
  const auto told = [&](const std::string& thing, const std::string& fate) {
    written = write_out(thing + ": " + fate + '\n') && written;
  };
  const auto done = query::set_up(*setup, told);
  const int status = finish_out("grafana", written);
  return done ? status : failed("grafana", done.error());
}

}  // namespace

void add_grafana(Command app) {
  const Command command =
      app.add_subcommand("grafana", "Make data sources and dashboards in a running Grafana");
  command.wants_subcommand();
  const Command setup = command.add_subcommand("setup", "Make them, or bring them up to date");
  setup.footer(
      "May be run again at any time: what is there as it should be is left alone. The token is that of a "
      "service account\n"
      "with the role Admin; for ClickHouse, Grafana needs the plugin grafana-clickhouse-datasource. Where "
      "the database and\n"
      "Prometheus are is said as Grafana reaches them. See docs/dashboards.md.\n"
      "\n"
      "Examples:\n"
      "  sluice grafana setup --token-file token\n"
      "  sluice grafana setup --url http://127.0.0.1:3000 --token-file token --clickhouse-url "
      "http://db1:8123 \\\n"
      "      --clickhouse-user grafana --clickhouse-password-file password --prometheus-url "
      "http://prometheus:9090\n"
      "  sluice grafana setup --token-file token --database postgres --database-server db1 "
      "--database-password-file password\n");
  auto options = std::make_shared<Options>();
  add_server_option(setup, "--url", options->url, "Grafana", kGrafana);
  const Option token =
      setup.add_option("--token", options->token, "Token; others on this machine can see it here");
  token.type_name("TOKEN");
  setup.add_option("--token-file", options->token_file, "File with the token")
      .type_name("FILE")
      .excludes(token);
  setup.add_option("--ca-file", options->ca_file, kCaFileHelp).type_name("FILE");
  add_server_option(setup, "--clickhouse-url", options->clickhouse_url, "ClickHouse's HTTP interface",
                    kClickHouse);
  setup.add_option("--clickhouse-user", options->clickhouse_user, "A user that may read (default: default)")
      .type_name("NAME");
  setup.add_option("--clickhouse-password-file", options->clickhouse_password_file, "File with its password")
      .type_name("FILE");
  setup.add_option("--database", options->database, "Where the flows are: clickhouse, postgres or mysql")
      .type_name("KIND")
      .check(one_of({query::kDatabases.begin(), query::kDatabases.end()}))
      .default_shown();
  setup
      .add_option("--database-server", options->server,
                  "PostgreSQL or MySQL (default: 127.0.0.1, and its usual port)")
      .type_name("HOST:PORT");
  setup.add_option("--database-name", options->database_name, "Database of the table flows (default: sluice)")
      .type_name("NAME");
  setup.add_option("--database-user", options->user, "A user that may read (default: grafana)")
      .type_name("NAME");
  setup.add_option("--database-password-file", options->password_file, "File with its password")
      .type_name("FILE");
  setup
      .add_option("--database-tls", options->tls,
                  "Of PostgreSQL: disable, require, verify-ca or verify-full (default: require)")
      .type_name("MODE")
      .check(one_of({"disable", "require", "verify-ca", "verify-full"}));
  add_server_option(setup, "--prometheus-url", options->prometheus_url, "Prometheus", kPrometheus);
  setup.add_option("--folder", options->folder, "Folder of the dashboards")
      .type_name("TITLE")
      .default_shown();
  setup.add_option("--dashboards", options->dashboards, "Directory of others than those that are built in")
      .type_name("DIR");
  setup.action([options] { return run_setup(*options); });
}

}  // namespace sluice::cli
