#include "config/load.hpp"

#include <algorithm>
#include <iterator>
#include <map>
#include <utility>

#include "config/layers.hpp"
#include "config/tables.hpp"

namespace sluice::config {

LoadResult load(const LoadRequest& request) {
  std::vector<Finding> findings;
  LoadResult result;
  const Layers layers = read_layers(request, findings);
  if (!layers.file_failed) {
    Reading in(findings, all_paths());
    read_section(in, config_table(), "", layers.root, result.config);
    check_together(in, result.config);
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
