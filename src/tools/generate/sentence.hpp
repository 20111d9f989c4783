#pragma once
// Builds the sentences that users read.
#include <initializer_list>
#include <string>
#include <string_view>

namespace sluice::generate {

inline std::string join(std::initializer_list<std::string_view> parts) {
  std::string out;
  for (const auto part : parts) out.append(part);
  return out;
}

}  // namespace sluice::generate
