#pragma once
// Builds files of nfdump for tests, number by number, so that a test reads as the file's story:
//   NfdumpFile file(2);
//   file.record(11, flow2({element(1, ...), element(2, ...)})).block().bytes()
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <string>
#include <vector>

namespace sluice::test {

/// Appends integers in the byte order of the machine that is made believe to write.
class HostBytes {
 public:
  explicit HostBytes(bool big = false) : big_(big) {}

  HostBytes& u8(std::uint64_t v) { return put(v, 1); }
  HostBytes& u16(std::uint64_t v) { return put(v, 2); }
  HostBytes& u32(std::uint64_t v) { return put(v, 4); }
  HostBytes& u64(std::uint64_t v) { return put(v, 8); }
  HostBytes& zeros(std::size_t n) { return data_.resize(data_.size() + n), *this; }
  HostBytes& text(const std::string& s, std::size_t length) {
    for (std::size_t i = 0; i < length; ++i) u8(i < s.size() ? static_cast<std::uint8_t>(s[i]) : 0);
    return *this;
  }
  HostBytes& add(const HostBytes& more) { return add(more.data_); }
  HostBytes& add(const std::vector<std::byte>& more) {
    for (const std::byte b : more) data_.push_back(b);
    return *this;
  }
  std::size_t size() const { return data_.size(); }
  bool big() const { return big_; }
  const std::vector<std::byte>& data() const { return data_; }

 private:
  HostBytes& put(std::uint64_t v, std::size_t n) {
    for (std::size_t i = 0; i < n; ++i)
      data_.push_back(static_cast<std::byte>(v >> 8 * (big_ ? n - 1 - i : i) & 0xff));
    return *this;
  }
  bool big_;
  std::vector<std::byte> data_;
};

/// A file of either layout. Packing is the caller's: block() takes how.
class NfdumpFile {
 public:
  using Pack = std::vector<std::byte> (*)(const std::vector<std::byte>&);
  static std::vector<std::byte> plain(const std::vector<std::byte>& bytes) { return bytes; }

  explicit NfdumpFile(unsigned layout, bool big = false)
      : layout_(layout), big_(big), records_(big), blocks_(big) {}

  /// Numbers in the file's byte order.
  HostBytes host() const { return HostBytes(big_); }

  NfdumpFile& record(unsigned type, const HostBytes& body) {
    records_.u16(type).u16(body.size() + 4).add(body);
    ++count_;
    return *this;
  }
  /// Packs the records since the last one.
  NfdumpFile& block(Pack pack = plain, unsigned flags = 0, int type = -1) {
    return packed_block(pack(records_.data()), flags, type);
  }
  /// These bytes, whatever the records were.
  NfdumpFile& packed_block(const std::vector<std::byte>& packed, unsigned flags = 0, int type = -1) {
    blocks_.u32(count_)
        .u32(packed.size())
        .u16(type >= 0 ? unsigned(type) : layout_ + 1)
        .u16(flags)
        .add(packed);
    ++block_count_;
    count_ = 0;
    records_ = HostBytes(big_);
    return *this;
  }
  /// As layout 1 has it in its flags, layout 2 in a number.
  NfdumpFile& compression(unsigned code) { return compression_ = code, *this; }
  NfdumpFile& claim_blocks(unsigned n) { return claimed_ = static_cast<int>(n), *this; }
  NfdumpFile& encryption(unsigned n) { return encryption_ = n, *this; }

  std::vector<std::byte> bytes() const {
    HostBytes out(big_);
    const unsigned blocks = claimed_ >= 0 ? static_cast<unsigned>(claimed_) : block_count_;
    out.u16(0xa50c).u16(layout_);
    if (layout_ == 1) {
      out.u32(compression_).u32(blocks).text("none", 128).zeros(136);
    } else {
      out.u32(0x01070100).u64(1'700'000'000).u8(compression_).u8(encryption_).u16(0).u32(1);
      out.u64(blocks_.size() + 40).u32(1 << 20).u32(blocks);
    }
    out.add(blocks_);
    if (layout_ == 2) out.add(appendix());
    return out.data();
  }

 private:
  /// Behind the blocks: who the file says it is of. Nothing of it is read.
  HostBytes appendix() const {
    HostBytes out(big_);
    return out.u32(1).u32(9).u16(3).u16(1).u16(0x8001).u16(9).text("none", 5);
  }

  unsigned layout_;
  bool big_;
  HostBytes records_, blocks_;
  unsigned count_ = 0, block_count_ = 0, compression_ = 0, encryption_ = 0;
  int claimed_ = -1;
};

inline HostBytes element(HostBytes into, unsigned id, const HostBytes& body) {
  return into.u16(id).u16(body.size() + 4).add(body);
}

}  // namespace sluice::test
