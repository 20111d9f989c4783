#pragma once
// The options that say where configuration comes from, the same for every command that takes one.
#include <optional>
#include <string>
#include <vector>

#include "cli/command.hpp"
#include "config/load.hpp"

namespace sluice::cli {

struct ConfigOptions {
  std::string file;
  std::vector<std::string> set;
};

void add_config_options(Command command, ConfigOptions& options);

config::LoadRequest request_of(const ConfigOptions& options);

/// The configuration, or nothing where it is wrong, which was said on stderr, a line for each mistake.
std::optional<config::Config> load_config(const ConfigOptions& options);
/// The same with the places of settings, for mistakes that are found later.
std::optional<config::LoadResult> load_with_places(const ConfigOptions& options);

}  // namespace sluice::cli
