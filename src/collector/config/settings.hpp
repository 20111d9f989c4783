#pragma once
// The reference of all settings, made from the same rows that read and write them. Constant data; any thread.
#include <string>
#include <vector>

namespace sluice::config {

struct SettingInfo {
  std::string path;           ///< "receive.batch", "listeners[].port", "sinks.NAME.topic"
  std::string only_for;       ///< kafka, mysql, file and so on, where only sinks of that type have
                              ///< it, else ""
  std::string type;           ///< "integer from 1 to 1024", "auto or off"
  std::string default_value;  ///< as one would write it
  std::string unit;           ///< "" where there is none
  bool reloads = false;       ///< a change takes effect at a reload; else at a restart
  std::string meaning;        ///< one sentence for operators
};

/// In the order of config/sluice.yaml and docs/configuration.md.
std::vector<SettingInfo> settings();

}  // namespace sluice::config
