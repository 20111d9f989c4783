#pragma once
// The directory of a store: made where it is not there, held by one process at a time.
#include <filesystem>
#include <string>

#include "sluice/util/result.hpp"
#include "util/unique_fd.hpp"

namespace sluice::store {

class DataDirectory {
 public:
  /// Makes `path` and what belongs into it, and takes the lock, which goes with the process however it ends.
  /// The error is a sentence.
  static Result<DataDirectory, std::string> open(const std::filesystem::path& path);

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
