#pragma once
// Where settings come from, weak to strong: defaults, the YAML file, the environment, --set. Everything wrong
// is found in one go and told as sentences for the operator; nothing here throws or prints. Call from one
// thread at start; the results are plain values.
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "config/config.hpp"
#include "util/setup_error.hpp"

namespace sluice::config {

/// Variables by name, as the process was given them.
using Environment = std::map<std::string, std::string>;

/// A copy of ::environ.
Environment current_environment();

struct LoadRequest {
  std::optional<std::string> file;  ///< path (-c); without it SLUICE_CONFIG of the environment, else no file
  std::vector<std::string> set;  ///< "kafka.topic=flows", in order; of two for one setting the later counts
  Environment environment;       ///< SLUICE_KAFKA__TOPIC for kafka.topic, and what ${NAME} in the file means
};

/// One mistake. `source` is "config/x.yaml:12", "--set kafka.topic" or "environment SLUICE_KAFKA__TOPIC"; the
/// message is one sentence: what was found, what would be right. Secrets are never in it.
struct Error {
  std::string source;
  std::string message;

  std::string to_string() const { return source.empty() ? message : source + ": " + message; }
  friend bool operator==(const Error&, const Error&) = default;
};

/// Where settings were given: for mistakes that show only when something is made of them.
class Places {
 public:
  Places() = default;
  /// Places by path of setting.
  explicit Places(std::map<std::string, std::string> sources) : sources_(std::move(sources)) {}

  /// The mistake with the place of its setting, or of the nearest that it is a part of. What has no place is
  /// a default, and its mistake has no source.
  Error told(const SetupError& mistake) const;

 private:
  const std::string* find(std::string path) const;

  std::map<std::string, std::string> sources_;
};

struct LoadResult {
  Config config;  ///< complete and valid only where ok(); then `sinks` is never empty
  Places places;
  std::vector<Error> errors;  ///< in the order of the file, then the environment, then --set

  bool ok() const { return errors.empty(); }
};

LoadResult load(const LoadRequest& request);

/// The effective configuration with every key, as a YAML file that load() reads back to the same
/// configuration, but for secrets, which are written as "********" (kafka.properties whose name tells of a
/// secret included).
std::string to_yaml(const Config& config);

}  // namespace sluice::config
