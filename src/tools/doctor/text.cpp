#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

#include "doctor/checks.hpp"

namespace sluice::doctor {

std::string_view name(Status status) {
  switch (status) {
    case Status::ok:
      return "ok";
    case Status::warning:
      return "warn";
    case Status::fail:
      return "fail";
  }
  return "fail";
}

std::string counted(double n, const char* one) {
  std::string digits = std::to_string(static_cast<std::uint64_t>(std::max(0.0, n)));
  const bool single = digits == "1";
  for (auto at = static_cast<std::ptrdiff_t>(digits.size()) - 3; at > 0; at -= 3)
    digits.insert(static_cast<std::size_t>(at), ",");
  return digits + ' ' + one + (single ? "" : "s");
}

std::string size_text(double bytes) {
  constexpr std::array kUnits = {"bytes", "KB", "MB", "GB", "TB"};
  std::size_t unit = 0;
  while (bytes >= 1024 && unit + 1 < kUnits.size()) {
    bytes /= 1024;
    ++unit;
  }
  std::array<char, 48> out{};
  std::snprintf(out.data(), out.size(), bytes == std::floor(bytes) || bytes >= 100 ? "%.0f %s" : "%.1f %s",
                bytes, kUnits[unit]);
  return out.data();
}

std::string percent(double ratio) {
  std::array<char, 48> out{};
  std::snprintf(out.data(), out.size(), ratio < 0.01 ? "%.2g %%" : "%.1f %%", ratio * 100);
  return out.data();
}

}  // namespace sluice::doctor
