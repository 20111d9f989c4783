#pragma once
// Whether files can be written somewhere, found out without making or changing anything. Any thread.
#include <filesystem>

namespace sluice {

/// Where a directory is, or would be made, and why files cannot be made in it.
struct Room {
  std::filesystem::path nearest;  ///< the directory itself, or the nearest above it that is there
  bool there = false;             ///< `nearest` is the directory itself
  int error = 0;                  ///< errno; 0: this process may write there
};

/// `path` is a directory that whoever uses it makes where it is missing, with those above it.
Room room_in(const std::filesystem::path& path);

/// 0, or errno of why this process cannot make or replace the file `path`, whose directory has to be there.
/// What passes by itself, such as a full disk, is not looked at.
int cannot_write_file(const std::filesystem::path& path);

}  // namespace sluice
