#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "doctor/checks.hpp"
#include "util/writable.hpp"

namespace sluice::doctor {
namespace {

namespace fs = std::filesystem;

/// A new state file stands beside the old one for a moment, and both are some MB at most.
constexpr double kStateRoom = 64.0 * 1024 * 1024;

/// `wanted` bytes should be free.
Finding check_directory(const std::string& check, const fs::path& path, double wanted) {
  const Room found = room_in(path);
  const fs::path& there = found.nearest;
  if (found.error == ENOTDIR)
    return {check, Status::fail, there.string() + " is no directory; name another, or remove what is there."};
  if (found.error != 0)
    return {check, Status::fail,
            there.string() + " cannot be written to: " + std::generic_category().message(found.error) +
                "; give it to the user that sluice runs as (this is user " + std::to_string(::geteuid()) +
                ")."};
  struct statvfs room{};
  if (::statvfs(there.c_str(), &room) != 0)
    return {check, Status::ok, there.string() + " can be written to."};
  const double block = static_cast<double>(room.f_frsize);
  const double free = static_cast<double>(room.f_bavail) * block;
  const double all = static_cast<double>(room.f_blocks) * block;
  const std::string state = there.string() + " has " + size_text(free) + " free of " + size_text(all);
  if (room.f_bavail == 0 || (room.f_files > 0 && room.f_favail == 0))
    return {check, Status::fail, state + (room.f_bavail == 0 ? "" : " but no inode") + "; make room."};
  if (free < wanted)
    return {check, Status::warning,
            state + ", less than the " + size_text(wanted) + " that may be wanted; make room."};
  return {check, Status::ok, state + "."};
}

}  // namespace

Findings check_directories(const config::Config& config) {
  Findings out;
  if (config.state.file.empty()) {
    out.push_back({"state file", Status::warning,
                   "state.file is not set, so that a restart forgets templates and sampling rates until "
                   "exporters send them again; set it."});
  } else {
    const fs::path directory = fs::path(config.state.file).parent_path();
    out.push_back(check_directory("state file", directory.empty() ? "." : directory, kStateRoom));
  }
  for (const auto& [name, sink] : config.sinks)
    if (const sink::FileSettings* const file = sink.file())
      out.push_back(check_directory("directory of sink " + name, file->path,
                                    2 * static_cast<double>(file->rotate_bytes)));
  return out;
}

}  // namespace sluice::doctor
