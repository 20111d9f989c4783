#pragma once
// The directory of a store: made where it is not there, held by one process at a time.
#include <chrono>
#include <filesystem>
#include <functional>
#include <stop_token>
#include <string>
#include <string_view>

#include "sluice/util/result.hpp"
#include "util/unique_fd.hpp"

namespace sluice::store {

/// A process that was killed may take a moment to be gone: how long to wait for it.
struct Patience {
  std::chrono::milliseconds longest{0};
  std::stop_token stop = {};                        ///< ends the waiting
  std::function<void(std::string_view)> told = {};  ///< gets one line when the waiting begins
};

class DataDirectory {
 public:
  /// Makes `path` and what belongs into it, and takes the lock, which goes with the process however it ends.
  /// Blocks no longer than the patience lasts. The error is a sentence.
  static Result<DataDirectory, std::string> open(const std::filesystem::path& path,
                                                 const Patience& patience = {});

  std::filesystem::path data() const { return path_ / "data"; }
  std::filesystem::path files() const { return path_ / "files"; }
  const std::filesystem::path& path() const { return path_; }

  /// The same for every start in this directory, and in no other directory. The error is a sentence.
  Result<std::string, std::string> kafka_instance_id() const;

 private:
  DataDirectory(std::filesystem::path path, UniqueFd lock) : path_(std::move(path)), lock_(std::move(lock)) {}

  std::filesystem::path path_;
  UniqueFd lock_;
};

}  // namespace sluice::store
