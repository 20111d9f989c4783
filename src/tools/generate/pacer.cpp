#include "generate/pacer.hpp"

#include <algorithm>

namespace sluice::generate {
namespace {

constexpr double kSecond = 1e9;
constexpr std::uint32_t kUnbounded = 1U << 20;

}  // namespace

Pacer::Pacer(double rate, std::uint64_t start_ns)
    : rate_(rate),
      burst_(rate > 0 ? static_cast<std::uint32_t>(std::clamp(rate / 1000, 1.0, 1.0 * kUnbounded))
                      : kUnbounded),
      start_ns_(start_ns) {}

std::uint64_t Pacer::next_ns() const {
  return rate_ > 0 ? start_ns_ + static_cast<std::uint64_t>(static_cast<double>(sent_) / rate_ * kSecond) : 0;
}

std::uint32_t Pacer::allowed(std::uint64_t now_ns) {
  if (rate_ <= 0) return burst_;
  const std::uint64_t due = next_ns();
  if (now_ns < due) return 0;
  if (now_ns - due > static_cast<std::uint64_t>(kSecond)) {
    // A machine that slept, or a rate out of reach: to make up for all of it would be a flood.
    start_ns_ = now_ns;
    sent_ = 0;
  }
  return burst_;
}

}  // namespace sluice::generate
