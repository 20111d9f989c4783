#include "encode/json_text.hpp"

#include "encode/utf8.hpp"

namespace sluice::encode {
namespace {

constexpr char kHex[] = "0123456789abcdef";
constexpr unsigned kByteBase = 0xef00;  // a byte of 0x80..0xff stands at U+EF80..U+EFFF

/// Whether text starts with a character of U+EF80..U+EFFF: EE BE 80 to EE BF BF.
bool starts_with_escape(std::string_view text) {
  return text.size() >= 3 && text[0] == '\xee' && (text[1] == '\xbe' || text[1] == '\xbf') &&
         (static_cast<std::uint8_t>(text[2]) & 0xc0) == 0x80;
}

/// What stands behind the backslash, or 0 for a control character without a short form.
char short_escape(char c) {
  switch (c) {
    case '"':
      return '"';
    case '\\':
      return '\\';
    case '\b':
      return 'b';
    case '\f':
      return 'f';
    case '\n':
      return 'n';
    case '\r':
      return 'r';
    case '\t':
      return 't';
    default:
      return 0;
  }
}

}  // namespace

void JsonText::mac(std::uint64_t value) {
  raw('"');
  for (int shift = 40; shift >= 0; shift -= 8) {
    const auto byte = static_cast<std::uint8_t>(value >> shift);
    raw(kHex[byte >> 4]);
    raw(kHex[byte & 15]);
    raw(shift > 0 ? ':' : '"');
  }
}

void JsonText::hex(std::string_view bytes) {
  raw('"');
  for (const char c : bytes) {
    const auto byte = static_cast<std::uint8_t>(c);
    raw(kHex[byte >> 4]);
    raw(kHex[byte & 15]);
  }
  raw('"');
}

void JsonText::escaped(unsigned code) {
  raw("\\u");
  for (int shift = 12; shift >= 0; shift -= 4) raw(kHex[code >> shift & 15]);
}

void JsonText::text(std::string_view any_bytes) {
  raw('"');
  for (std::size_t i = 0; i < any_bytes.size();) {
    const char c = any_bytes[i];
    const auto byte = static_cast<std::uint8_t>(c);
    const std::string_view rest = any_bytes.substr(i);
    std::size_t length = 1;
    if (const char escape = short_escape(c)) {
      raw('\\');
      raw(escape);
    } else if (byte < 0x20) {
      escaped(byte);
    } else if (byte < 0x80) {
      raw(c);
    } else if (length = utf8_sequence(rest); length == 0 || starts_with_escape(rest)) {
      escaped(kByteBase | byte);
      length = 1;
    } else {
      raw(rest.substr(0, length));
    }
    i += length;
  }
  raw('"');
}

// The second and third byte of an escaped character are continuation bytes, no part of valid UTF-8 by
// themselves: text() writes each of the three as it writes any stray byte.
std::string unescape_bytes(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size();) {
    if (starts_with_escape(text.substr(i))) {
      const unsigned second = static_cast<std::uint8_t>(text[i + 1]);
      const unsigned third = static_cast<std::uint8_t>(text[i + 2]);
      out.push_back(static_cast<char>(((second & 0x3f) << 6 | (third & 0x3f)) & 0xff));
      i += 3;
    } else {
      out.push_back(text[i++]);
    }
  }
  return out;
}

}  // namespace sluice::encode
