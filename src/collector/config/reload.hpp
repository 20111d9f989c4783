#pragma once
// A new configuration beside the one that runs: what takes effect at a reload, and what has to wait for a
// restart, by the property that each row of the tables has. Values; any thread.
#include <string>
#include <utility>
#include <vector>

#include "config/config.hpp"

namespace sluice::config {

/// Settings by their paths in the order of the document, of sections with entries ("sinks") as a whole.
struct Difference {
  std::vector<std::string> reloaded;
  std::vector<std::string> needs_restart;
};

/// Makes of `running` what `wanted` says, as far as that goes without a restart. Both are valid.
Difference take_over(const Config& wanted, Config& running);

/// Every setting as a path with its value, "sinks.kafka.topic" and "flows"; secrets as "********".
std::vector<std::pair<std::string, std::string>> flattened(const Config& config);

}  // namespace sluice::config
