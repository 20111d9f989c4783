#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <tuple>

#include "cli/cli.hpp"
#include "cli/commands.hpp"
#include "cli/config_options.hpp"
#include "cli/options.hpp"
#include "cli/stop_on_signal.hpp"
#include "importer/import.hpp"

namespace sluice::cli {
namespace {

struct Options {
  std::vector<std::string> paths;
  ConfigOptions config;
  std::string sink;
  std::string state = "sluice-import.state";
  std::uint32_t retention_days = 30;  // as apply.sh makes flows_raw and takes flows from Kafka
  bool yes = false;
};

/// Lines on stderr, where a terminal shows the progress in its last line.
class Console {
 public:
  void progress(const importer::Progress& progress) const {
    if (terminal_) std::fprintf(stderr, "\r%s\033[K", importer::line_of(progress).c_str());
  }
  void line(const std::string& text) const {
    std::fprintf(stderr, "%ssluice import: %s\n", terminal_ ? "\r\033[K" : "", text.c_str());
  }

 private:
  const bool terminal_ = isatty(STDERR_FILENO) != 0;
};

/// The sinks of flows, or the one that is named.
Result<std::vector<std::string>, std::string> sinks_of(const config::Config& config,
                                                       const std::string& named) {
  std::vector<std::string> flows;
  for (const auto& [name, settings] : config.sinks)
    if (settings.stream == encode::Stream::flows) flows.push_back(name);
  if (named.empty() && flows.empty()) return failure(std::string("the configuration has no sink of flows"));
  if (named.empty()) return flows;
  if (std::ranges::find(flows, named) == flows.end())
    return failure("--sink: " + in_quotes(named) + " is no sink of flows of the configuration; there " +
                   (flows.size() == 1 ? "is " : "are ") + listed(flows));
  return std::vector{named};
}

bool through_broker(const config::Config& config, const std::vector<std::string>& sinks) {
  return std::ranges::any_of(sinks, [&](const auto& name) { return config.sinks.at(name).kafka(); });
}

std::string count_of(std::uint64_t n, const std::string& what) {
  return std::to_string(n) + ' ' + what + (n == 1 ? "" : "s");
}

void tell_found(const importer::Found& found, const Console& console) {
  for (const std::string& sentence : found.unreadable) console.line(sentence);
  if (!found.being_written.empty())
    console.line(count_of(found.being_written.size(), "file") + " passed over, which nfcapd is writing: " +
                 found.being_written.front() + (found.being_written.size() == 1 ? "" : " and others"));
  if (found.others != 0)
    console.line(count_of(found.others, "file") + " passed over, which are none of nfdump's");
}

int tell(const importer::Outcome& outcome, const Options& options, const Console& console) {
  for (const std::string& warning : outcome.warnings) console.line(warning);
  const importer::Progress& done = outcome.progress;
  char rate[64];
  std::snprintf(
      rate, sizeof rate, " in %.1f s (%s flows/s)", done.seconds,
      importer::amount(done.seconds > 0 ? static_cast<double>(done.flows) / done.seconds : 0).c_str());
  console.line(count_of(done.flows, "flow") + " of " + count_of(done.files, "file") + " imported" + rate +
               (outcome.files_before == 0
                    ? ""
                    : ", " + count_of(outcome.files_before, "file") + " had been imported before"));
  if (outcome.counts.sampled != 0)
    console.line(count_of(outcome.counts.sampled, "flow") +
                 " of sampled traffic: nfdump has multiplied their counts, so their rate is 1");
  const std::tuple<std::uint64_t, const char*, const char*> left_out[] = {
      {outcome.counts.unknown_records, "record", " of a kind that is not known passed over"},
      {outcome.counts.unknown_blocks, "block", " of a kind that is not known passed over"},
      {outcome.counts.bad_records, "record", " left out as damaged"},
      {outcome.counts.bad_blocks, "block", " left out as damaged"}};
  for (const auto& [count, what, why] : left_out)
    if (count != 0) console.line(count_of(count, what) + why);
  if (!outcome.error.empty())
    console.line(outcome.error + "; the same command goes on from where all was delivered (" + options.state +
                 ")");
  return outcome.error.empty() && outcome.warnings.empty() ? kFine : kFailed;
}

int import_nfdump(const Options& options) {
  const auto loaded = load_with_places(options.config);
  if (!loaded) return kMistake;
  const config::Config& config = loaded->config;
  auto sinks = sinks_of(config, options.sink);
  if (!sinks) return mistake("import", sinks.error());
  auto found = importer::find_archives(options.paths);
  if (!found) return mistake("import", found.error());
  const Console console;
  tell_found(*found, console);

  importer::Request request;
  request.files = std::move(found->files);
  request.sinks = std::move(*sinks);
  request.state = options.state;
  if (!options.yes && through_broker(config, request.sinks)) request.retention_days = options.retention_days;
  request.show = [&](const importer::Progress& progress) { console.progress(progress); };
  const LogFn log = [&](LogLevel level, const std::string& text) {
    if (level >= LogLevel::warning) console.line(text);
  };
  const StopOnSignal stop;
  try {
    const auto outcome = importer::import_archives(config, request, log, stop.flag());
    return outcome ? tell(*outcome, options, console) : mistake("import", outcome.error());
  } catch (const SetupError& wrong) {
    console.line(loaded->places.told(wrong).to_string());
    return kMistake;
  }
}

}  // namespace

void add_import(Command app) {
  const Command command = app.add_subcommand("import", "Bring the archives of other collectors into sinks");
  command.wants_subcommand();
  const Command nfdump = command.add_subcommand("nfdump", "Files of nfcapd, sfcapd, nfdump and NfSen");
  nfdump.footer(
      "Files of nfdump 1.6 and 1.7 go into the sinks of the configuration, directories with all that is "
      "below "
      "them, in the\n"
      "order of time. Flows keep their times, their exporter and their time of receipt; counts of sampled "
      "flows are those\n"
      "of the file, which nfdump has multiplied, so their rate is 1. What is done is kept in a file "
      "(--state): "
      "the same\n"
      "command goes on where it was stopped, and brings what has come since. See docs/import.md.\n"
      "ClickHouse throws away what is older than its tables keep, so an import of that through Kafka is "
      "refused unless\n"
      "--retention says how long they do, or --yes that it is wanted.\n"
      "\n"
      "Examples:\n"
      "  sluice import nfdump -c /etc/sluice/sluice.yaml /var/cache/nfdump\n"
      "  sluice import nfdump -c sluice.yaml --sink kafka --retention 400 /data/nfsen/profiles-data/live\n"
      "  sluice import nfdump --set sinks.files.type=file --set sinks.files.path=out nfcapd.202611281000\n");
  auto options = std::make_shared<Options>();
  nfdump.add_option("FILE|DIR", options->paths, "Files of nfdump, and directories of them")
      .required()
      .type_name(" ");
  nfdump.add_option("--sink", options->sink, "One of the sinks (default: all of flows)").type_name("NAME");
  nfdump.add_option("--state", options->state, "File that keeps what is done")
      .type_name("FILE")
      .default_shown();
  nfdump
      .add_option("--retention", options->retention_days,
                  "How many days the tables behind Kafka keep flows; older files are refused")
      .type_name("DAYS")
      .check(whole_number(1, 100'000))
      .default_shown();
  nfdump.add_flag("--yes", options->yes, "However old they are");
  add_config_options(nfdump, options->config);
  nfdump.action([options] { return import_nfdump(*options); });
}

}  // namespace sluice::cli
