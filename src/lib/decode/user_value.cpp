#include "decode/user_value.hpp"

#include <string>

namespace sluice::decode {
namespace {

std::uint64_t little_endian(Bytes value) {
  std::uint64_t out = 0;
  for (std::size_t i = 0; i < value.size(); ++i) out |= std::to_integer<std::uint64_t>(value[i]) << (8 * i);
  return out;
}

std::uint64_t byte_swapped(std::uint64_t value, std::size_t bytes) {
  std::uint64_t out = 0;
  for (std::size_t i = 0; i < bytes; ++i, value >>= 8) out = out << 8 | (value & 0xff);
  return out;
}

/// Up to 64 bits, the first of them the highest.
std::uint64_t load_bits(Bytes from, std::size_t offset, std::size_t length) {
  std::uint64_t out = 0;
  while (length > 0) {
    const std::size_t in_byte = 8 - offset % 8;  // bits left of the byte at hand
    const std::size_t take = std::min(in_byte, length);
    const auto byte = std::to_integer<std::uint64_t>(from[offset / 8]) & (0xffU >> (8 - in_byte));
    out = out << take | byte >> (in_byte - take);
    offset += take;
    length -= take;
  }
  return out;
}

}  // namespace

void put_user_value(const UserField& field, Bytes value, FlowBatch& batch, FlowRecord& flow) {
  if (value.empty()) return;
  if (field.type == UserType::uint) {
    if (value.size() > 8) return;
    const std::uint64_t integer = field.little_endian ? little_endian(value) : load_be_any(value);
    return batch.extras(flow).user().put(field, integer);
  }
  std::string_view bytes(reinterpret_cast<const char*>(value.data()), value.size());
  if (field.type == UserType::address && bytes.size() != 4 && bytes.size() != 16) return;
  if (field.type == UserType::string) {
    // Fields of fixed length are filled up with zeros, which are not part of the text.
    bytes = bytes.substr(0, bytes.find('\0'));
    if (bytes.empty()) return;
  }
  batch.extras(flow).user().put(field, bytes);
}

void put_user_bits(const UserField& field, const PacketSource& source, Bytes from_header, FlowBatch& batch,
                   FlowRecord& flow) {
  const std::size_t end = std::size_t{source.offset} + source.length;
  if (source.length == 0 || (end + 7) / 8 > from_header.size()) return;
  if (field.type == UserType::uint) {
    if (source.length > 64) return;
    std::uint64_t integer = load_bits(from_header, source.offset, source.length);
    if (field.little_endian) integer = byte_swapped(integer, source.length / 8);
    return batch.extras(flow).user().put(field, integer);
  }
  if (source.offset % 8 == 0)
    return put_user_value(field, from_header.subspan(source.offset / 8, source.length / 8), batch, flow);
  std::string shifted;
  for (std::size_t at = source.offset; at + 8 <= end; at += 8)
    shifted.push_back(static_cast<char>(load_bits(from_header, at, 8)));
  put_user_value(field, std::as_bytes(std::span(shifted)), batch, flow);
}

}  // namespace sluice::decode
