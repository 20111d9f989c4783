// One command for a small site: the collector, the store with the tables and the page, as processes of their
// own under this one.
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <sstream>

#include "cli/cli.hpp"
#include "cli/commands.hpp"
#include "cli/config_options.hpp"
#include "cli/options.hpp"
#include "cli/service.hpp"
#include "sink/clickhouse/settings.hpp"
#include "standalone/own_port.hpp"
#include "standalone/supervisor.hpp"

namespace sluice::cli {
namespace {

namespace fs = std::filesystem;

constexpr const char* kCommand = "standalone";

struct StandaloneOptions {
  ConfigOptions config;
  std::string path;
  std::string http = "127.0.0.1:8123";
  std::string engine;
  std::string tables;
  std::vector<std::string> engine_settings;
};

std::string store_url(const StandaloneOptions& options) { return "http://" + options.http; }

/// What the file would have to say, and does not: where the flows go, and where they are asked for.
std::vector<std::string> completed(const StandaloneOptions& options, const config::Config& config,
                                   const fs::path& path) {
  std::vector<std::string> out = options.config.set;
  const bool direct = std::ranges::any_of(config.sinks, [](const auto& sink) {
    return std::holds_alternative<sink::ClickhouseSettings>(sink.second.own);
  });
  if (!direct) {
    out.emplace_back("sinks.tables.type=clickhouse");
    out.push_back("sinks.tables.url=" + store_url(options));
    out.push_back("sinks.tables.spool.path=" + (path / "spool").string());
    // An INSERT costs the same for few rows as for many, and each worker makes its own.
    out.emplace_back("sinks.tables.flush_interval=5s");
    if (config.workers == 0) out.emplace_back("workers=1");
  }
  if (config.web.clickhouse_url == config::Web{}.clickhouse_url)
    out.push_back("web.clickhouse.url=" + store_url(options));
  // The page tells of losses, where it needs no token to hear of them.
  if (config.web.collectors.empty() && !config.api.listen.empty() && config.api.token.empty() &&
      config.api.certificate_file.empty())
    out.push_back("web.collectors=[{url: \"http://" + config.api.listen + "\"}]");
  if (config.state.file.empty()) out.push_back("state.file=" + (path / "state").string());
  return out;
}

/// What makes the tables: beside the program where it is installed, or where it was built.
std::optional<fs::path> tables_script(const fs::path& program) {
  for (const char* place : {"../share/sluice/clickhouse/apply.sh", "../../../deploy/clickhouse/apply.sh"}) {
    std::error_code none;
    fs::path script = (program.parent_path() / place).lexically_normal();
    if (fs::exists(script, none)) return script;
  }
  return std::nullopt;
}

standalone::Program part(const std::string& name, const fs::path& program, const char* command,
                         const StandaloneOptions& options, const std::vector<std::string>& set) {
  standalone::Program out{name, {program.string(), command}};
  if (!options.config.file.empty()) {
    out.command.emplace_back("-c");
    out.command.push_back(options.config.file);
  }
  for (const std::string& one : set) {
    out.command.emplace_back("--set");
    out.command.push_back(one);
  }
  return out;
}

standalone::Program store_part(const fs::path& program, const StandaloneOptions& options,
                               const fs::path& path, const std::string& http) {
  standalone::Program out{"store",
                          {program.string(), "store", "--path", (path / "store").string(), "--http", http}};
  if (!options.engine.empty()) {
    out.command.emplace_back("--engine");
    out.command.push_back(fs::absolute(options.engine).string());
  }
  for (const std::string& setting : options.engine_settings) {
    out.command.emplace_back("--engine-setting");
    out.command.push_back(setting);
  }
  return out;
}

standalone::Program tables_task(const fs::path& script, const StandaloneOptions& options,
                                const fs::path& path, const std::string& http) {
  const std::string files = (path / "store" / "files").string();
  standalone::Program out{"script that makes the tables",
                          {script.string(), "--no-kafka", "--url", "http://" + http, "--schema-dir", files,
                           "--user-files", files}};
  std::istringstream words(options.tables);
  for (std::string word; words >> word;) out.command.push_back(word);
  return out;
}

standalone::Words words_for(app::ServiceNotify& notify) {
  return {.line = [](std::string_view line) { say(kCommand, line); },
          .ready =
              [&notify] {
                say(kCommand, "ready");
                notify.ready();
              },
          .status = [&notify](const std::string& line) { notify.status(line); },
          .alive = [&notify] { notify.alive(); },
          .stopping = [&notify](std::chrono::milliseconds at_most) { notify.stopping(at_most); }};
}

int run_standalone(StandaloneOptions options) {
  std::error_code error;
  const fs::path program = fs::read_symlink("/proc/self/exe", error);
  if (error) return failed(kCommand, "cannot tell which program this is: " + error.message());
  const auto script = tables_script(program);
  if (!script)
    return failed(kCommand, "clickhouse/apply.sh, which makes the tables, is neither in " +
                                (program.parent_path() / "../share/sluice").lexically_normal().string() +
                                " nor in a source tree around " + program.string());
  const fs::path path = fs::absolute(options.path).lexically_normal();
  const auto given = load_with_places(options.config);
  if (!given) return kMistake;
  fs::create_directories(path, error);
  if (error) return failed(kCommand, "cannot make the directory " + path.string() + ": " + error.message());
  options.config.set = completed(options, given->config, path);
  const auto whole = load_with_places(options.config);
  if (!whole) return kMistake;
  const auto own_port = standalone::OwnPort::take();
  if (!own_port) return failed(kCommand, own_port.error());

  standalone::Plan plan;
  plan.parts = {part("collector", program, "run", options, options.config.set),
                part("page", program, "web", options, options.config.set),
                store_part(program, options, path, options.http)};
  plan.after = 2;
  // A rollup misses what comes in while it is made anew. So the tables are made where no sink finds them.
  const std::string apart = "127.0.0.1:" + std::to_string(own_port->number());
  plan.preparing = store_part(program, options, path, apart);
  plan.task = tables_task(*script, options, path, apart);
  plan.longest_end =
      std::chrono::ceil<std::chrono::seconds>(whole->config.shutdown_timeout) + std::chrono::seconds(20);
  app::ServiceNotify notify = notify_for(kCommand);
  return standalone::supervise(plan, words_for(notify));
}

}  // namespace

void add_standalone(Command app) {
  const Command command =
      app.add_subcommand(kCommand, "Collect, keep, and show flows on one machine, without Kafka");
  command.footer(
      "Runs `sluice run`, `sluice store` and `sluice web` as one: flows go from the listeners straight into "
      "the tables,\n"
      "which it makes, and from there to the page at http://127.0.0.1:8082. DIR/store has the tables, "
      "DIR/spool what\n"
      "waits for them, DIR/state what the collector knows of exporters. A part that ends is started again. "
      "The file is\n"
      "the collector's; without a sink of type clickhouse it gets one, and what it says of others counts as "
      "well.\n"
      "SIGTERM and SIGINT end all of it, the collector first; SIGHUP is the collector's.\n"
      "\n"
      "Examples:\n"
      "  sluice standalone --path ~/flows\n"
      "  sluice standalone --path ~/flows -c sluice.yaml --tables='--retention-days 7'\n");
  auto options = std::make_shared<StandaloneOptions>();
  command.add_option("--path", options->path, "Directory of all that is kept; made where it is not there")
      .type_name("DIR")
      .required();
  add_config_options(command, options->config);
  command.add_option("--http", options->http, "Where the store answers, a port on loopback")
      .type_name("ADDRESS:PORT")
      .default_shown();
  command.add_option("--engine", options->engine, "As sluice store takes it").type_name("FILE");
  command
      .add_option("--engine-setting", options->engine_settings, "As sluice store takes it; may be repeated")
      .type_name("NAME=VALUE")
      .one_value_each();
  command.add_option("--tables", options->tables, "Options for apply.sh, which makes the tables, in one word")
      .type_name("OPTIONS");
  command.action([options] { return run_standalone(*options); });
}

}  // namespace sluice::cli
