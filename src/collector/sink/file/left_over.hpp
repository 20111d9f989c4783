#pragma once
// Files that a writer which was killed left under their name for the time of writing, NAME.part. They are cut
// to their last whole row and get their final name. Hostile bytes: a file may be longer, shorter or other
// than what was written, as after a loss of power.
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/encode/rows.hpp"
#include "sluice/util/result.hpp"

namespace sluice::sink {

inline constexpr std::string_view kPartSuffix = ".part";

/// Names of files: PREFIX-YYYYmmddTHHMMSSZ-N and this.
std::string_view file_extension(encode::Format format);

/// Bytes up to the end of the last whole row, from the front of the file on. A row of length 0 is none: no
/// flow is that short, and zeros are what a loss of power leaves. Reads with a buffer of its own; the file's
/// position stays. The error is errno: not all of it could be read, so that nobody knows where it ends.
Result<std::uint64_t, int> whole_rows(int fd, encode::Format format);

struct LeftOver {
  std::vector<std::string> finished;  ///< final names, in no order
  std::uint64_t cut_bytes = 0;        ///< of rows that were not whole
  std::uint64_t empty = 0;            ///< files without a whole row, which are gone
  std::vector<std::string> failed;    ///< sentences: what could not be finished, and why
};

/// Finishes the files of this prefix and format. A file that somebody holds a lock on (flock) is being
/// written, and stays; so does one whose final name is taken, and one that cannot be read.
LeftOver finish_left_over(const std::filesystem::path& directory, std::string_view prefix,
                          encode::Format format);

}  // namespace sluice::sink
