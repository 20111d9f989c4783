#pragma once
// Protobuf wire format, read: fields of one message, one after the other. Borrows the bytes; any input is
// safe.
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "sluice/util/byte_reader.hpp"
#include "util/wire.hpp"

namespace sluice::wire {

/// One field as it stands on the wire.
struct Field {
  std::uint32_t number = 0;
  Type type = Type::varint;
  std::uint64_t integer = 0;  ///< type varint
  Bytes bytes;                ///< type delimited
};

/// Reads varints front to back; after the first bad one it is failed and at its end.
class Reader {
 public:
  explicit Reader(Bytes bytes) : rest_(bytes) {}

  bool at_end() const { return rest_.empty(); }
  bool ok() const { return error_ == nullptr; }
  /// What was wrong; nullptr while nothing was.
  const char* error() const { return error_; }

  std::uint64_t varint();
  /// What a length stands before: a message of a stream of them.
  Bytes delimited() { return take(varint()); }
  Bytes rest() const { return rest_; }
  /// The next field. Fields of fixed width are passed over, and come back with neither integer nor bytes.
  Field field();

 private:
  std::uint64_t fail(const char* error);
  Bytes take(std::uint64_t size);

  Bytes rest_;
  const char* error_ = nullptr;
};

/// Of up to eight bytes, whose lowest came first, the lower seven bits of each.
inline std::uint64_t joined(std::uint64_t bytes) {
  bytes &= 0x7f7f7f7f7f7f7f7f;
  bytes = (bytes & 0x007f007f007f007f) | (bytes & 0x7f007f007f007f00) >> 1;
  bytes = (bytes & 0x00003fff00003fff) | (bytes & 0x3fff00003fff0000) >> 2;
  return (bytes & 0x000000000fffffff) | (bytes & 0x0fffffff00000000) >> 4;
}

/// A varint of the last nine bytes.
inline bool last_varint(const std::byte*& at, const std::byte* end, std::uint64_t& value) {
  std::uint64_t read = 0;
  for (const std::byte* next = at; next != end; ++next) {
    const auto byte = std::to_integer<std::uint64_t>(*next);
    read |= (byte & 0x7f) << (7 * (next - at));
    if (byte >= 0x80) continue;
    value = read;
    at = next + 1;
    return true;
  }
  return false;
}

/// A varint that is whole and has enough behind it to be read at once. False: ask a Reader what it is. Where
/// the next one begins is guessed by the processor in the branches, so that nothing waits for this one.
inline bool quick_varint(const std::byte*& at, const std::byte* end, std::uint64_t& value) {
  if (at == end) return false;
  const auto first = std::to_integer<std::uint64_t>(*at);
  if (first < 0x80) {
    value = first;
    ++at;
    return true;
  }
  if (end - at < static_cast<std::ptrdiff_t>(kMaxVarint)) return last_varint(at, end, value);
  const auto second = std::to_integer<std::uint64_t>(at[1]);
  if (second < 0x80) {
    value = (first & 0x7f) | second << 7;
    at += 2;
    return true;
  }
  std::uint64_t bytes = 0;
  std::memcpy(&bytes, at, sizeof(bytes));
  const std::uint64_t ends = ~bytes & 0x8080808080808080;
  if (ends != 0) {
    value = joined(bytes & (ends ^ (ends - 1)));
    at += std::countr_zero(ends) / 8 + 1;
    return true;
  }
  const auto ninth = std::to_integer<std::uint64_t>(at[8]), tenth = std::to_integer<std::uint64_t>(at[9]);
  if (ninth >= 0x80 && tenth > 1) return false;
  value = joined(bytes) | (ninth & 0x7f) << 56 | (ninth >= 0x80 ? tenth << 63 : 0);
  at += ninth >= 0x80 ? 10 : 9;
  return true;
}

/// Hands the fields of a message to `integer(number, value)` and `bytes(number, bytes)`, as a Reader finds
/// them, and ends where one of these says false. What is wrong with the message; nullptr: nothing, or they
/// said false.
template <class OnInteger, class OnBytes>
const char* each_field(Bytes message, OnInteger&& integer, OnBytes&& bytes) {
  const std::byte* at = message.data();
  const std::byte* const end = at + message.size();
  while (at != end) {
    const std::byte* next = at;
    std::uint64_t key = 0, value = 0;
    const bool quick = quick_varint(next, end, key) && key >= 8 && key >> 32 == 0 && (key & 5) == 0 &&
                       quick_varint(next, end, value);
    const auto number = static_cast<std::uint32_t>(key >> 3);
    if (quick && (key & 7) == 0) {
      at = next;
      if (!integer(number, value)) return nullptr;
    } else if (quick && value <= static_cast<std::uint64_t>(end - next)) {
      at = next + value;
      if (!bytes(number, Bytes(next, at))) return nullptr;
    } else {
      Reader reader(Bytes(at, end));
      const Field field = reader.field();
      if (!reader.ok()) return reader.error();
      at = end - reader.rest().size();
      if (field.type == Type::varint && !integer(field.number, field.integer)) return nullptr;
      if (field.type == Type::delimited && !bytes(field.number, field.bytes)) return nullptr;
    }
  }
  return nullptr;
}

}  // namespace sluice::wire
