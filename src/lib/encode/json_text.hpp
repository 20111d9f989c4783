#pragma once
// Appends JSON to memory that the caller has found large enough: see the k...Bound constants. Values only;
// commas and keys are the caller's.
//
// Text that is no UTF-8 has to survive as well, in a document that every reader takes. Each byte that is no
// part of valid UTF-8 becomes a character of the private use area, \uef80 to \uefff for 0x80 to 0xff; the
// bytes of those characters themselves are written in the same way, so the mapping can be reversed: see
// unescape_bytes().
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "encode/address_text.hpp"

namespace sluice::encode {

inline constexpr std::size_t kIntegerBound = 20;
inline constexpr std::size_t kAddressBound = kMaxAddressText + 2;
inline constexpr std::size_t kMacBound = 20;
inline constexpr std::size_t text_json_bound(std::size_t size) { return 2 + 6 * size; }
inline constexpr std::size_t hex_json_bound(std::size_t size) { return 2 + 2 * size; }

class JsonText {
 public:
  explicit JsonText(std::byte* begin) : begin_(reinterpret_cast<char*>(begin)), out_(begin_) {}

  std::size_t size() const { return static_cast<std::size_t>(out_ - begin_); }

  void raw(char c) { *out_++ = c; }
  void raw(std::string_view text) {
    std::memcpy(out_, text.data(), text.size());
    out_ += text.size();
  }
  void integer(std::uint64_t value) { out_ = std::to_chars(out_, out_ + kIntegerBound, value).ptr; }
  /// A string that needs no escaping.
  void quoted(std::string_view plain) {
    raw('"');
    raw(plain);
    raw('"');
  }
  void address(const IpAddress& value) {
    raw('"');
    out_ = put_address_text(out_, value);
    raw('"');
  }
  /// "aa:bb:cc:dd:ee:ff": the low 48 bits.
  void mac(std::uint64_t value);
  void hex(std::string_view bytes);
  void text(std::string_view any_bytes);

 private:
  void escaped(unsigned code);

  char* begin_;
  char* out_;
};

/// The bytes that JsonText::text() was given, from the text that a JSON reader gave back.
std::string unescape_bytes(std::string_view text);

}  // namespace sluice::encode
