#pragma once
// Names come from exporters and may hold any bytes. A protobuf `string` must be UTF-8: one stray byte makes
// strict readers throw the whole message away.
#include <cstddef>
#include <string_view>

namespace sluice::encode {

/// Length of the valid UTF-8 sequence that text starts with (1 to 4 bytes, no overlong form, no surrogate, at
/// most U+10FFFF), or 0 where its first byte starts none.
std::size_t utf8_sequence(std::string_view text);

bool is_ascii(std::string_view text);

/// Copies text, with U+FFFD for each byte that is no part of valid UTF-8; writes at most 3 * text.size()
/// bytes and returns the end.
std::byte* put_valid_utf8(std::byte* out, std::string_view text);
/// Bytes that put_valid_utf8 writes.
std::size_t valid_utf8_size(std::string_view text);

}  // namespace sluice::encode
