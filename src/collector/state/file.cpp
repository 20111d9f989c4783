#include "state/file.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>

namespace sluice::state {
namespace {

constexpr mode_t kMode = 0640;

/// What a rename says is only on the disk when the directory is.
int sync_directory(const std::string& path) {
  const auto parent = std::filesystem::path(path).parent_path();
  const UniqueFd directory(::open(parent.empty() ? "." : parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory || ::fsync(directory.get()) != 0) return errno;
  return 0;
}

}  // namespace

Result<std::vector<std::byte>, int> read_file(const std::string& path) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat facts{};
  if (!fd || ::fstat(fd.get(), &facts) != 0) return failure(int{errno});
  if (!S_ISREG(facts.st_mode)) return failure(S_ISDIR(facts.st_mode) ? EISDIR : EINVAL);
  if (static_cast<std::uint64_t>(facts.st_size) > kMaxFileBytes) return failure(EFBIG);
  std::vector<std::byte> bytes(static_cast<std::size_t>(facts.st_size));
  std::size_t have = 0;
  while (have < bytes.size()) {
    const ssize_t n = ::read(fd.get(), bytes.data() + have, bytes.size() - have);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return failure(int{errno});
    if (n == 0) break;
    have += static_cast<std::size_t>(n);
  }
  bytes.resize(have);
  return bytes;
}

NewFile::NewFile(std::string path)
    : path_(std::move(path)),
      temporary_(path_ + ".tmp"),
      fd_(::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, kMode)) {
  if (!fd_) error_ = errno;
}

NewFile::~NewFile() {
  if (fd_) ::unlink(temporary_.c_str());
}

void NewFile::write(std::string_view bytes) {
  size_ += bytes.size();
  if (size_ > kMaxFileBytes && error_ == 0) error_ = EFBIG;
  crc_.process_bytes(bytes.data(), bytes.size());
  while (error_ == 0 && !bytes.empty()) {
    const ssize_t n = ::write(fd_.get(), bytes.data(), bytes.size());
    if (n < 0 && errno != EINTR) error_ = errno;
    if (n > 0) bytes.remove_prefix(static_cast<std::size_t>(n));
  }
}

int NewFile::commit() {
  if (error_ == 0 && ::fsync(fd_.get()) != 0) error_ = errno;
  if (error_ == 0 && ::rename(temporary_.c_str(), path_.c_str()) != 0) error_ = errno;
  if (error_ != 0) return error_;
  fd_.reset();
  return error_ = sync_directory(path_);
}

int set_aside(const std::string& path) {
  return std::rename(path.c_str(), (path + ".bad").c_str()) == 0 ? 0 : errno;
}

}  // namespace sluice::state
