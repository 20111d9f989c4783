#include "sink/file/left_over.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

#include "util/unique_fd.hpp"

namespace sluice::sink {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kReadBytes = 256 << 10;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// YYYYmmddTHHMMSSZ-N
bool is_time_and_number(std::string_view text) {
  constexpr std::string_view kTime = "00000000T000000Z-";
  if (text.size() <= kTime.size()) return false;
  for (std::size_t i = 0; i < kTime.size(); ++i)
    if (kTime[i] == '0' ? !is_digit(text[i]) : text[i] != kTime[i]) return false;
  return std::ranges::all_of(text.substr(kTime.size()), is_digit);
}

/// PREFIX-YYYYmmddTHHMMSSZ-N.EXTENSION.part
bool is_ours(std::string_view name, std::string_view prefix, std::string_view extension) {
  if (!name.ends_with(kPartSuffix)) return false;
  name.remove_suffix(kPartSuffix.size());
  if (!name.ends_with(extension)) return false;
  name.remove_suffix(extension.size());
  if (!name.starts_with(prefix)) return false;
  name.remove_prefix(prefix.size());
  return name.starts_with('-') && is_time_and_number(name.substr(1));
}

/// Walks rows as their bytes come, in whatever pieces.
class RowWalk {
 public:
  explicit RowWalk(encode::Format format) : lines_(format != encode::Format::protobuf) {}

  /// False where no row can follow any more.
  bool take(Bytes bytes) { return lines_ ? take_lines(bytes) : take_messages(bytes); }
  std::uint64_t whole() const { return whole_; }

 private:
  bool take_lines(Bytes bytes) {
    const auto last = std::find(bytes.rbegin(), bytes.rend(), std::byte{'\n'});
    if (last != bytes.rend()) whole_ = position_ + static_cast<std::uint64_t>(bytes.rend() - last);
    position_ += bytes.size();
    return true;
  }

  bool take_messages(Bytes bytes) {
    while (!bytes.empty()) {
      if (body_left_ != 0) {
        const std::uint64_t n = std::min<std::uint64_t>(body_left_, bytes.size());
        body_left_ -= n;
        position_ += n;
        bytes = bytes.subspan(static_cast<std::size_t>(n));
        if (body_left_ == 0) whole_ = position_;
        continue;
      }
      const auto byte = std::to_integer<std::uint64_t>(bytes.front());
      bytes = bytes.subspan(1);
      ++position_;
      length_ |= (byte & 0x7F) << shift_;
      shift_ += 7;
      if (byte & 0x80) {
        if (shift_ >= 35) return false;
        continue;
      }
      if (length_ == 0) return false;
      body_left_ = std::exchange(length_, 0);
      shift_ = 0;
    }
    return true;
  }

  const bool lines_;
  std::uint64_t position_ = 0, whole_ = 0;
  std::uint64_t length_ = 0, body_left_ = 0;
  unsigned shift_ = 0;
};

std::string why(int error = errno) { return std::generic_category().message(error); }

void finish_one(const fs::path& part, encode::Format format, LeftOver& out) {
  const UniqueFd file(::open(part.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW));
  struct stat before{};
  if (!file || ::fstat(file.get(), &before) != 0) {
    out.failed.push_back("cannot open " + part.string() + ", which a crash left: " + why());
    return;
  }
  if (!S_ISREG(before.st_mode) || ::flock(file.get(), LOCK_EX | LOCK_NB) != 0) return;
  // Whoever had the lock until now may have renamed it.
  struct stat named{};
  if (::lstat(part.c_str(), &named) != 0 || named.st_ino != before.st_ino) return;
  const fs::path final_name = part.string().substr(0, part.string().size() - kPartSuffix.size());
  if (::lstat(final_name.c_str(), &named) == 0) {
    out.failed.push_back("cannot finish " + part.string() + ", which a crash left: " + final_name.string() +
                         " is there");
    return;
  }
  const auto rows = whole_rows(file.get(), format);
  if (!rows) {
    out.failed.push_back("cannot read " + part.string() + ", which a crash left: " + why(rows.error()) +
                         "; it stays as it is");
    return;
  }
  const std::uint64_t whole = *rows;
  const auto size = static_cast<std::uint64_t>(before.st_size);
  if (whole == 0 ? ::unlink(part.c_str()) != 0
                 : (whole < size && ::ftruncate(file.get(), static_cast<off_t>(whole)) != 0) ||
                       ::rename(part.c_str(), final_name.c_str()) != 0) {
    out.failed.push_back("cannot finish " + part.string() + ", which a crash left: " + why());
    return;
  }
  out.cut_bytes += size - std::min(size, whole);
  whole == 0 ? void(++out.empty) : out.finished.push_back(final_name.string());
}

}  // namespace

std::string_view file_extension(encode::Format format) {
  return format == encode::Format::json ? ".jsonl" : ".pb";
}

Result<std::uint64_t, int> whole_rows(int fd, encode::Format format) {
  std::vector<std::byte> buffer(kReadBytes);
  RowWalk walk(format);
  for (off_t at = 0;;) {
    const ssize_t n = ::pread(fd, buffer.data(), buffer.size(), at);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return failure(int{errno});
    if (n == 0 || !walk.take(Bytes(buffer).first(static_cast<std::size_t>(n)))) return walk.whole();
    at += n;
  }
}

LeftOver finish_left_over(const fs::path& directory, std::string_view prefix, encode::Format format) {
  LeftOver out;
  std::error_code error;
  std::vector<fs::path> parts;
  for (fs::directory_iterator it(directory, error), end; !error && it != end; it.increment(error))
    if (is_ours(it->path().filename().string(), prefix, file_extension(format))) parts.push_back(it->path());
  if (error)
    out.failed.push_back("cannot look for files that a crash left in " + directory.string() + ": " +
                         error.message());
  std::ranges::sort(parts);
  for (const fs::path& part : parts) finish_one(part, format, out);
  return out;
}

}  // namespace sluice::sink
