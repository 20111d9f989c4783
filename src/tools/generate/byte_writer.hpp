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
#include <utility>

#include "sluice/util/byte_reader.hpp"

namespace sluice::generate {

/// Writes the fields of a fixed-size record into room that was claimed whole (ByteWriter::claim): one check
/// for a record instead of one for each field, which is most of what writing a flow costs.
class RecordWriter {
 public:
  explicit RecordWriter(std::byte* at) : at_(at) {}

  template <std::unsigned_integral T>
  [[gnu::always_inline]] void be(T value) {
    boost::endian::endian_store<T, sizeof(T), boost::endian::order::big>(
        reinterpret_cast<unsigned char*>(at_), value);
    at_ += sizeof(T);
  }
  /// The low 6 bytes: a MAC address.
  [[gnu::always_inline]] void mac(std::uint64_t value) {
    be(static_cast<std::uint16_t>(value >> 32));
    be(static_cast<std::uint32_t>(value));
  }
  template <std::size_t N>
  [[gnu::always_inline]] void raw(const std::uint8_t* from) {
    std::memcpy(at_, from, N);
    at_ += N;
  }

 private:
  std::byte* at_;
};

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
  /// The low 6 bytes of a value.
  void mac(std::uint64_t value) {
    be(static_cast<std::uint16_t>(value >> 32));
    be(static_cast<std::uint32_t>(value));
  }
  /// The next n bytes, for a RecordWriter to fill whole; nullptr where they are not there.
  std::byte* claim(std::size_t n) {
    if (!fits(n)) [[unlikely]]
      return nullptr;
    return std::exchange(at_, at_ + n);
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
