#include "util/wire_reader.hpp"

namespace sluice::wire {

std::uint64_t Reader::fail(const char* error) {
  if (error_ == nullptr) error_ = error;
  rest_ = {};
  return 0;
}

Bytes Reader::take(std::uint64_t size) {
  if (size > rest_.size()) return fail("a field is longer than the message"), Bytes{};
  const Bytes taken = rest_.first(static_cast<std::size_t>(size));
  rest_ = rest_.subspan(taken.size());
  return taken;
}

std::uint64_t Reader::varint() {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < kMaxVarint; ++i) {
    if (i == rest_.size()) return fail("the message ends within a varint");
    const auto byte = std::to_integer<std::uint64_t>(rest_[i]);
    value |= (byte & 0x7f) << (7 * i);
    if (byte < 0x80) {
      if (i == kMaxVarint - 1 && byte > 1) return fail("a varint of more than 64 bits");
      rest_ = rest_.subspan(i + 1);
      return value;
    }
  }
  return fail("a varint of more than 10 bytes");
}

Field Reader::field() {
  constexpr std::uint64_t kLargestNumber = (1U << 29) - 1;
  const std::uint64_t key = varint();
  if (!ok()) return {};
  Field out;
  if (key >> 3 == 0 || key >> 3 > kLargestNumber)
    return fail("a field number that protobuf does not allow"), out;
  out.number = static_cast<std::uint32_t>(key >> 3);
  out.type = static_cast<Type>(key & 7);
  switch (out.type) {
    case Type::varint:
      out.integer = varint();
      break;
    case Type::delimited:
      out.bytes = take(varint());
      break;
    case Type::fixed64:
      take(8);
      break;
    case Type::fixed32:
      take(4);
      break;
    case Type::start_group:
    case Type::end_group:
      fail("a group, which none of the messages has");
      break;
    default:
      fail("a wire type that protobuf does not have");
      break;
  }
  return out;
}

}  // namespace sluice::wire
