#pragma once
// Fills in what the datagram did not say. Today that is who collected it; names and prefixes of options data
// and of users' files join here. One enricher belongs to one thread.
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "sluice/flow/batch.hpp"
#include "snmp/give.hpp"

namespace sluice::enrich {

/// Configured names by prefix, the longest first; an empty one is none.
using ExporterNames = std::vector<std::pair<IpPrefix, std::string>>;

struct Settings {
  std::string collector_id;        ///< configured name of this collector, or empty
  ExporterNames exporter_names{};  ///< for flows that come without their exporter, see complete()
  snmp::Poller* snmp = nullptr;    ///< of interfaces; outlives the enricher
};

class Enricher {
 public:
  explicit Enricher(Settings settings) : settings_(std::move(settings)), snmp_(settings_.snmp) {}

  void apply(FlowBatch& batch) const {
    snmp::give_interfaces(snmp_, batch);
    if (settings_.collector_id.empty()) return;
    for (std::size_t i = 0; i < batch.origin_count(); ++i)
      batch.origin(i).collector_id = settings_.collector_id;
  }

  /// The same of flows that somebody else has received, from a file or a topic: what they say of themselves
  /// stays, and their exporters get their names too, which a decoder gives else.
  void complete(FlowBatch& batch) const {
    if (settings_.collector_id.empty() && settings_.exporter_names.empty()) return;
    const Origin* before = nullptr;
    for (std::size_t i = 0; i < batch.origin_count(); ++i) {
      Origin& origin = batch.origin(i);
      if (origin.collector_id.empty()) origin.collector_id = settings_.collector_id;
      if (!origin.exporter_name.empty()) continue;
      // Flows of one exporter come together.
      const bool same = before != nullptr && before->exporter_address == origin.exporter_address;
      origin.exporter_name = same ? before->exporter_name : name_of(origin.exporter_address);
      before = &origin;
    }
  }

 private:
  std::string name_of(const IpAddress& exporter) const {
    const auto found = std::ranges::find_if(settings_.exporter_names,
                                            [&](const auto& one) { return one.first.contains(exporter); });
    return found == settings_.exporter_names.end() ? "" : found->second;
  }

  Settings settings_;
  mutable snmp::View snmp_;  // of one thread, as this is
};

}  // namespace sluice::enrich
