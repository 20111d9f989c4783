#include "config/exporter_rules.hpp"

#include <algorithm>
#include <functional>
#include <stdexcept>

namespace sluice::config {

ExporterRules::ExporterRules(const std::vector<ExporterRule>& rules) {
  for (const ExporterRule& rule : rules) {
    const auto prefix = IpPrefix::parse(rule.prefix);
    if (!prefix) throw std::invalid_argument("exporters: " + rule.prefix + " is no prefix");
    rules_.emplace_back(*prefix, rule.settings);
  }
  std::ranges::sort(rules_, std::greater{}, [](const auto& rule) { return rule.first.length; });
}

decode::ExporterSettings ExporterRules::of(const IpAddress& exporter) const {
  const auto found =
      std::ranges::find_if(rules_, [&](const auto& rule) { return rule.first.contains(exporter); });
  return found == rules_.end() ? decode::ExporterSettings{} : found->second;
}

enrich::ExporterNames ExporterRules::names() const {
  enrich::ExporterNames out;
  for (const auto& [prefix, of] : rules_)
    out.emplace_back(prefix, enrich::ExporterWords{of.name, of.site, of.role, of.tenant});
  // One without a name hides the name of a shorter prefix, as it hides its other settings.
  if (std::ranges::all_of(out, [](const auto& one) { return one.second.empty(); })) return {};
  return out;
}

}  // namespace sluice::config
