#pragma once
// A machine made of files, and what tests say of findings.
#include <gmock/gmock.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "doctor/checks.hpp"

namespace sluice::doctor {

inline void PrintTo(const Finding& finding, std::ostream* out) {
  *out << name(finding.status) << ' ' << finding.check << ": " << finding.sentence;
}

namespace test {

/// A directory that goes when the test ends; as a machine it is the root that has proc in it.
class Folder {
 public:
  Folder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "sluice-doctor-XXXXXX").string();
    path_ = ::mkdtemp(pattern.data());
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  void write(const std::string& name, const std::string& content) const {
    std::filesystem::create_directories((path_ / name).parent_path());
    std::ofstream(path_ / name) << content;
  }
  const std::filesystem::path& path() const { return path_; }
  Machine machine() const { return {path_}; }

 private:
  std::filesystem::path path_;
};

/// A sluice that runs, with these lines on its /metrics.
inline Collector running(const std::string& metrics) {
  return {Collector::Presence::sluice, "http://127.0.0.1:8080",
          Reading::parse("sluice_build_info{version=\"1.2\",commit=\"\",compiler=\"\"} 1\nsluice_ready 1\n" +
                         metrics)};
}
inline Collector nobody() { return {Collector::Presence::nobody, "http://127.0.0.1:8080", {}}; }

MATCHER_P2(Says, status, words, "") {
  return arg.status == status && arg.sentence.find(words) != std::string::npos;
}
MATCHER_P3(Is, check, status, words, "") {
  return arg.check == check && arg.status == status && arg.sentence.find(words) != std::string::npos;
}

}  // namespace test
}  // namespace sluice::doctor
