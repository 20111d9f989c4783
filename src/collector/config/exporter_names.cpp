#include "config/exporter_names.hpp"

#include <algorithm>
#include <functional>

namespace sluice::config {

enrich::ExporterNames exporter_names(const Config& config) {
  enrich::ExporterNames out;
  for (const ExporterRule& rule : config.exporters)
    if (const auto prefix = IpPrefix::parse(rule.prefix); prefix && !rule.settings.name.empty())
      out.emplace_back(*prefix, rule.settings.name);
  std::ranges::sort(out, std::greater{}, [](const auto& one) { return one.first.length; });
  return out;
}

}  // namespace sluice::config
