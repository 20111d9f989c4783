#pragma once
// A mistake of the user's that shows only when something is made of the settings: a property that a client
// library does not know, a directory that may not be written to. A value; any thread.
#include <functional>
#include <stdexcept>
#include <string>

namespace sluice {

class SetupError : public std::runtime_error {
 public:
  /// `setting` is its path, "sinks.kafka.tls.ca_file"; `why` what is wrong and what would be right.
  SetupError(std::string setting, std::string why)
      : std::runtime_error(setting + ": " + why), setting_(std::move(setting)), why_(std::move(why)) {}

  const std::string& setting() const { return setting_; }
  const std::string& why() const { return why_; }

 private:
  std::string setting_;
  std::string why_;
};

/// Told of each mistake, where all are wanted rather than the first.
using OnMistake = std::function<void(SetupError)>;

}  // namespace sluice
