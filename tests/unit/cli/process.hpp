#pragma once
// Runs the built `sluice` as an operator would, and looks at what it says and how it ends.
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::cli::test {

struct Ended {
  int status = -1;
  std::string out;
  std::string err;
};

/// Runs `sluice ARGUMENTS` in the shell; `before` may set variables of its environment.
Ended sluice(const std::string& arguments, const std::string& before = "");

/// A folder that goes when the test ends.
class Folder {
 public:
  Folder();
  ~Folder();
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  std::string write(std::string_view name, const std::vector<std::uint8_t>& content) const;
  std::string write(std::string_view name, std::string_view content) const;
  std::string path(std::string_view name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

std::string read_file(const std::string& path);
std::vector<std::string> lines(const std::string& text);

}  // namespace sluice::cli::test
