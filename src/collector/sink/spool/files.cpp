#include "sink/spool/files.hpp"

#include <fcntl.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <system_error>

#include "sink/spool/format.hpp"
#include "util/unique_fd.hpp"

namespace sluice::sink::spool {
namespace {

constexpr std::string_view kExtension = ".spool";
constexpr std::size_t kLookBytes = 64 << 10;

}  // namespace

std::string why(int error) { return std::generic_category().message(error); }

int sync_directory(const std::filesystem::path& path) {
  const UniqueFd directory(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  return directory && ::fsync(directory.get()) == 0 ? 0 : errno;
}

std::string name_of(std::uint32_t number) {
  std::string digits = std::to_string(number);
  return std::string(10 - std::min<std::size_t>(10, digits.size()), '0') + digits + std::string(kExtension);
}

std::optional<std::uint32_t> number_in(const std::string& name) {
  std::uint32_t number = 0;
  const char* const end = name.data() + name.size() - std::min(name.size(), kExtension.size());
  const auto [rest, error] = std::from_chars(name.data(), end, number);
  if (error != std::errc{} || rest != end || number == 0 || name != name_of(number)) return std::nullopt;
  return number;
}

Result<std::size_t, int> read_at(int file, std::byte* into, std::size_t size, std::uint64_t at) {
  std::size_t have = 0;
  while (have < size) {
    const ssize_t n = ::pread(file, into + have, size - have, static_cast<off_t>(at + have));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return failure(int{errno});
    if (n == 0) break;
    have += static_cast<std::size_t>(n);
  }
  return have;
}

int write_at(int file, std::uint64_t at, std::array<Bytes, 3> parts) {
  for (;;) {
    std::array<iovec, 3> pieces{};
    int used = 0;
    for (const Bytes part : parts)
      if (!part.empty())
        pieces[static_cast<std::size_t>(used++)] = {const_cast<std::byte*>(part.data()), part.size()};
    if (used == 0) return 0;
    const ssize_t n = ::pwritev(file, pieces.data(), used, static_cast<off_t>(at));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return errno;
    if (n == 0) return ENOSPC;
    at += static_cast<std::uint64_t>(n);
    auto left = static_cast<std::size_t>(n);
    for (Bytes& part : parts) {
      const std::size_t taken = std::min(left, part.size());
      part = part.subspan(taken);
      left -= taken;
    }
  }
}

Result<std::uint64_t, int> find_magic(int file, std::uint64_t at, std::uint64_t size) {
  const Bytes magic = block_magic();
  Buffer window(kLookBytes);
  while (at < size) {
    const auto n = read_at(file, window.data(), window.size(), at);
    if (!n) return failure(int{n.error()});
    if (*n < magic.size()) return size;
    const Bytes seen = Bytes(window).first(*n);
    const auto found = std::ranges::search(seen, magic);
    if (!found.empty()) return at + static_cast<std::uint64_t>(found.begin() - seen.begin());
    at += *n - magic.size() + 1;
  }
  return size;
}

}  // namespace sluice::sink::spool
