#include "encode/utf8.hpp"

#include <cstdint>
#include <cstring>

namespace sluice::encode {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

std::uint8_t byte_at(std::string_view text, std::size_t i) { return static_cast<std::uint8_t>(text[i]); }

bool continues(std::string_view text, std::size_t i) {
  return i < text.size() && (byte_at(text, i) & 0xc0) == 0x80;
}

}  // namespace

// RFC 3629 section 4: the second byte's range is narrower after E0, ED, F0 and F4.
std::size_t utf8_sequence(std::string_view text) {
  if (text.empty()) return 0;
  const std::uint8_t first = byte_at(text, 0);
  if (first < 0x80) return 1;
  if (first < 0xc2 || first > 0xf4 || !continues(text, 1)) return 0;
  if (first < 0xe0) return 2;
  const std::uint8_t second = byte_at(text, 1);
  if (!continues(text, 2)) return 0;
  if (first < 0xf0) return (first == 0xe0 && second < 0xa0) || (first == 0xed && second > 0x9f) ? 0 : 3;
  if (!continues(text, 3)) return 0;
  return (first == 0xf0 && second < 0x90) || (first == 0xf4 && second > 0x8f) ? 0 : 4;
}

bool is_ascii(std::string_view text) {
  std::uint8_t seen = 0;
  for (const char c : text) seen |= static_cast<std::uint8_t>(c);
  return seen < 0x80;
}

std::byte* put_valid_utf8(std::byte* out, std::string_view text) {
  while (!text.empty()) {
    const std::size_t length = utf8_sequence(text);
    const std::string_view piece = length == 0 ? kReplacement : text.substr(0, length);
    std::memcpy(out, piece.data(), piece.size());
    out += piece.size();
    text.remove_prefix(length == 0 ? 1 : length);
  }
  return out;
}

std::size_t valid_utf8_size(std::string_view text) {
  if (is_ascii(text)) return text.size();
  std::size_t size = 0;
  while (!text.empty()) {
    const std::size_t length = utf8_sequence(text);
    size += length == 0 ? kReplacement.size() : length;
    text.remove_prefix(length == 0 ? 1 : length);
  }
  return size;
}

}  // namespace sluice::encode
