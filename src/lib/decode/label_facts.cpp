#include "decode/label_facts.hpp"

#include <span>

namespace sluice::decode {

std::string LabelFacts::text() const {
  if (type == 0 && prefix_length == 0 && address.empty() && rd.empty()) return {};
  std::string out{static_cast<char>(type), static_cast<char>(prefix_length), static_cast<char>(address.size)};
  out.append(reinterpret_cast<const char*>(address.bytes.data()), address.size);
  return out.append(rd);
}

LabelFacts LabelFacts::of(std::string_view text) {
  constexpr std::size_t kHead = 3;
  if (text.size() < kHead) return {};
  const auto length = static_cast<std::uint8_t>(text[2]);
  if (text.size() - kHead < length) return {};
  const std::string_view address = text.substr(kHead, length);
  return {.type = static_cast<std::uint8_t>(text[0]),
          .prefix_length = static_cast<std::uint8_t>(text[1]),
          .address = IpAddress::from_bytes(std::as_bytes(std::span(address))),
          .rd = text.substr(kHead + length)};
}

}  // namespace sluice::decode
