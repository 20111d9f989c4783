#include <array>
#include <charconv>

#include "sink/stream.hpp"

namespace sluice::sink {
namespace {

void append_number(std::uint64_t value, std::string& out) {
  std::array<char, 20> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  out.append(digits.data(), end);
}

void append_mac(std::uint64_t mac, std::string& out) {
  static constexpr char kHex[] = "0123456789abcdef";
  for (int shift = 40; shift >= 0; shift -= 8) {
    const auto octet = static_cast<unsigned>(mac >> shift) & 0xffU;
    out += kHex[octet >> 4];
    out += kHex[octet & 15];
    if (shift) out += ':';
  }
}

void append_value(const FieldInfo& field, const FlowBatch& batch, const FlowRecord& flow, std::string& out) {
  switch (field.kind) {
    case FieldKind::mac:
      append_mac(integer_field(field, batch, flow), out);
      break;
    case FieldKind::address:
      out += address_field(field, batch, flow).to_string();
      break;
    case FieldKind::raw:
    case FieldKind::text:
      out += text_field(field, batch, flow);
      break;
    case FieldKind::uint32_list:
    case FieldKind::layer_list:
    case FieldKind::address_list:
      break;
    default:
      append_number(integer_field(field, batch, flow), out);
  }
}

}  // namespace

void append_key(const std::vector<const FieldInfo*>& fields, const FlowBatch& batch, const FlowRecord& flow,
                std::string& out) {
  out.clear();
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (i) out += '|';
    append_value(*fields[i], batch, flow, out);
  }
}

std::uint64_t key_hash(std::string_view key) {
  // FNV-1a, then a mix: its low bits alone spread short keys badly over few buckets.
  std::uint64_t hash = 0xcbf29ce484222325ULL;
  for (const char c : key) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  hash = (hash ^ (hash >> 33)) * 0xff51afd7ed558ccdULL;
  return hash ^ (hash >> 29);
}

}  // namespace sluice::sink
