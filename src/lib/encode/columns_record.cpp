#include "encode/columns_record.hpp"

#include <algorithm>
#include <string_view>

namespace sluice::encode {
namespace {

/// A text of fewer than 128 bytes with its length before it, taken off the front; "" where there is none.
std::string_view take_text(Bytes& rest) {
  if (rest.empty()) return {};
  const auto length = std::to_integer<std::size_t>(rest[0]);
  if (length >= 128 || length >= rest.size()) return {};
  const std::string_view out(reinterpret_cast<const char*>(rest.data()) + 1, length);
  rest = rest.subspan(length + 1);
  return out;
}

}  // namespace

bool columns_follow(Bytes rest) {
  if (rest.empty() || rest[0] != std::byte{1}) return false;
  rest = rest.subspan(1);
  return !take_text(rest).empty() && take_text(rest).starts_with("Array(");
}

}  // namespace sluice::encode
