#include "nfdump/block_file.hpp"

#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <iterator>

namespace sluice::nfdump {
namespace {

constexpr std::size_t kBlockHead = 12;
constexpr std::size_t kHead1 = 140, kStatistics1 = 136, kHead2 = 40;

Result<Compression, std::string> compression_of_flags(std::uint32_t flags) {
  constexpr std::uint32_t kMask = 0x19, kLzo = 0x1, kBz2 = 0x8, kLz4 = 0x10;
  switch (flags & kMask) {
    case 0:
      return Compression::none;
    case kLzo:
      return Compression::lzo;
    case kBz2:
      return Compression::bz2;
    case kLz4:
      return Compression::lz4;
    default:
      return failure(std::string("its flags name more than one compression"));
  }
}

/// Layout 2 numbers them.
constexpr Compression kByNumber[] = {Compression::none, Compression::lzo, Compression::bz2, Compression::lz4,
                                     Compression::zstd};

}  // namespace

std::optional<ByteOrder> order_of(Bytes start) {
  if (start.size() < 2) return std::nullopt;
  switch (load_be<std::uint16_t>(start.data())) {
    case 0x0ca5:
      return ByteOrder::little;
    case 0xa50c:
      return ByteOrder::big;
    default:
      return std::nullopt;
  }
}

Result<BlockFile, std::string> BlockFile::open(const std::string& path) {
  std::unique_ptr<std::FILE, CloseFile> file(std::fopen(path.c_str(), "rb"));
  if (!file) return failure(path + ": cannot be opened: " + std::strerror(errno));
  struct stat about{};
  if (fstat(fileno(file.get()), &about) != 0 || !S_ISREG(about.st_mode))
    return failure(path + ": is no regular file");
  BlockFile out(path, std::move(file));
  out.size_ = static_cast<std::uint64_t>(about.st_size);
  if (const std::string wrong = out.read_head(); !wrong.empty()) return failure(path + ": " + wrong);
  return out;
}

std::string BlockFile::read_head() {
  constexpr std::size_t kMagicAndVersion = 4;
  if (!read(kMagicAndVersion)) return "is too short for a file of nfdump";
  const auto order = order_of(stored_);
  if (!order) return "is no file of nfdump";
  order_ = *order;
  FieldReader start(Bytes(stored_).subspan(2), order_);
  layout_ = start.u16();
  if (layout_ != 1 && layout_ != 2)
    return "is a file of nfdump in layout " + std::to_string(layout_) + "; 1 and 2 can be read";
  const std::size_t rest = (layout_ == 1 ? kHead1 + kStatistics1 : kHead2) - kMagicAndVersion;
  if (!read(rest)) return "is cut short in its head";
  const FieldReader head(stored_, order_);
  std::string wrong = layout_ == 1 ? read_head1(head) : read_head2(head);
  // The number of blocks is written when a file is closed.
  unclosed_ = blocks_left_ == 0 && end_ == size_ && position_ < size_;
  return wrong;
}

std::string BlockFile::read_head1(FieldReader in) {
  auto compression = compression_of_flags(in.u32());
  if (!compression) return std::move(compression.error());
  compression_ = *compression;
  blocks_left_ = in.u32();
  end_ = size_;
  return {};
}

std::string BlockFile::read_head2(FieldReader in) {
  in.skip(4 + 8);  // version of nfdump, time of creation
  const std::uint8_t compression = in.u8();
  const std::uint8_t encryption = in.u8();
  if (compression >= std::size(kByNumber))
    return "is compressed in a way of number " + std::to_string(compression) + ", which is not known";
  if (encryption != 0) return "is encrypted";
  compression_ = kByNumber[compression];
  in.skip(2 + 4);  // blocks of the appendix, who wrote it
  const std::uint64_t appendix = in.u64();
  in.skip(4);  // size of blocks
  blocks_left_ = in.u32();
  end_ = appendix >= kHead2 && appendix < size_ ? appendix : size_;
  return {};
}

/// Into stored_. False where there are not so many bytes.
bool BlockFile::read(std::size_t n) {
  if (n > size_ - position_) return false;  // so that no number of the file alone makes memory
  stored_.resize(n);
  const std::size_t got = std::fread(stored_.data(), 1, n, file_.get());
  position_ += got;
  return got == n;
}

void BlockFile::damaged(const char* what) {
  ++bad_blocks_;
  if (warning_.empty())
    warning_ =
        path_ + ": " + what + " before byte " + std::to_string(position_) + " of " + std::to_string(size_);
}

bool BlockFile::next(Block& out) {
  Step one = ended_ ? Step::end : Step::skipped;
  while (one == Step::skipped) one = step(out);
  ended_ = one == Step::end;
  return one == Step::block;
}

BlockFile::Step BlockFile::step(Block& out) {
  if ((blocks_left_ == 0 && !unclosed_) || position_ + kBlockHead > end_) {
    if (blocks_left_ != 0) damaged("there are fewer blocks than its head says");
    if (unclosed_ && warning_.empty())
      warning_ = path_ + ": was not closed, or is being written; the blocks that are there were read";
    return Step::end;
  }
  if (!unclosed_) --blocks_left_;
  if (!read(kBlockHead)) return damaged("it cannot be read"), Step::end;
  FieldReader head(stored_, order_);
  out.records = head.u32();
  const std::uint32_t size = head.u32();
  const std::uint16_t type = head.u16();
  const std::uint16_t flags = head.u16();
  if (size > kMostOfBlock) return damaged("a block of a size that nfdump does not write ends it"), Step::end;
  if (size > end_ - position_ || !read(size)) return damaged("the last block is cut short"), Step::end;
  constexpr std::uint16_t kRecords1 = 2, kRecords2 = 3;
  if (type != kRecords1 && type != kRecords2) return ++unknown_blocks_, Step::skipped;
  // Layout 1 can force it both ways, layout 2 only to be plain.
  constexpr std::uint16_t kPlain = 0x1;
  const auto unpacked = unpacker_.unpack(flags & kPlain ? Compression::none : compression_, stored_);
  if (!unpacked) return damaged("a block cannot be unpacked"), Step::skipped;
  out.bytes = *unpacked;
  return Step::block;
}

}  // namespace sluice::nfdump
