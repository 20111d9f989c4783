#pragma once
// Loads configurations out of strings. The file's path is written FILE in messages.
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "config/load.hpp"

namespace sluice::config {

/// A file of its own, gone with the object.
class TemporaryFile {
 public:
  explicit TemporaryFile(const std::string& content) {
    std::string name = (std::filesystem::temp_directory_path() / "sluice_config_XXXXXX").string();
    const int fd = ::mkstemp(name.data());
    EXPECT_GE(fd, 0);
    ::close(fd);
    path_ = name;
    std::ofstream(path_, std::ios::binary) << content;
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  ~TemporaryFile() { std::filesystem::remove(path_); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

inline LoadResult load_text(const std::string& yaml, Environment environment = {},
                            std::vector<std::string> set = {}) {
  const TemporaryFile file(yaml);
  LoadResult result = load({file.path(), std::move(set), std::move(environment)});
  for (Error& error : result.errors) {
    for (std::string* text : {&error.source, &error.message}) {
      for (auto at = text->find(file.path()); at != std::string::npos; at = text->find(file.path()))
        text->replace(at, file.path().size(), "FILE");
    }
  }
  return result;
}

inline std::vector<std::string> told(const LoadResult& result) {
  std::vector<std::string> out;
  for (const Error& error : result.errors) out.push_back(error.to_string());
  return out;
}

inline const sink::KafkaSettings& kafka_of(const LoadResult& result, const std::string& name = "kafka") {
  return std::get<sink::KafkaSettings>(result.config.sinks.at(name).own);
}

/// What load() makes of nothing.
inline Config defaults() { return load({}).config; }

}  // namespace sluice::config
