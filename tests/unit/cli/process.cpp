#include "process.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace sluice::cli::test {

Folder::Folder() {
  std::string name = (std::filesystem::temp_directory_path() / "sluice-cli-XXXXXX").string();
  if (!::mkdtemp(name.data())) throw std::runtime_error("no temporary folder");
  path_ = name;
}
Folder::~Folder() { std::filesystem::remove_all(path_); }

std::string Folder::write(std::string_view name, const std::vector<std::uint8_t>& content) const {
  return write(name, std::string_view(reinterpret_cast<const char*>(content.data()), content.size()));
}
std::string Folder::write(std::string_view name, std::string_view content) const {
  std::ofstream(path(name), std::ios::binary)
      .write(content.data(), static_cast<std::streamsize>(content.size()));
  return path(name);
}

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream out;
  out << file.rdbuf();
  return out.str();
}

std::vector<std::string> lines(const std::string& text) {
  std::vector<std::string> out;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) out.push_back(line);
  return out;
}

Ended sluice(const std::string& arguments, const std::string& before) {
  const Folder folder;
  // env -u: what the tester's shell has set must not count
  const std::string command = "env -u SLUICE_CONFIG -u SLUICE_CAPTURES " + before + ' ' +
                              SLUICE_BINARY_DIR "/bin/sluice " + arguments + " 2>" + folder.path("err");
  Ended ended;
  std::FILE* pipe = ::popen(command.c_str(), "r");
  if (!pipe) throw std::runtime_error("no process");
  char buffer[4096];
  while (const std::size_t n = std::fread(buffer, 1, sizeof(buffer), pipe)) ended.out.append(buffer, n);
  const int status = ::pclose(pipe);
  ended.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  ended.err = read_file(folder.path("err"));
  return ended;
}

}  // namespace sluice::cli::test
