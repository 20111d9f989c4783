#include "store/data_directory.hpp"

#include <fcntl.h>
#include <sys/file.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <random>

namespace sluice::store {
namespace {

namespace fs = std::filesystem;

std::string random_id() {
  std::random_device random;
  std::string id = "sluice-store-";
  for (int i = 0; i < 16; ++i) id += "0123456789abcdef"[random() % 16];
  return id;
}

std::string first_line(const fs::path& file) {
  std::ifstream in(file);
  std::string line;
  std::getline(in, line);
  return line;
}

}  // namespace

Result<DataDirectory, std::string> DataDirectory::open(const fs::path& path) {
  for (const fs::path& each : {path, path / "data", path / "files"}) {
    std::error_code error;
    fs::create_directories(each, error);
    if (error) return failure("cannot make the directory " + each.string() + ": " + error.message());
  }
  const fs::path file = path / "lock";
  UniqueFd lock(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644));
  if (!lock) return failure("cannot write in " + path.string() + ": " + std::strerror(errno));
  if (::flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return failure("cannot lock " + file.string() + ": " + std::strerror(errno));
    const std::string holder = first_line(file);
    return failure(path.string() + " is in use by another sluice store" +
                   (holder.empty() ? "" : " (process " + holder + ")") +
                   "; a data directory is opened by one process at a time");
  }
  const std::string pid = std::to_string(::getpid()) + '\n';
  if (::ftruncate(lock.get(), 0) != 0 || ::pwrite(lock.get(), pid.data(), pid.size(), 0) < 0)
    return failure("cannot write " + file.string() + ": " + std::strerror(errno));
  return DataDirectory(path, std::move(lock));
}

Result<std::string, std::string> DataDirectory::kafka_instance_id() const {
  const fs::path file = path_ / "kafka-instance-id";
  if (std::string id = first_line(file); !id.empty()) return id;
  const std::string id = random_id();
  std::ofstream out(file);
  out << id << '\n';
  out.close();
  if (!out) return failure("cannot write " + file.string() + ": " + std::strerror(errno));
  return id;
}

}  // namespace sluice::store
