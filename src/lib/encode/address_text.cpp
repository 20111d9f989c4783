#include "encode/address_text.hpp"

#include <array>
#include <charconv>

namespace sluice::encode {
namespace {

char* put_octet(char* out, unsigned value) {
  if (value >= 100) *out++ = static_cast<char>('0' + value / 100);
  if (value >= 10) *out++ = static_cast<char>('0' + value / 10 % 10);
  *out++ = static_cast<char>('0' + value % 10);
  return out;
}

char* put_v4(char* out, const std::uint8_t* raw) {
  out = put_octet(out, raw[0]);
  for (int i = 1; i < 4; ++i) {
    *out++ = '.';
    out = put_octet(out, raw[i]);
  }
  return out;
}

struct Run {
  std::size_t begin = 8;
  std::size_t length = 0;
};

/// The first of the longest runs of two zero groups or more (RFC 5952 section 4.2); begin is 8 where there is
/// none.
Run longest_zeros(const std::array<unsigned, 8>& groups) {
  Run best;
  for (std::size_t i = 0; i < 8; ++i) {
    std::size_t end = i;
    while (end < 8 && groups[end] == 0) ++end;
    if (end - i >= 2 && end - i > best.length) best = {i, end - i};
    if (end > i) i = end - 1;
  }
  return best;
}

char* put_v6(char* out, const std::array<std::uint8_t, 16>& raw) {
  std::array<unsigned, 8> groups;
  for (std::size_t i = 0; i < 8; ++i) groups[i] = static_cast<unsigned>(raw[2 * i] << 8 | raw[2 * i + 1]);
  const Run zeros = longest_zeros(groups);
  // RFC 5952 section 5: a v4-mapped address ends in the IPv4 notation.
  const bool mapped = zeros.begin == 0 && zeros.length == 5 && groups[5] == 0xffff;
  const std::size_t count = mapped ? 6 : 8;
  for (std::size_t i = 0; i < count; ++i) {
    if (i == zeros.begin) {
      *out++ = ':';
      *out++ = ':';
      i += zeros.length - 1;
      continue;
    }
    if (i > 0 && i != zeros.begin + zeros.length) *out++ = ':';
    out = std::to_chars(out, out + 4, groups[i], 16).ptr;
  }
  if (!mapped) return out;
  *out++ = ':';
  return put_v4(out, raw.data() + 12);
}

}  // namespace

char* put_address_text(char* out, const IpAddress& address) {
  if (address.is_v4()) return put_v4(out, address.bytes.data());
  return address.is_v6() ? put_v6(out, address.bytes) : out;
}

}  // namespace sluice::encode
