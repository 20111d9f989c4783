#pragma once
// The engine of libchdb.so. One data directory in a process, any number of sessions on it.
#include <filesystem>
#include <string>
#include <vector>

#include "store/engine.hpp"

namespace sluice::store {

struct ChdbOptions {
  std::filesystem::path library;
  std::filesystem::path data;
  std::vector<std::string> settings;  ///< NAME=VALUE for the engine as a whole
};

/// Consumption of Kafka tables and merges start with it and go on by themselves. The error is a sentence.
Result<std::unique_ptr<Engine>, std::string> open_chdb(const ChdbOptions& options);

}  // namespace sluice::store
