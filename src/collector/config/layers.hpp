#pragma once
// The file, the environment and --set laid over one another into one tree of values.
#include <optional>
#include <string>
#include <vector>

#include "config/load.hpp"
#include "config/value.hpp"

namespace sluice::config {

struct Layers {
  Value root = Value::map();
  bool file_failed = false;  ///< nothing is known of the file, so nothing can be said of what is missing
};

/// Reads the file, if any, and lays the rest over it.
Layers read_layers(const LoadRequest& request, std::vector<Finding>& findings);

/// A whole small file. Nothing, and the reason ("No such file or directory") in `reason`, where it cannot be
/// read.
std::optional<std::string> read_small_file(const std::string& path, std::string& reason);

/// SLUICE_KAFKA__TOPIC for kafka.topic.
std::string environment_name(const std::string& path);

}  // namespace sluice::config
