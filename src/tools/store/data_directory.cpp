#include "store/data_directory.hpp"

#include <fcntl.h>
#include <sys/file.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <random>
#include <thread>

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

/// Zero, or the error.
int take_lock(int lock) { return ::flock(lock, LOCK_EX | LOCK_NB) == 0 ? 0 : errno; }

std::string held_by(const fs::path& path, const fs::path& file) {
  const std::string holder = first_line(file);
  return path.string() + " is in use by another sluice store" +
         (holder.empty() ? "" : " (process " + holder + ")");
}

int wait_for_lock(int lock, const std::string& held, const Patience& patience) {
  using std::chrono::steady_clock;
  int error = take_lock(lock);
  if (error != EWOULDBLOCK || patience.longest.count() == 0) return error;
  if (patience.told)
    patience.told(held + "; waiting up to " +
                  std::to_string(std::chrono::ceil<std::chrono::seconds>(patience.longest).count()) +
                  " s for it to end");
  const auto end = steady_clock::now() + patience.longest;
  while (error == EWOULDBLOCK && steady_clock::now() < end && !patience.stop.stop_requested()) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));  // a lock cannot be waited for with an end
    error = take_lock(lock);
  }
  return error;
}

}  // namespace

Result<DataDirectory, std::string> DataDirectory::open(const fs::path& path, const Patience& patience) {
  for (const fs::path& each : {path, path / "data", path / "files"}) {
    std::error_code error;
    fs::create_directories(each, error);
    if (error) return failure("cannot make the directory " + each.string() + ": " + error.message());
  }
  const fs::path file = path / "lock";
  UniqueFd lock(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644));
  if (!lock) return failure("cannot write in " + path.string() + ": " + std::strerror(errno));
  if (const int error = wait_for_lock(lock.get(), held_by(path, file), patience); error != 0) {
    if (error != EWOULDBLOCK) return failure("cannot lock " + file.string() + ": " + std::strerror(error));
    return failure(held_by(path, file) + "; a data directory is opened by one process at a time");
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
