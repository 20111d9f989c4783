// Files of nfdump, from any bytes: the head's flags decide whether blocks are unpacked first, by our own LZO
// too.
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <string>

#include "nfdump/archive.hpp"
#include "nfdump/lzo.hpp"

namespace {

using namespace sluice;

/// The reader takes a path; this one is a file in memory.
class MemoryFile {
 public:
  MemoryFile() : fd_(memfd_create("nfdump", 0)) {
    if (fd_ < 0) std::abort();
  }
  void hold(const std::uint8_t* data, std::size_t size) const {
    if (ftruncate(fd_, 0) != 0 || pwrite(fd_, data, size, 0) != static_cast<ssize_t>(size)) std::abort();
  }
  std::string path() const { return "/proc/self/fd/" + std::to_string(fd_); }

 private:
  int fd_;
};

void unpack(Bytes packed) {
  static std::vector<std::byte> out(64 << 10);
  if (const auto size = nfdump::unpack_lzo1x(packed, out); size && *size > out.size()) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const MemoryFile file;
  unpack(std::as_bytes(std::span(data, size)));
  file.hold(data, size);
  auto archive = nfdump::Archive::open(file.path());
  if (!archive) return 0;
  static FlowBatch batch;
  std::uint64_t flows = 0;
  while (archive->next(batch)) {
    for (const FlowRecord& flow : batch.flows())
      if (flow.origin >= batch.origin_count()) std::abort();
    flows += batch.size();
  }
  if (flows != archive->counts().flows || archive->position() > size) std::abort();
  return 0;
}
