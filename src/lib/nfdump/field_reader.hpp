#pragma once
// ByteReader for files of nfdump, whose numbers are in the byte order of the machine that wrote them. Borrows
// the bytes; the first read past the end makes it failed, and it gives zeros from then on.
#include <boost/endian/conversion.hpp>

#include "sluice/flow/address.hpp"
#include "sluice/util/byte_reader.hpp"

namespace sluice::nfdump {

enum class ByteOrder : std::uint8_t { little, big };

class FieldReader {
 public:
  FieldReader(Bytes bytes, ByteOrder order) : in_(bytes), order_(order) {}

  template <std::unsigned_integral T>
  [[gnu::always_inline]] T next() {
    const Bytes raw = in_.take(sizeof(T));
    if (raw.empty()) [[unlikely]]
      return 0;
    const auto* const at = reinterpret_cast<const unsigned char*>(raw.data());
    return order_ == ByteOrder::little
               ? boost::endian::endian_load<T, sizeof(T), boost::endian::order::little>(at)
               : boost::endian::endian_load<T, sizeof(T), boost::endian::order::big>(at);
  }
  std::uint8_t u8() { return next<std::uint8_t>(); }
  std::uint16_t u16() { return next<std::uint16_t>(); }
  std::uint32_t u32() { return next<std::uint32_t>(); }
  std::uint64_t u64() { return next<std::uint64_t>(); }
  /// A plain integer there.
  IpAddress v4() { return IpAddress::v4(u32()); }
  /// Two integers of 64 bits, the high half first.
  IpAddress v6() {
    IpAddress out;
    boost::endian::store_big_u64(out.bytes.data(), u64());
    boost::endian::store_big_u64(out.bytes.data() + 8, u64());
    out.size = 16;
    return out;
  }
  Bytes take(std::size_t n) { return in_.take(n); }
  void skip(std::size_t n) { in_.skip(n); }
  /// A part of its own, which cannot leave this one.
  FieldReader part(std::size_t n) { return {in_.take(n), order_}; }
  Bytes rest() const { return in_.rest(); }
  std::size_t remaining() const { return in_.remaining(); }
  bool ok() const { return in_.ok(); }

 private:
  ByteReader in_;
  ByteOrder order_;
};

}  // namespace sluice::nfdump
