#pragma once
// What `exporters` says, by the exporter's address. Values; any thread reads.
#include <utility>
#include <vector>

#include "config/config.hpp"
#include "enrich/enricher.hpp"
#include "sluice/flow/address.hpp"

namespace sluice::config {

class ExporterRules {
 public:
  ExporterRules() = default;
  /// Throws std::invalid_argument where a prefix is none.
  explicit ExporterRules(const std::vector<ExporterRule>& rules);

  /// Of the longest prefix that holds the address; the defaults where none does.
  decode::ExporterSettings of(const IpAddress& exporter) const;
  /// Names, sites, roles and tenants, for flows that come without the exporter itself. Empty where there are
  /// none.
  enrich::ExporterNames names() const;

 private:
  std::vector<std::pair<IpPrefix, decode::ExporterSettings>> rules_;  // longest prefix first
};

}  // namespace sluice::config
