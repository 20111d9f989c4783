#include <fstream>

#include "cli/cli.hpp"
#include "cli/commands.hpp"
#include "cli/options.hpp"
#include "cli/service.hpp"
#include "cli/stop_on_signal.hpp"
#include "flow/endpoint.hpp"
#include "store/store.hpp"

namespace sluice::cli {
namespace {

struct StoreOptions {
  store::Options store;
  std::string path, engine;
  std::string http = "127.0.0.1:8123";
  std::string password_file;
  unsigned statement_seconds = 300;
};

/// The first line of the file, as editors leave it.
std::optional<std::string> password_in(const std::string& file) {
  std::ifstream in(file);
  std::string line;
  if (!std::getline(in, line)) return std::nullopt;
  if (line.ends_with('\r')) line.pop_back();
  return line;
}

int run_store(StoreOptions& options) {
  const auto endpoint = parse_endpoint(options.http);
  if (!endpoint)
    return mistake("store", "--http: \"" + options.http + "\" is no address with a port, as 127.0.0.1:8123");
  options.store.path = options.path;
  options.store.engine = options.engine;
  options.store.address = endpoint->address;
  options.store.port = endpoint->port;
  options.store.longest_statement = std::chrono::seconds(options.statement_seconds);
  for (const std::string& host : options.store.hosts)
    if (!is_host_name(host)) return mistake("store", "--host: \"" + host + "\" is no name of a host");
  if (!options.password_file.empty()) {
    const auto password = password_in(options.password_file);
    if (!password || password->empty())
      return mistake("store",
                     "--password-file: there is no password in the first line of " + options.password_file);
    options.store.password = *password;
  }
  const StopOnSignal stop;
  const auto told = [](std::string_view line) { say("store", line); };
  const auto served = store::serve(options.store, stop.token(), told, ready_told("store"));
  if (served) return kFine;
  failed("store", served.error().sentence);
  return served.error().mistake ? kMistake : kFailed;
}

void add_access_options(Command command, StoreOptions& options) {
  command.add_option("--http", options.http, "Where ClickHouse's HTTP interface is; port 0: any free one")
      .type_name("ADDRESS:PORT")
      .default_shown();
  command
      .add_option("--host", options.store.hosts,
                  "A name to be asked by, besides the machine's own; may be repeated")
      .type_name("NAME");
  command.add_option("--user", options.store.user, "Name of the one user").type_name("NAME").default_shown();
  command
      .add_option("--password-file", options.password_file,
                  "Its first line is the password; must be given where --http is not loopback")
      .type_name("FILE");
}

void add_engine_options(Command command, StoreOptions& options) {
  command
      .add_option("--engine", options.engine,
                  "libchdb.so; else the newest in the cache, then /usr/lib/sluice/libchdb.so")
      .type_name("FILE");
  command.add_option("--connections", options.store.connections, "Statements that run at once; more wait")
      .type_name("N")
      .check(whole_number(1, 1000))
      .default_shown();
  command.add_option("--http-connections", options.store.http_connections, "HTTP connections at once")
      .type_name("N")
      .check(whole_number(1, 10000))
      .default_shown();
  command
      .add_option("--connections-per-client", options.store.per_client,
                  "HTTP connections of one address at once; 0: no limit")
      .type_name("N")
      .check(whole_number(0, 10000))
      .default_shown();
  command
      .add_option("--statement-seconds", options.statement_seconds,
                  "Longest time of a statement that sets none itself; 0: no limit")
      .type_name("SECONDS")
      .check(whole_number(0, 1000000))
      .default_shown();
  command.add_flag("--allow-external", options.store.allow_external,
                   "Statements may reach files, other servers and programs, as this user may");
  command
      .add_option("--kafka-instance-id", options.store.kafka_instance_id,
                  "Member id of the Kafka consumers, or none (default: the directory's own)")
      .type_name("ID|none");
  command
      .add_option("--engine-setting", options.store.engine_settings,
                  "A server setting of the engine; may be repeated")
      .type_name("NAME=VALUE");
}

}  // namespace

void add_store(Command app) {
  const Command command =
      app.add_subcommand("store", "Keep flows and answer SQL: the ClickHouse engine without a server");
  command.footer(
      "Opens the data directory DIR with the ClickHouse engine and serves ClickHouse's HTTP interface until "
      "SIGTERM or\n"
      "SIGINT. DIR/data is the engine's; DIR/files is where statements find format schemas and CSV files, "
      "and "
      "is the\n"
      "working directory. Kafka tables are consumed all the while. The engine is one library of 570 MB:\n"
      "`deploy/local/engine.sh fetch` gets it from the npm registry into the cache.\n"
      "\n"
      "A Kafka table with kafka_num_consumers above 1 needs --kafka-instance-id none, since a member id is "
      "for one\n"
      "consumer; the next start then waits some seconds for the session of the last to end.\n"
      "\n"
      "Examples:\n"
      "  sluice store --path ~/flows\n"
      "  curl http://127.0.0.1:8123/ --data 'SELECT count() FROM sluice.flows_raw'\n"
      "  sluice store --path /var/lib/flows --http 192.0.2.1:8123 --password-file "
      "/etc/sluice/store.password\n"
      "  sluice store --path ~/flows --engine-setting max_server_memory_usage=4000000000\n");
  auto options = std::make_shared<StoreOptions>();
  command.add_option("--path", options->path, "Directory of the data; made where it is not there")
      .type_name("DIR")
      .required();
  add_access_options(command, *options);
  add_engine_options(command, *options);
  command.action([options] { return run_store(*options); });
}

}  // namespace sluice::cli
