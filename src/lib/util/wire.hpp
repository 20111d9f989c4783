#pragma once
// The protobuf wire format, byte by byte: varints, tags and length-delimited fields. Writers take a cursor
// with enough room behind it and return the next position; the caller has worked out the room.
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "sluice/util/byte_reader.hpp"

namespace sluice::wire {

enum class Type : std::uint8_t {
  varint = 0,
  fixed64 = 1,
  delimited = 2,
  start_group = 3,
  end_group = 4,
  fixed32 = 5
};

inline constexpr std::size_t kMaxVarint = 10;   ///< bytes of the longest 64-bit varint
inline constexpr std::size_t kMaxVarint32 = 5;  ///< bytes of the longest 32-bit varint
inline constexpr std::size_t kMaxTag = 2;       ///< field numbers up to 2047; the table ends at 252
inline constexpr std::size_t kMaxAnyTag = 5;    ///< any number that protobuf allows
inline constexpr std::size_t kMaxAddress = 16;

inline std::size_t varint_size(std::uint64_t value) {
  return (static_cast<std::size_t>(std::bit_width(value | 1)) * 9 + 64) / 64;
}

inline std::byte* put_varint(std::byte* out, std::uint64_t value) {
  while (value >= 0x80) {
    *out++ = static_cast<std::byte>(value | 0x80);
    value >>= 7;
  }
  *out++ = static_cast<std::byte>(value);
  return out;
}

inline std::byte* put_tag(std::byte* out, unsigned number, Type type) {
  return put_varint(out, static_cast<std::uint64_t>(number) << 3 | static_cast<std::uint64_t>(type));
}

inline std::byte* put_integer(std::byte* out, unsigned number, std::uint64_t value) {
  return put_varint(put_tag(out, number, Type::varint), value);
}

inline std::byte* put_bytes(std::byte* out, unsigned number, Bytes value) {
  out = put_varint(put_tag(out, number, Type::delimited), value.size());
  if (!value.empty()) std::memcpy(out, value.data(), value.size());
  return out + value.size();
}

}  // namespace sluice::wire
