#pragma once
// The file, the environment and --set laid over one another into one tree of values.
#include <optional>
#include <string>
#include <vector>

#include "config/load.hpp"
#include "setting/value.hpp"

namespace sluice::config {

using setting::Finding;
using setting::Layer;
using setting::Origin;
using setting::Value;

struct Layers {
  Value root = Value::map();
  bool file_failed = false;  ///< nothing is known of the file, so nothing can be said of what is missing
};

/// Reads the file, if any, and lays the rest over it.
Layers read_layers(const LoadRequest& request, std::vector<Finding>& findings);

}  // namespace sluice::config
