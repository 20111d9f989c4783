#pragma once
// What an observer is told a field is called.
#include <string>

#include "decode/elements.hpp"

namespace sluice::decode {

/// The element's name, for RFC 5103's reverse ones made from that of the forward one; empty where unknown.
inline std::string element_name(std::uint32_t pen, std::uint16_t id) {
  if (const ElementInfo* element = find_element(pen, id)) return std::string(element->name);
  const ElementInfo* forward = pen == kReverseEnterprise ? find_element(0, id) : nullptr;
  if (!forward) return {};
  std::string name = "reverse" + std::string(forward->name);
  char& first = name[7];
  if (first >= 'a' && first <= 'z') first = static_cast<char>(first - 'a' + 'A');
  return name;
}

}  // namespace sluice::decode
