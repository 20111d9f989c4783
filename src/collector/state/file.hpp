#pragma once
// The file itself: read whole, written whole or not at all, set aside.
#include <boost/crc.hpp>
#include <string>
#include <vector>

#include "sluice/util/byte_reader.hpp"
#include "sluice/util/result.hpp"
#include "util/unique_fd.hpp"

namespace sluice::state {

/// More is not read, nor written: no collector needs it, and what is read lies in memory.
inline constexpr std::uint64_t kMaxFileBytes = 1ULL << 30;

/// The whole file. The error is errno; EFBIG for more than kMaxFileBytes.
Result<std::vector<std::byte>, int> read_file(const std::string& path);

/// A temporary file beside `path` that takes its place when it is whole and on the disk; else it goes. One
/// writer at a time.
class NewFile {
 public:
  explicit NewFile(std::string path);
  ~NewFile();
  NewFile(const NewFile&) = delete;
  NewFile& operator=(const NewFile&) = delete;

  void write(std::string_view bytes);
  /// Checksum of all that was written.
  std::uint32_t crc() const { return crc_.checksum(); }
  std::uint64_t size() const { return size_; }
  /// Makes it the file; 0 or errno of whatever failed first.
  int commit();
  /// 0 while nothing failed.
  int error() const { return error_; }

 private:
  const std::string path_;
  const std::string temporary_;
  UniqueFd fd_;
  int error_ = 0;
  boost::crc_32_type crc_;
  std::uint64_t size_ = 0;
};

/// Renames to PATH.bad, in place of an older one; 0 or errno.
int set_aside(const std::string& path);

}  // namespace sluice::state
