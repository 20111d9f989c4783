#include <cstdio>

#include "cli/cli.hpp"
#include "cli/commands.hpp"
#include "cli/options.hpp"
#include "cli/output.hpp"
#include "cli/stop_on_signal.hpp"
#include "generate/generate.hpp"

namespace sluice::cli {
namespace {

struct Options {
  generate::Options generate;
  std::string protocol = "netflow9";
  double duration = 0;
  double template_interval = 60;
  double counter_interval = 20;
  double late_templates = 0;
  bool no_ipv6_template = false;
  bool no_templates = false;
  bool quiet = false;
};

int run_generate(Options& options) {
  auto& generate = options.generate;
  const auto protocol = generate::parse_protocol(options.protocol);
  if (!protocol) return mistake("generate", "--protocol: " + protocol.error());
  generate.protocol = *protocol;
  generate.duration = std::chrono::milliseconds(static_cast<std::int64_t>(options.duration * 1000));
  generate.template_interval = std::chrono::seconds(static_cast<std::int64_t>(options.template_interval));
  generate.counter_interval = std::chrono::seconds(static_cast<std::int64_t>(options.counter_interval));
  generate.late_templates = std::chrono::seconds(static_cast<std::int64_t>(options.late_templates));
  generate.templates = !options.no_templates;
  generate.ipv6_template = !options.no_ipv6_template;
  if (const auto valid = generate::validate(generate); !valid) return mistake("generate", valid.error());

  const StopOnSignal stop;
  const auto progress = [](std::string_view line) {
    std::fprintf(stderr, "%.*s\n", static_cast<int>(line.size()), line.data());
  };
  using Progress = std::function<void(std::string_view)>;
  const auto report = generate::run(generate, stop.token(), options.quiet ? Progress() : Progress(progress));
  if (!report) return failed("generate", report.error());
  return print("generate", generate::to_json(*report) + '\n');
}

void add_traffic_options(Command command, Options& options) {
  auto& generate = options.generate;
  const auto whole = [&](const char* name, auto& value, const char* text, std::uint64_t least,
                         std::uint64_t most) {
    command.add_option(name, value, text).type_name("N").check(whole_number(least, most)).default_shown();
  };
  command
      .add_option("--rate", generate.rate,
                  "Datagrams per second of all exporters together; 0: as fast as possible")
      .type_name("R")
      .check(number_from(0))
      .default_shown();
  whole("--flows", generate.flows, "Flows to send in all; 0: until stopped", 0, UINT64_MAX);
  command.add_option("--duration", options.duration, "Stop after S seconds; 0: no bound")
      .type_name("S")
      .check(number_from(0))
      .default_shown();
  whole("--exporters", generate.exporters, "Exporters, each with a source of its own", 1, UINT32_MAX);
  whole("--seed", generate.seed, "The same seed and options give the same flows", 0, UINT64_MAX);
  whole("--sampling", generate.sampling, "Announced sampling rate, 1 in N; 0: none", 0, UINT32_MAX);
  whole("--flows-per-datagram", generate.flows_per_datagram, "0: as many as fit into 1400 bytes", 0,
        UINT32_MAX);
  whole("--conversations", generate.conversations, "Population of talking pairs, for each address family", 1,
        UINT32_MAX);
  command.add_option("--ipv6-share", generate.ipv6_share, "Share of IPv6 flows, 0 to 1")
      .type_name("X")
      .check(number_from(0))
      .default_shown();
}

void add_protocol_options(Command command, Options& options) {
  auto& generate = options.generate;
  const auto whole = [&](const char* name, auto& value, const char* text, std::uint64_t most) {
    command.add_option(name, value, text).type_name("N").check(whole_number(0, most)).default_shown();
  };
  const auto seconds = [&](const char* name, double& value, const char* text) {
    command.add_option(name, value, text).type_name("S").check(number_from(0)).default_shown();
  };
  seconds("--template-interval", options.template_interval,
          "Templates and sampling options come again after S seconds");
  whole("--template-datagrams", generate.template_datagrams,
        "And after N datagrams of an exporter; 0: by time alone", UINT32_MAX);
  seconds("--counter-interval", options.counter_interval, "sFlow counter samples every S seconds; 0: none");
  whole("--source-port", generate.source_port, "UDP source port; 0: any", 65535);
  whole("--observation-domain", generate.observation_domain, "Of the first exporter; the others count up",
        UINT32_MAX);
  whole("--start-time", generate.start_time_ns, "Unix time of the first datagram in ns; 0: now", UINT64_MAX);
  command.add_flag("--no-templates", options.no_templates, "Never send templates and sampling options");
  command.add_flag("--gso", generate.gso,
                   "Send datagrams of one size together (UDP_SEGMENT): the fastest way");
  command.add_flag("--closed-loop", generate.closed_loop,
                   "Pause while the receiver's socket, on this machine, is more than half full");
}

void add_fault_options(Command command, Options& options) {
  auto& generate = options.generate;
  const auto share = [&](const char* name, double& value, const char* text) {
    command.add_option(name, value, text).type_name("X").check(number_from(0)).default_shown();
  };
  share("--gap", generate.gap, "Share of datagrams that are counted in the sequence but not sent, 0 to 1");
  share("--reorder", generate.reorder, "Share that leave after one to three of their successors");
  share("--duplicate", generate.duplicate, "Share that leave twice");
  share("--malformed", generate.malformed, "Share whose last flow cannot be read");
  command
      .add_option("--restart-after", generate.restart_after,
                  "Each exporter starts anew after N datagrams of flows; 0: never")
      .type_name("N")
      .check(whole_number(0, UINT32_MAX))
      .default_shown();
  command
      .add_option("--late-templates", options.late_templates,
                  "Templates and sampling options are first sent after S seconds")
      .type_name("S")
      .check(number_from(0))
      .default_shown();
  command.add_flag("--no-ipv6-template", options.no_ipv6_template,
                   "Never send the template of IPv6 flows, but the flows");
}

}  // namespace

void add_generate(Command app) {
  const Command command = app.add_subcommand("generate", "Send made-up flows as exporters would");
  command.footer(
      "On loopback each exporter has its own source address (127.0.0.2 and on), elsewhere its own port. "
      "With\n"
      "kafka://BROKERS/TOPIC finished messages are produced, without network and decoding. What was sent is "
      "printed at\n"
      "the end as one line of JSON.\n"
      "\n"
      "Examples:\n"
      "  sluice generate --to 127.0.0.1:2055\n"
      "  sluice generate --protocol sflow --to 127.0.0.1:6343 --exporters 10 --rate 5000 --duration 60\n"
      "  sluice generate --protocol ipfix --write flows.pcap --flows 100000 --seed 7\n"
      "  sluice generate --to kafka://localhost:9092/flows --rate 0 --flows 1000000\n");
  auto options = std::make_shared<Options>();
  auto& generate = options->generate;
  command.add_option("--protocol", options->protocol, "What to speak")
      .check(one_of({"sflow", "netflow5", "netflow9", "ipfix"}))
      .type_name("sflow|netflow5|netflow9|ipfix")
      .default_shown();
  command.add_option("--to", generate.to, "HOST:PORT, or kafka://BROKERS/TOPIC[?framing=...&compression=...]")
      .type_name("TARGET");
  command.add_option("--write", generate.write, "Write the datagrams to a capture file and send nothing")
      .type_name("FILE");
  add_traffic_options(command, *options);
  add_protocol_options(command, *options);
  add_fault_options(command, *options);
  command.add_flag("-q,--quiet", options->quiet, "No line of progress every second");
  command.action([options] { return run_generate(*options); });
}

}  // namespace sluice::cli
