#include "util/writable.hpp"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>

namespace sluice {
namespace {

namespace fs = std::filesystem;

/// The kernel's own file systems let root in by their mode bits, and refuse each new file all the same.
bool is_kernels(const fs::path& path) {
  struct statfs what{};
  if (::statfs(path.c_str(), &what) != 0) return false;
  return what.f_type == PROC_SUPER_MAGIC || what.f_type == SYSFS_MAGIC;
}

int cannot_write_in(const fs::path& directory) {
  if (::faccessat(AT_FDCWD, directory.c_str(), W_OK | X_OK, AT_EACCESS) != 0) return errno;
  return is_kernels(directory) ? EPERM : 0;
}

}  // namespace

Room room_in(const fs::path& path) {
  std::error_code ignored;
  Room out{fs::absolute(path.empty() ? "." : path, ignored), true, 0};
  for (;;) {
    struct stat found{};
    if (::stat(out.nearest.c_str(), &found) == 0) {
      out.error = S_ISDIR(found.st_mode) ? cannot_write_in(out.nearest) : ENOTDIR;
      return out;
    }
    out.error = errno;
    out.there = false;
    // A link that leads nowhere is in the way of the directory that would be made.
    const bool missing = out.error == ENOENT && ::lstat(out.nearest.c_str(), &found) != 0;
    const fs::path above = out.nearest.parent_path();
    if ((!missing && out.error != ENOTDIR) || above.empty() || above == out.nearest) return out;
    out.nearest = above;
  }
}

int cannot_write_file(const fs::path& path) {
  struct stat found{};
  if (::lstat(path.c_str(), &found) == 0) {
    if (S_ISDIR(found.st_mode)) return EISDIR;
    if (S_ISLNK(found.st_mode)) return ELOOP;
    return ::faccessat(AT_FDCWD, path.c_str(), W_OK, AT_EACCESS) == 0 ? 0 : errno;
  }
  if (errno != ENOENT) return errno;
  const fs::path directory = path.parent_path();
  return cannot_write_in(directory.empty() ? "." : directory);
}

}  // namespace sluice
