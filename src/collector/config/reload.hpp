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
using Flat = std::vector<std::pair<std::string, std::string>>;
Flat flattened(const Config& config);

/// The same as take_over(), but between what flattened() gave, for who knows a running configuration by its
/// text alone, and setting by setting: "sinks.kafka.topic". Entries of `exporters` go by their prefix,
/// "exporters[192.0.2.0/24].name". Two secrets are never told apart, and settings that this program does not
/// have are passed over.
Difference difference(const Flat& wanted, const Flat& running);

}  // namespace sluice::config
