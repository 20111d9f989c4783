#include "importer/progress.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace sluice::importer {
namespace {

std::string bytes_of(std::uint64_t bytes) {
  const std::string text = amount(static_cast<double>(bytes));
  return text + (text.find(' ') == std::string::npos ? " B" : "B");
}

std::string time_left(const Progress& p) {
  if (p.bytes == 0 || p.seconds <= 0) return "";
  const double left = static_cast<double>(p.bytes_in_all - std::min(p.bytes, p.bytes_in_all)) /
                      static_cast<double>(p.bytes) * p.seconds;
  const auto seconds = static_cast<unsigned long long>(std::ceil(left));
  char text[64];
  std::snprintf(text, sizeof text, "  %llu:%02llu:%02llu left", seconds / 3600, seconds / 60 % 60,
                seconds % 60);
  return text;
}

}  // namespace

std::string amount(double value) {
  const char* unit = "";
  for (const char* larger : {" k", " M", " G", " T"}) {
    if (value < 999.5) break;
    value /= 1000;
    unit = larger;
  }
  char text[32];
  const int digits = *unit == 0 || value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;
  std::snprintf(text, sizeof text, "%.*f%s", digits, value, unit);
  return text;
}

std::string line_of(const Progress& p) {
  constexpr std::size_t kWidth = 20;
  const double share =
      p.bytes_in_all == 0 ? 1
                          : std::min(1.0, static_cast<double>(p.bytes) / static_cast<double>(p.bytes_in_all));
  const auto filled = static_cast<std::size_t>(share * kWidth);
  char text[256];
  std::snprintf(text, sizeof text, "[%s%s] %3.0f %%  %s of %s  %llu of %llu files  %s flows/s",
                std::string(filled, '#').c_str(), std::string(kWidth - filled, ' ').c_str(),
                std::floor(share * 100), bytes_of(p.bytes).c_str(), bytes_of(p.bytes_in_all).c_str(),
                static_cast<unsigned long long>(p.files), static_cast<unsigned long long>(p.files_in_all),
                amount(p.seconds > 0 ? static_cast<double>(p.flows) / p.seconds : 0).c_str());
  return text + time_left(p);
}

}  // namespace sluice::importer
