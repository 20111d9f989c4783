#include <cstdio>

#include "cli/cli.hpp"
#include "cli/commands.hpp"
#include "cli/options.hpp"
#include "cli/output.hpp"
#include "cli/stop_on_signal.hpp"
#include "flow/endpoint.hpp"
#include "source/replay.hpp"

namespace sluice::cli {
namespace {

struct Options {
  source::ReplayOptions replay;
  std::string to;
  std::string bind;
};

void append(std::string& text, std::uint64_t count, const char* what) {
  if (count != 0) text += ", " + std::to_string(count) + ' ' + what;
}

std::string report_of(const source::ReplayCounts& counts) {
  char line[128];
  std::snprintf(line, sizeof(line), "sent %llu datagrams, %llu bytes in %.3f s (%.0f/s)",
                static_cast<unsigned long long>(counts.datagrams),
                static_cast<unsigned long long>(counts.bytes), counts.seconds,
                counts.seconds > 0 ? static_cast<double>(counts.datagrams) / counts.seconds : 0);
  std::string text = line;
  append(text, counts.refused, "refused (nobody listens there)");
  append(text, counts.too_long, "too long for UDP and not sent");
  append(text, counts.skipped, "no flow export and not sent");
  append(text, counts.truncated, "not whole in the capture");
  text += '\n';
  for (const auto& [original, alias] : counts.exporters)
    text += "exporter " + original.to_string() + " as " + alias.to_string() + '\n';
  return text;
}

/// Of a name the first address; may ask a resolver.
Result<Endpoint, std::string> target_of(const std::string& to) {
  const auto parts = parse_host_port(to);
  if (!parts || parts->port.value_or(0) == 0)
    return failure(
        '"' + to +
        "\" is no HOST:PORT, such as 127.0.0.1:2055, [2001:db8::1]:2055 or collector.example:2055");
  const auto address = resolve_host(*parts);
  if (!address) return failure('"' + std::string(parts->host) + "\" has no address: " + address.error());
  return Endpoint{*address, *parts->port};
}

int run_replay(Options& options) {
  const auto target = target_of(options.to);
  if (!target) return mistake("replay", "--to: " + target.error());
  options.replay.target = target->address;
  options.replay.port = target->port;
  if (!options.bind.empty()) options.replay.bind = IpAddress::parse(options.bind).value();
  const StopOnSignal stop;
  const auto counts = source::replay(options.replay, stop.flag());
  if (!counts) return failed("replay", counts.error());
  const int printed = print("replay", report_of(*counts));
  for (const auto& warning : counts->warnings) failed("replay", warning);
  return counts->warnings.empty() ? printed : kFailed;
}

}  // namespace

void add_replay(Command app) {
  const Command command = app.add_subcommand("replay", "Send the datagrams of captures to a collector");
  command.footer(
      "Files are pcap or pcapng captures and raw datagrams (.dat, .bin). Of a capture, UDP payloads that "
      "begin with the\n"
      "version word of sFlow v5, NetFlow v5, v9 or IPFIX are sent, unchanged and in order; without --rate "
      "and --speed\n"
      "as fast as the socket takes them, which may be faster than the receiver.\n"
      "\n"
      "Examples:\n"
      "  sluice replay router.pcap --to 127.0.0.1:2055 --rate 1000\n"
      "  sluice replay router.pcap --to 127.0.0.1:2055 --speed 10 --loop 0     ten times as fast, until "
      "stopped\n"
      "  sluice replay many.pcapng --to 127.0.0.1:6343 --per-exporter\n");
  auto options = std::make_shared<Options>();
  auto& replay = options->replay;
  command.add_option("FILE", replay.files, "Captures and raw datagram files").required().type_name(" ");
  command.add_option("--to", options->to, "Where to send").required().type_name("HOST:PORT");
  const Option rate = command.add_option("--rate", replay.rate, "Datagrams per second").type_name("R");
  rate.check(number_above(0));
  command.add_option("--speed", replay.speed, "Keep the timing of the capture, X times as fast")
      .type_name("X")
      .check(number_above(0))
      .excludes(rate);
  command.add_option("--loop", replay.loops, "Play all files N times; 0: until stopped")
      .type_name("N")
      .check(whole_number(0, UINT64_MAX))
      .default_shown();
  const Option bind = command.add_option("--bind", options->bind, "Source address").type_name("ADDRESS");
  bind.check(ip_address());
  command
      .add_flag("--per-exporter", replay.per_exporter,
                "To loopback: each source of a capture gets its own address, 127.0.1.1 and on")
      .excludes(bind);
  command.add_flag("--any", replay.everything, "Send every UDP payload, not only flow export");
  command.action([options] { return run_replay(*options); });
}

}  // namespace sluice::cli
