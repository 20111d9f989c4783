// sluice enrich --test: what names flows or addresses would get, and from where, so that a rule can be tried.
#include <array>
#include <cstdio>
#include <filesystem>
#include <string_view>
#include <utility>

#include "cli/cli.hpp"
#include "cli/commands.hpp"
#include "cli/config_options.hpp"
#include "cli/output.hpp"
#include "enrich/enricher.hpp"
#include "enrich/names_keeper.hpp"
#include "sluice/decode/datagram_decoder.hpp"
#include "sluice/flow/fields.hpp"
#include "source/capture.hpp"
#include "util/one_line.hpp"
#include "util/setup_error.hpp"

namespace sluice::cli {
namespace {

using enrich::SourceSettings;

struct Options {
  std::vector<std::string> targets;
  ConfigOptions config;
};

/// One source more each time: what a field has after it and had not before is of that source.
struct Stage {
  const char* name;
  void (*add)(const SourceSettings& from, SourceSettings& to);
};
constexpr std::array<Stage, 5> kStages{{
    {"as", [](const SourceSettings& from, SourceSettings& to) { to.as_file = from.as_file; }},
    {"country", [](const SourceSettings& from, SourceSettings& to) { to.country_file = from.country_file; }},
    {"networks",
     [](const SourceSettings& from, SourceSettings& to) {
       to.networks = from.networks;
       to.networks_file = from.networks_file;
     }},
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

class Trier {
 public:
  /// Throws SetupError.
  explicit Trier(const SourceSettings& settings) {
    SourceSettings so_far;
    so_far.as_from = settings.as_from;
    so_far.check_every = std::chrono::seconds(0);
    for (std::size_t i = 0; i < kStages.size(); ++i) {
      kStages[i].add(settings, so_far);
      keepers_[i] = std::make_unique<enrich::NamesKeeper>([](LogLevel, const std::string&) {});
      keepers_[i]->take(so_far);
      enrichers_[i] = std::make_unique<enrich::Enricher>(
          enrich::Settings{.collector_id = "", .names = keepers_[i]->names()});
    }
  }

  /// Lines of what each flow of the batch would get.
  void show(const FlowBatch& batch) {
    for (std::size_t i = 0; i < batch.size(); ++i) {
      FlowBatch one;
      copy(batch, i, one);
      show_one(one);
    }
  }
  const std::string& text() const { return text_; }
  std::string take() { return std::exchange(text_, {}); }

 private:
  using Values = std::vector<std::string>;

  static void copy(const FlowBatch& from, std::size_t i, FlowBatch& to) {
    const FlowRecord& flow = from.flows()[i];
    to.add_origin() = from.origin_of(flow);
    FlowRecord& made = to.append_one();
    made = flow;
    made.origin = 0;
    made.extras = kNoExtras;
    for (const FieldInfo& field : flow_fields())
      if (field.home == FieldHome::extra_text)
        if (const auto text = text_field(field, from, flow); !text.empty())
          set_text_field(field, to, made, text);
  }
  static Values values_of(const FlowBatch& batch) {
    Values out;
    for (const FieldInfo& field : flow_fields())
      out.push_back(is_name(field) ? value_of_field(field, batch, batch.flows()[0]) : "");
    return out;
  }

  void show_one(const FlowBatch& flow) {
    const Values said = values_of(flow);
    Values values = said;
    std::vector<const char*> from(values.size(), "exporter");
    bool dropped = false;
    for (std::size_t stage = 0; stage < kStages.size(); ++stage) {
      FlowBatch tried;
      copy(flow, 0, tried);
      enrichers_[stage]->apply(tried);
      const Values now = values_of(tried);
      for (std::size_t i = 0; i < now.size(); ++i)
        if (now[i] != values[i]) from[i] = kStages[stage].name;
      values = now;
      dropped = tried.any_dropped();
    }
    say_head(flow);
    for (std::size_t i = 0; i < values.size(); ++i)
      if (!values[i].empty() || !said[i].empty()) say(flow_fields()[i].name, values[i], from[i]);
    if (dropped) text_ += "  dropped by a rule\n";
  }

  void say_head(const FlowBatch& batch) {
    const FlowRecord& flow = batch.flows()[0];
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

  std::array<std::unique_ptr<enrich::NamesKeeper>, kStages.size()> keepers_;
  std::array<std::unique_ptr<enrich::Enricher>, kStages.size()> enrichers_;
  std::string text_;
};

bool try_address(const std::string& text, Trier& trier) {
  const auto address = IpAddress::parse(text);
  if (!address) return false;
  FlowBatch batch;
  batch.add_origin();
  batch.append_one().set_source(*address);
  trier.show(batch);
  return write_out(trier.take());
}

/// False where it cannot be read, which was said.
bool try_file(const std::string& path, const config::Config& config, Trier& trier) {
  auto file = source::CaptureFile::open(path);
  if (!file) return failed("enrich", file.error()), false;
  decode::ExporterTable exporters{{}, {}, {}, make_user_fields(config.fields)};
  decode::DatagramDecoder decoder{exporters};
  source::CapturedDatagram captured;
  FlowBatch batch;
  bool written = true;
  while (written && file->next(captured)) {
    if (file->kind() == source::FileKind::capture && !source::is_flow_export(captured.payload)) continue;
    batch.clear();
    decoder.decode({.payload = captured.payload,
                    .source = captured.source.empty() ? IpAddress::v4(0x7f000001) : captured.source,
                    .source_port = captured.source_port,
                    .received_ns = captured.time_ns},
                   batch);
    trier.show(batch);
    written = write_out(trier.take());
  }
  if (!file->warning().empty()) return failed("enrich", file->warning()), false;
  return true;
}

int run(const Options& options) {
  const auto loaded = load_with_places(options.config);
  if (!loaded) return kMistake;
  try {
    Trier trier(loaded->config.enrich);
    bool whole = true;
    for (const std::string& target : options.targets) {
      if (IpAddress::parse(target))
        whole = try_address(target, trier) && whole;
      else
        whole = try_file(target, loaded->config, trier) && whole;
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
      "gave it: the exporter, a database, networks, interfaces or a rule.\n"
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
