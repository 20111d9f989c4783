#include "app/activity.hpp"

#include <cmath>

namespace sluice::app {
namespace {

std::string counted(std::uint64_t n, const char* one, const char* many) {
  return std::to_string(n) + " " + (n == 1 ? one : many);
}

}  // namespace

std::string describe(const Activity& before, const Activity& now, std::chrono::duration<double> apart) {
  const auto rate = [&](std::uint64_t then, std::uint64_t later) {
    const double a_second = apart.count() > 0 ? static_cast<double>(later - then) / apart.count() : 0;
    return std::to_string(std::llround(a_second));
  };
  std::string out = counted(now.exporters, "exporter", "exporters") + "; " +
                    rate(before.datagrams, now.datagrams) + " datagrams/s, " + rate(before.flows, now.flows) +
                    " flows/s";
  for (std::size_t i = 0; i < now.sources.size(); ++i) {
    const Activity::Source& source = now.sources[i];
    out += "; " + source.name + ": " +
           rate(i < before.sources.size() ? before.sources[i].flows : 0, source.flows) + " flows/s read, " +
           counted(source.lag_records, "record", "records") + " behind";
  }
  for (std::size_t i = 0; i < now.sinks.size(); ++i) {
    const Activity::Sink& sink = now.sinks[i];
    out += "; " + sink.name + ": " +
           rate(i < before.sinks.size() ? before.sinks[i].delivered_flows : 0, sink.delivered_flows) +
           " flows/s delivered, " + std::to_string(sink.queued_flows) + " waiting";
    if (sink.lost_flows > 0) out += ", " + std::to_string(sink.lost_flows) + " lost since the start";
  }
  if (now.kernel_drops > 0)
    out += "; receive buffers dropped " + counted(now.kernel_drops, "datagram", "datagrams") +
           " since the start";
  return out;
}

}  // namespace sluice::app
