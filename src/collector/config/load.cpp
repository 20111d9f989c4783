#include "config/load.hpp"

#include <algorithm>
#include <iterator>
#include <map>
#include <utility>

#include "config/layers.hpp"
#include "config/tables.hpp"

namespace sluice::config {

const std::string* Places::find(std::string path) const {
  for (;;) {
    if (const auto found = sources_.find(path); found != sources_.end()) return &found->second;
    const auto end = path.find_last_of(".[");
    if (end == std::string::npos) return nullptr;
    path.resize(end);
  }
}

Error Places::told(const SetupError& mistake) const {
  std::string setting = mistake.setting();
  // Top-level kafka is what its sink was written as.
  constexpr std::string_view kLong = "sinks.kafka";
  const bool is_it = setting == kLong || setting.starts_with(std::string(kLong) + '.');
  if (is_it && !sources_.contains(std::string(kLong)) && sources_.contains("kafka"))
    setting.erase(0, std::string_view("sinks.").size());
  const std::string* const source = find(setting);
  return {source ? *source : "", setting + ": " + mistake.why()};
}

LoadResult load(const LoadRequest& request) {
  std::vector<Finding> findings;
  LoadResult result;
  const Layers layers = read_layers(request, findings);
  if (!layers.file_failed) {
    Reading in(findings, all_paths());
    read_section(in, config_table(), "", layers.root, result.config);
    if (!result.config.sources.empty() && !in.given("listeners")) result.config.listeners.clear();
    check_together(in, result.config);
    std::map<std::string, std::string> sources;
    for (const auto& [path, origin] : in.origins()) sources.emplace(path, origin.source);
    result.places = Places(std::move(sources));
  }
  if (result.config.sinks.empty()) {
    sink::Settings console;
    console.format = encode::Format::json;
    result.config.sinks.emplace("stdout", console);
  }
  // By place; those of one place stay as they were found.
  std::map<std::pair<Layer, int>, std::vector<Error>> by_place;
  for (Finding& finding : findings)
    by_place[{finding.origin.layer, finding.origin.line}].push_back(
        {std::move(finding.origin.source), std::move(finding.message)});
  for (auto& [place, errors] : by_place)
    std::move(errors.begin(), errors.end(), std::back_inserter(result.errors));
  return result;
}

std::string to_yaml(const Config& config) { return emit_yaml(write_section(config_table(), config)); }

}  // namespace sluice::config
