#include "cli/config_options.hpp"

#include <cstdio>

namespace sluice::cli {

void add_config_options(Command command, ConfigOptions& options) {
  command.add_option("-c,--config", options.file, "YAML file (default: $SLUICE_CONFIG, else no file)")
      .type_name("FILE");
  command
      .add_option("--set", options.set,
                  "One setting, such as kafka.topic=flows; may be given often, beats the file")
      .type_name("PATH=VALUE")
      .one_value_each();
}

config::LoadRequest request_of(const ConfigOptions& options) {
  config::LoadRequest request;
  if (!options.file.empty()) request.file = options.file;
  request.set = options.set;
  request.environment = config::current_environment();
  return request;
}

std::optional<config::LoadResult> load_with_places(const ConfigOptions& options) {
  auto loaded = config::load(request_of(options));
  for (const auto& error : loaded.errors) std::fprintf(stderr, "sluice: %s\n", error.to_string().c_str());
  if (!loaded.ok()) return std::nullopt;
  return loaded;
}

std::optional<config::Config> load_config(const ConfigOptions& options) {
  auto loaded = load_with_places(options);
  if (!loaded) return std::nullopt;
  return std::move(loaded->config);
}

}  // namespace sluice::cli
