#include "source/pacer.hpp"

#include <algorithm>
#include <thread>

namespace sluice::source {
namespace {
constexpr auto kStopCheck = std::chrono::milliseconds(100);
// A nap costs tens of microseconds, so at high rates a few datagrams share one.
constexpr auto kWorthSleeping = std::chrono::microseconds(200);

Pacer::Clock::duration seconds_of(double seconds) {
  return std::chrono::duration_cast<Pacer::Clock::duration>(std::chrono::duration<double>(seconds));
}
}  // namespace

Pacer::Pacer(double rate, double speed, const std::atomic<bool>& stop)
    : rate_(rate), speed_(speed), stop_(stop) {}

bool Pacer::wait(std::uint64_t time_ns) {
  if (stop_.load(std::memory_order_relaxed)) return false;
  if (rate_ > 0) return sleep_until(begin_ + seconds_of(static_cast<double>(sent_++) / rate_));
  if (speed_ <= 0 || time_ns == 0) return true;
  if (first_ns_ == 0) {
    first_ns_ = time_ns;
    file_begin_ = Clock::now();
  }
  if (time_ns < first_ns_) return true;
  return sleep_until(file_begin_ + seconds_of(static_cast<double>(time_ns - first_ns_) / 1e9 / speed_));
}

bool Pacer::sleep_until(Clock::time_point due) const {
  for (;;) {
    if (stop_.load(std::memory_order_relaxed)) return false;
    const auto now = Clock::now();
    if (due - now < kWorthSleeping) return true;
    std::this_thread::sleep_until(std::min(due, now + kStopCheck));
  }
}

double Pacer::seconds() const { return std::chrono::duration<double>(Clock::now() - begin_).count(); }

}  // namespace sluice::source
