// sluice enrich --test: what names flows or addresses would get, and from where, so that a rule can be tried.
// Nobody is asked: of SNMP it knows what the state file keeps of devices' answers, of BMP nothing.
#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string_view>
#include <utility>

#include "cli/cli.hpp"
#include "cli/commands.hpp"
#include "cli/config_options.hpp"
#include "cli/output.hpp"
#include "config/exporter_rules.hpp"
#include "enrich/enricher.hpp"
#include "enrich/names_keeper.hpp"
#include "sluice/decode/datagram_decoder.hpp"
#include "sluice/flow/fields.hpp"
#include "snmp/give.hpp"
#include "snmp/kept.hpp"
#include "source/capture.hpp"
#include "state/file.hpp"
#include "state/keeper.hpp"
#include "state/message.hpp"
#include "util/clock.hpp"
#include "util/one_line.hpp"
#include "util/setup_error.hpp"

namespace sluice::cli {
namespace {

using enrich::SourceSettings;

struct Options {
  std::vector<std::string> targets;
  ConfigOptions config;
};

constexpr const char* kSnmp = "snmp";

/// One source more each time: what a field has after it and had not before is of that source.
struct Stage {
  const char* name;
  void (*add)(const SourceSettings& from, SourceSettings& to);
};
constexpr std::array<Stage, 6> kStages{{
    {"as", [](const SourceSettings& from, SourceSettings& to) { to.as_file = from.as_file; }},
    {"country", [](const SourceSettings& from, SourceSettings& to) { to.country_file = from.country_file; }},
    {"networks",
     [](const SourceSettings& from, SourceSettings& to) {
       to.networks = from.networks;
       to.networks_file = from.networks_file;
     }},
    {kSnmp, [](const SourceSettings&, SourceSettings&) {}},  // not of these settings
    {"interfaces",
     [](const SourceSettings& from, SourceSettings& to) {
       to.interfaces = from.interfaces;
       to.interfaces_file = from.interfaces_file;
     }},
    {"rules", [](const SourceSettings& from, SourceSettings& to) { to.rules = from.rules; }},
}};

/// Fields that a stage may fill.
bool is_name(const FieldInfo& field) {
  static constexpr std::array<std::string_view, 6> kOthers{
      "src_as", "dst_as", "in_if_name", "out_if_name", "in_if_description", "out_if_description"};
  return field.number >= 300 || std::ranges::find(kOthers, field.name) != kOthers.end();
}

std::string value_of_field(const FieldInfo& field, const FlowBatch& batch, const FlowRecord& flow) {
  if (field.kind == FieldKind::text) return one_line(std::string(text_field(field, batch, flow)));
  const std::uint64_t value = integer_field(field, batch, flow);
  return value == 0 ? "" : std::to_string(value);
}

/// The collector's way, as far as one stage: decoder and names of its own, so that the flows of one datagram
/// can be held against each other, stage by stage.
struct Way {
  explicit Way(const config::Config& config)
      : rules(config.exporters),
        exporters(
            {}, {}, [this](const IpAddress& exporter) { return rules.of(exporter); },
            make_user_fields(config.fields)) {}

  const config::ExporterRules rules;
  decode::ExporterTable exporters;
  decode::DatagramDecoder decoder{exporters};
  enrich::NamesKeeper keeper{[](LogLevel, const std::string&) {}};
  enrich::Enricher enricher{{.collector_id = "", .names = keeper.names()}};
  const snmp::Snapshot* interfaces = nullptr;  ///< from the stage of SNMP on
  FlowBatch batch;

  void apply() {
    if (interfaces != nullptr) snmp::give_interfaces(*interfaces, batch);
    enricher.apply(batch);
  }
};

/// What the state file has of devices' answers, as a collector that starts would take it.
snmp::Snapshot kept_interfaces(const config::Config& config) {
  if (config.snmp.devices.empty() || config.state.file.empty()) return {};
  const auto file = state::read_file(config.state.file);
  if (!file) {
    if (file.error() != ENOENT)
      std::fprintf(stderr, "sluice enrich: %s: %s\n", config.state.file.c_str(), std::strerror(file.error()));
    return {};
  }
  SeededMap<IpAddress, snmp::Answer> answers;
  const std::uint64_t now_ns = unix_ns();
  const auto take = [&](Bytes message) {
    auto kept = snmp::from_message(message, config.snmp.max_interfaces);
    return kept && snmp::counts_still(*kept, config.snmp, now_ns) &&
           answers.emplace(kept->exporter, std::move(kept->answer)).second;
  };
  decode::ExporterTable exporters({}, {});
  const auto restored = state::restore(
      *file, now_ns, exporters, {{.field = snmp::kStateField, .changes = {}, .write = {}, .restore = take}});
  if (!restored) {
    std::fprintf(stderr, "sluice enrich: %s %s\n", config.state.file.c_str(), restored.error().c_str());
    return {};
  }
  return snmp::Snapshot(std::move(answers));
}

/// What is configured and cannot be shown here, so that nobody takes its absence for a mistake.
void say_what_is_not_known(const config::Config& config, const snmp::Snapshot& interfaces) {
  if (!config.snmp.devices.empty() && interfaces.all().empty())
    std::fputs(
        config.state.file.empty()
            ? "sluice enrich: names by SNMP are not shown: the collector asks for them, and keeps them where "
              "state.file is set\n"
            : "sluice enrich: names by SNMP are not shown: the collector asks for them, and state.file has "
              "none yet\n",
        stderr);
  if (!config.bmp.listen.empty())
    std::fputs("sluice enrich: routes are not shown: routers tell them to the running collector, by BMP\n",
               stderr);
}

class Trier {
 public:
  /// Throws SetupError.
  explicit Trier(const config::Config& config) : interfaces_(kept_interfaces(config)), plain_(config) {
    say_what_is_not_known(config, interfaces_);
    SourceSettings so_far;
    so_far.as_from = config.enrich.as_from;
    so_far.check_every = std::chrono::seconds(0);
    bool snmp = false;
    for (std::size_t i = 0; i < kStages.size(); ++i) {
      kStages[i].add(config.enrich, so_far);
      stages_[i] = std::make_unique<Way>(config);
      snmp |= kStages[i].name == kSnmp;
      if (snmp) stages_[i]->interfaces = &interfaces_;
      stages_[i]->keeper.take(so_far);
    }
  }

  /// Lines of what each flow would get. `fill` makes the same flows of each way.
  template <class Fill>
  std::string show(const Fill& fill) {
    fill(plain_);
    for (const auto& stage : stages_) {
      fill(*stage);
      stage->apply();
    }
    for (std::size_t i = 0; i < plain_.batch.size(); ++i) show_flow(i);
    return std::exchange(text_, {});
  }

 private:
  using Values = std::vector<std::string>;

  static Values values_of(const FlowBatch& batch, std::size_t i) {
    Values out;
    for (const FieldInfo& field : flow_fields())
      out.push_back(is_name(field) ? value_of_field(field, batch, batch.flows()[i]) : "");
    return out;
  }

  void show_flow(std::size_t flow) {
    const Values said = values_of(plain_.batch, flow);
    Values values = said;
    std::vector<const char*> from(values.size(), "exporter");
    for (std::size_t stage = 0; stage < kStages.size(); ++stage) {
      const Values now = values_of(stages_[stage]->batch, flow);
      for (std::size_t i = 0; i < now.size(); ++i)
        if (now[i] != values[i]) from[i] = kStages[stage].name;
      values = now;
    }
    say_head(plain_.batch, plain_.batch.flows()[flow]);
    for (std::size_t i = 0; i < values.size(); ++i)
      if (!values[i].empty() || !said[i].empty()) say(flow_fields()[i].name, values[i], from[i]);
    if (stages_.back()->batch.flows()[flow].dropped != 0) text_ += "  dropped by a rule\n";
  }

  void say_head(const FlowBatch& batch, const FlowRecord& flow) {
    text_ += flow.source().to_string();
    if (!flow.destination().empty()) text_ += " to " + flow.destination().to_string();
    const std::string exporter = batch.origin_of(flow).exporter_address.to_string();
    if (!exporter.empty()) text_ += ", exporter " + exporter;
    if (flow.in_if != 0) text_ += ", in " + std::to_string(flow.in_if);
    if (flow.out_if != 0) text_ += ", out " + std::to_string(flow.out_if);
    text_ += '\n';
  }
  void say(std::string_view field, const std::string& value, const char* from) {
    constexpr std::size_t kFieldWidth = 22, kValueWidth = 32;
    std::string line = "  " + std::string(field);
    line.resize(std::max(line.size() + 1, kFieldWidth), ' ');
    line += value.empty() ? "-" : value;
    line.resize(std::max(line.size() + 1, kFieldWidth + kValueWidth), ' ');
    text_ += line + from + '\n';
  }

  const snmp::Snapshot interfaces_;
  Way plain_;  // without any name
  std::array<std::unique_ptr<Way>, kStages.size()> stages_;
  std::string text_;
};

bool try_address(const IpAddress& address, Trier& trier) {
  return write_out(trier.show([&](Way& way) {
    way.batch.clear();
    way.batch.add_origin();
    way.batch.append_one().set_source(address);
  }));
}

/// False where it cannot be read, which was said.
bool try_file(const std::string& path, Trier& trier) {
  auto file = source::CaptureFile::open(path);
  if (!file) return failed("enrich", file.error()), false;
  source::CapturedDatagram captured;
  bool written = true;
  while (written && file->next(captured)) {
    if (file->kind() == source::FileKind::capture && !source::is_flow_export(captured.payload)) continue;
    written = write_out(trier.show([&](Way& way) {
      way.batch.clear();
      way.decoder.decode({.payload = captured.payload,
                          .source = captured.source.empty() ? IpAddress::v4(0x7f000001) : captured.source,
                          .source_port = captured.source_port,
                          .received_ns = captured.time_ns},
                         way.batch);
    }));
  }
  if (!file->warning().empty()) return failed("enrich", file->warning()), false;
  return true;
}

int run(const Options& options) {
  const auto loaded = load_with_places(options.config);
  if (!loaded) return kMistake;
  try {
    Trier trier(loaded->config);
    bool whole = true;
    for (const std::string& target : options.targets) {
      const auto address = IpAddress::parse(target);
      whole = (address ? try_address(*address, trier) : try_file(target, trier)) && whole;
    }
    const int printed = finish_out("enrich");
    return whole ? printed : kFailed;
  } catch (const SetupError& error) {
    std::fprintf(stderr, "sluice: %s\n", loaded->places.told(error).to_string().c_str());
    return kMistake;
  }
}

}  // namespace

void add_enrich(Command app) {
  const Command command =
      app.add_subcommand("enrich", "Show what names addresses or captured flows would get");
  command.footer(
      "Nothing is sent anywhere. Of a capture (pcap, pcapng, raw datagrams) each flow is shown with the AS "
      "numbers,\n"
      "countries, networks and interfaces that section `enrich` of the configuration gives it, and behind "
      "each value who\n"
      "gave it: the exporter, a database, networks, SNMP, interfaces or a rule. Nobody is asked: of SNMP it "
      "knows what\n"
      "state.file keeps, and routes by BMP it does not know.\n"
      "\n"
      "Examples:\n"
      "  sluice enrich -c sluice.yaml --test 192.0.2.1\n"
      "  sluice enrich -c sluice.yaml --test router.pcap\n");
  auto options = std::make_shared<Options>();
  command.add_option("--test", options->targets, "An address, or a file of datagrams")
      .required()
      .one_value_each()
      .type_name("ADDRESS|FILE");
  add_config_options(command, options->config);
  command.action([options] { return run(*options); });
}

}  // namespace sluice::cli
