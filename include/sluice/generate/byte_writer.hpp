#pragma once
// Writes big-endian fields front to back into memory that the caller owns: the counterpart of ByteReader, for
// building datagrams. The first write past the end makes the writer failed for good; nothing is ever written
// outside. One thread.
#include <algorithm>
#include <boost/endian/conversion.hpp>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "sluice/util/byte_reader.hpp"

namespace sluice::generate {

class ByteWriter {
 public:
  explicit ByteWriter(std::span<std::byte> room)
      : begin_(room.data()), at_(room.data()), end_(room.data() + room.size()) {}

  template <std::unsigned_integral T>
  [[gnu::always_inline]] void be(T value) {
    if (!fits(sizeof(T))) [[unlikely]]
      return;
    store(at_, value);
    at_ += sizeof(T);
  }
  /// The low `Width` bytes of a value; for MAC addresses and reduced-size counters.
  template <std::size_t Width>
  void be_low(std::uint64_t value) {
    if (!fits(Width)) [[unlikely]]
      return;
    for (std::size_t i = 0; i < Width; ++i) at_[i] = static_cast<std::byte>(value >> (8 * (Width - 1 - i)));
    at_ += Width;
  }
  [[gnu::always_inline]] void raw(const void* from, std::size_t n) {
    if (!fits(n)) [[unlikely]]
      return;
    std::memcpy(at_, from, n);
    at_ += n;
  }
  void raw(Bytes from) { raw(from.data(), from.size()); }
  void zeros(std::size_t n) {
    if (!fits(n)) [[unlikely]]
      return;
    std::fill_n(at_, n, std::byte{0});
    at_ += n;
  }
  /// Zeros up to a multiple of 4 bytes from `from` (an earlier size()).
  void pad4(std::size_t from) { zeros((4 - (size() - from) % 4) % 4); }
  /// Fills in a field that was left open, at an earlier size().
  template <std::unsigned_integral T>
  void patch(std::size_t at, T value) {
    if (at + sizeof(T) <= size()) store(begin_ + at, value);
  }

  std::size_t size() const { return static_cast<std::size_t>(at_ - begin_); }
  Bytes written() const { return {begin_, size()}; }
  bool ok() const { return ok_; }

 private:
  [[gnu::always_inline]] bool fits(std::size_t n) {
    if (static_cast<std::size_t>(end_ - at_) >= n) return true;
    ok_ = false;
    end_ = at_;
    return false;
  }
  template <std::unsigned_integral T>
  [[gnu::always_inline]] static void store(std::byte* to, T value) {
    boost::endian::endian_store<T, sizeof(T), boost::endian::order::big>(reinterpret_cast<unsigned char*>(to),
                                                                         value);
  }
  std::byte* begin_;
  std::byte* at_;
  std::byte* end_;
  bool ok_ = true;
};

}  // namespace sluice::generate
