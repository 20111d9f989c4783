// What the collector has to do with devices that are asked by SNMP: their names in state.file, and how they
// stand for /metrics and /api/v1.
#include "app/collector.hpp"
#include "snmp/kept.hpp"
#include "util/clock.hpp"

namespace sluice::app {
namespace {

void add_to(metrics::SnmpRow& sum, const metrics::SnmpRow& row) {
  sum.counts += row.counts;
  sum.last_answer_seconds = std::max(sum.last_answer_seconds, row.last_answer_seconds);
}

}  // namespace

state::Section Collector::snmp_section() {
  state::Section out;
  out.field = snmp::kStateField;
  out.changes = [this] { return snmp_.changes(); };
  out.write = [this](const std::function<void(const std::string&)>& put) {
    const auto snapshot = snmp_.snapshot();
    for (const auto& [exporter, answer] : snapshot->all()) put(snmp::to_message(exporter, answer));
  };
  out.restore = [this](Bytes message) { return snmp_.restore(message, config_.snmp, unix_ns()); };
  return out;
}

void Collector::add_snmp(metrics::Snapshot& out) const {
  const snmp::Stats stats = snmp_.stats();
  out.snmp.on = stats.on;
  out.snmp.counts = stats.counts;
  std::optional<metrics::SnmpRow> others;
  for (const auto& [exporter, device] : stats.devices) {
    metrics::SnmpRow row;
    row.device = exporter.to_string();
    row.standing = word_of(snmp::kStandings, device.standing);
    row.counts = device.counts;
    row.last_answer_seconds = static_cast<double>(device.answered_ns) / 1e9;
    if (out.snmp.devices.size() < config_.metrics.max_exporters) {
      out.snmp.devices.push_back(std::move(row));
    } else {
      if (!others) others.emplace().device = "other";
      add_to(*others, row);
    }
  }
  if (others) out.snmp.devices.push_back(std::move(*others));
}

}  // namespace sluice::app
