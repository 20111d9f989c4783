#pragma once
// A file of nfdump as its head and its blocks, unpacked. One thread; read once, front to back. Memory: two
// blocks at most, whatever the file says of itself.
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "nfdump/field_reader.hpp"
#include "nfdump/unpack.hpp"
#include "sluice/util/result.hpp"

namespace sluice::nfdump {

/// By the magic number; nothing where it is no file of nfdump.
std::optional<ByteOrder> order_of(Bytes start);

struct CloseFile {
  void operator()(std::FILE* file) const { std::fclose(file); }
};

struct Block {
  std::uint32_t records = 0;  ///< as its head says
  Bytes bytes;                ///< hold until the next one
};

class BlockFile {
 public:
  /// The error is a sentence that names the file.
  static Result<BlockFile, std::string> open(const std::string& path);

  /// The next block of records; false at the end, or where nothing behind can be found.
  bool next(Block& out);

  ByteOrder order() const { return order_; }
  std::uint64_t size() const { return size_; }
  std::uint64_t position() const { return position_; }
  std::uint64_t bad_blocks() const { return bad_blocks_; }
  std::uint64_t unknown_blocks() const { return unknown_blocks_; }
  /// What was wrong first; "" where nothing was.
  const std::string& warning() const { return warning_; }

 private:
  enum class Step : std::uint8_t { block, skipped, end };

  BlockFile(const std::string& path, std::unique_ptr<std::FILE, CloseFile> file)
      : path_(path), file_(std::move(file)) {}
  std::string read_head();
  std::string read_head1(FieldReader in);
  std::string read_head2(FieldReader in);
  Step step(Block& out);
  bool read(std::size_t n);
  void damaged(const char* what);

  std::string path_;
  std::unique_ptr<std::FILE, CloseFile> file_;
  std::uint64_t size_ = 0, position_ = 0;
  ByteOrder order_ = ByteOrder::little;
  unsigned layout_ = 0;
  Compression compression_ = Compression::none;
  std::uint64_t blocks_left_ = 0;
  std::uint64_t end_ = 0;  // where blocks end
  std::vector<std::byte> stored_;
  Unpacker unpacker_;
  bool unclosed_ = false;  // its head does not say yet how many there are
  bool ended_ = false;
  std::uint64_t bad_blocks_ = 0, unknown_blocks_ = 0;
  std::string warning_;
};

}  // namespace sluice::nfdump
