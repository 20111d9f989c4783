#include "config/exporter_names.hpp"

#include <algorithm>
#include <functional>

namespace sluice::config {

enrich::ExporterNames exporter_names(const Config& config) {
  enrich::ExporterNames out;
  for (const ExporterRule& rule : config.exporters)
    if (const auto prefix = IpPrefix::parse(rule.prefix)) {
      const decode::ExporterSettings& of = rule.settings;
      out.emplace_back(*prefix, enrich::ExporterWords{of.name, of.site, of.role, of.tenant});
    }
  // One without a name hides the name of a shorter prefix, as it hides its other settings.
  if (std::ranges::all_of(out, [](const auto& one) { return one.second.empty(); })) return {};
  std::ranges::sort(out, std::greater{}, [](const auto& one) { return one.first.length; });
  return out;
}

}  // namespace sluice::config
