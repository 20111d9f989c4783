// Options in and the report out.
#include <cmath>

#include "generate/destination.hpp"
#include "generate/generate.hpp"
#include "generate/mock_exporter.hpp"
#include "generate/sentence.hpp"

namespace sluice::generate {
namespace {

constexpr std::uint32_t kMaxConversations = 4'000'000;
constexpr std::uint32_t kMaxNetflow5Rate = 16383;  // 14 bits

bool share(double value) { return value >= 0 && value <= 1; }

auto wrong(std::string_view option, std::string_view found, std::string_view right) {
  return failure(join({"--", option, " is ", found, ", but should be ", right}));
}

Result<void, std::string> validate_sampling(const Options& o) {
  if (o.protocol == FlowType::sflow5 && o.sampling == 0)
    return wrong("sampling", "0", "1 or more: every sFlow sample names its rate");
  if (o.protocol == FlowType::netflow5 && o.sampling > kMaxNetflow5Rate)
    return wrong("sampling", std::to_string(o.sampling), "at most 16383, as NetFlow v5 has 14 bits for it");
  return {};
}

Result<void, std::string> validate_exporters(const Options& o) {
  if (o.exporters == 0 || o.exporters > kLoopbackSources)
    return wrong("exporters", std::to_string(o.exporters),
                 join({"from 1 to ", std::to_string(kLoopbackSources)}));
  if (o.source_port != 0 && !o.to.empty() && !is_kafka(o.to)) {
    const auto to = resolve(o.to);
    if (!to) return failure(to.error());
    if (!has_many_addresses(*to) && o.write.empty() && o.source_port + o.exporters - 1 > 65535)
      return wrong("source-port", std::to_string(o.source_port),
                   "low enough that one port an exporter follows it");
  }
  return {};
}

Result<void, std::string> validate_destination(const Options& o) {
  if (o.to.empty() && o.write.empty())
    return failure(
        std::string("--to is missing: it says where to send, as HOST:PORT or kafka://BROKERS/TOPIC"));
  if (is_kafka(o.to)) {
    if (const auto kafka = parse_kafka(o.to); !kafka) return failure(kafka.error());
    if (!o.write.empty())
      return failure(
          std::string("--write makes a capture of datagrams, and --to kafka:// makes none: use one of them"));
    const bool faults = o.gap > 0 || o.reorder > 0 || o.duplicate > 0 || o.malformed > 0 ||
                        o.restart_after != 0 || o.late_templates.count() != 0 || !o.ipv6_template;
    if (o.closed_loop || o.gso || faults)
      return failure(std::string(
          "--closed-loop, --gso and the faults (--gap, --reorder, --duplicate, --malformed, --restart-after, "
          "--late-templates, --no-ipv6-template) are about datagrams, and --to kafka:// makes none"));
  }
  if (o.closed_loop && !o.write.empty())
    return failure(std::string("--closed-loop has no receiver to look at with --write"));
  return {};
}

std::string text(double value) {
  std::string out = std::to_string(value);
  out.erase(out.find_last_not_of('0') + 1);
  if (out.ends_with('.')) out.pop_back();
  return out;
}

Result<void, std::string> validate_faults(const Options& o) {
  if (!share(o.reorder)) return wrong("reorder", text(o.reorder), "a share from 0 to 1");
  if (!share(o.duplicate)) return wrong("duplicate", text(o.duplicate), "a share from 0 to 1");
  if (!share(o.malformed)) return wrong("malformed", text(o.malformed), "a share from 0 to 1");
  if (o.late_templates.count() < 0)
    return wrong("late-templates", std::to_string(o.late_templates.count()), "0 (at once) or more seconds");
  return {};
}

void put(std::string& out, std::string_view name, const std::string& value) {
  if (out.back() != '{') out += ',';
  out.append("\"").append(name).append("\":").append(value);
}
void put(std::string& out, std::string_view name, std::uint64_t value) {
  put(out, name, std::to_string(value));
}
void put(std::string& out, const FaultCounts& faults) {
  put(out, "skipped_datagrams", faults.skipped_datagrams);
  put(out, "skipped_flows", faults.skipped_flows);
  put(out, "reordered_datagrams", faults.reordered_datagrams);
  put(out, "duplicated_datagrams", faults.duplicated_datagrams);
  put(out, "duplicated_flows", faults.duplicated_flows);
  put(out, "damaged_datagrams", faults.damaged_datagrams);
  put(out, "damaged_flows", faults.damaged_flows);
  put(out, "untold_flows", faults.untold_flows);
  put(out, "restarts", faults.restarts);
}

}  // namespace

Result<FlowType, std::string> parse_protocol(std::string_view name) {
  if (name == "sflow") return FlowType::sflow5;
  if (name == "netflow5") return FlowType::netflow5;
  if (name == "netflow9") return FlowType::netflow9;
  if (name == "ipfix") return FlowType::ipfix;
  return failure(join({"\"", name, "\" is none of sflow, netflow5, netflow9 and ipfix"}));
}

Result<void, std::string> validate(const Options& o) {
  if (o.protocol == FlowType::unknown)
    return wrong("protocol", "missing", "sflow, netflow5, netflow9 or ipfix");
  if (auto valid = validate_destination(o); !valid) return valid;
  if (auto valid = validate_exporters(o); !valid) return valid;
  if (auto valid = validate_sampling(o); !valid) return valid;
  if (!(o.rate >= 0) || !std::isfinite(o.rate))
    return wrong("rate", text(o.rate), "0 (as fast as possible) or more datagrams a second");
  if (!share(o.ipv6_share)) return wrong("ipv6-share", text(o.ipv6_share), "a share from 0 to 1");
  if (!share(o.gap) || o.gap == 1) return wrong("gap", text(o.gap), "a share from 0 to below 1");
  if (auto valid = validate_faults(o); !valid) return valid;
  if (o.conversations == 0 || o.conversations > kMaxConversations)
    return wrong("conversations", std::to_string(o.conversations),
                 join({"from 1 to ", std::to_string(kMaxConversations)}));
  if (o.duration.count() < 0)
    return wrong("duration", join({std::to_string(o.duration.count()), " ms"}), "0 (no bound) or more");
  if (o.template_interval.count() < 0)
    return wrong("template-interval", std::to_string(o.template_interval.count()),
                 "0 (once only) or more seconds");
  if (o.counter_interval.count() < 0)
    return wrong("counter-interval", std::to_string(o.counter_interval.count()), "0 (none) or more seconds");
  if (flows_per_datagram(o) == 0)
    return wrong("flows-per-datagram", std::to_string(o.flows_per_datagram),
                 o.protocol == FlowType::netflow5 ? "at most 30, as NetFlow v5 has it"
                                                  : "as few as fit into 65507 bytes");
  if (!o.write.empty() && o.flows == 0 && o.duration.count() == 0)
    return failure(std::string("--write needs --flows or --duration, or the file would grow without end"));
  return {};
}

std::string to_json(const Report& r) {
  std::string out = "{";
  put(out, "datagrams", r.datagrams);
  put(out, "flows", r.flows);
  put(out, "packets", r.packets);
  put(out, "bytes", r.bytes);
  put(out, "octets", r.octets);
  put(out, "templates", r.templates);
  put(out, "options_records", r.options_records);
  put(out, "counter_samples", r.counter_samples);
  put(out, r.faults);
  put(out, "refused", r.refused);
  put(out, "undelivered", r.undelivered);
  put(out, "seconds", text(r.seconds));
  std::string list = "[";
  for (const auto& exporter : r.exporters) {
    std::string one = "{";
    put(one, "address", join({"\"", exporter.address, "\""}));
    put(one, "port", exporter.port);
    put(one, "observation_domain", exporter.observation_domain);
    put(one, "datagrams", exporter.datagrams);
    put(one, "flows", exporter.flows);
    put(one, "packets", exporter.packets);
    put(one, "bytes", exporter.bytes);
    put(one, "options_records", exporter.options_records);
    put(one, exporter.faults);
    list.append(list.size() > 1 ? "," : "").append(one).append("}");
  }
  list += ']';
  put(out, "exporters", list);
  out += '}';
  return out;
}

}  // namespace sluice::generate
