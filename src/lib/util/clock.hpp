#pragma once
// The two clocks, in nanoseconds. Any thread; a call costs some 20 ns and no system call.
#include <time.h>

#include <cstdint>

namespace sluice {

inline constexpr std::uint64_t kNsPerSecond = 1'000'000'000;

inline std::uint64_t clock_ns(clockid_t clock) {
  timespec t{};
  ::clock_gettime(clock, &t);
  return static_cast<std::uint64_t>(t.tv_sec) * kNsPerSecond + static_cast<std::uint64_t>(t.tv_nsec);
}

/// For spans and deadlines: never set back; std::chrono::steady_clock reads the same.
inline std::uint64_t monotonic_ns() { return clock_ns(CLOCK_MONOTONIC); }

/// The time of day, since 1970, as messages and files have it.
inline std::uint64_t unix_ns() { return clock_ns(CLOCK_REALTIME); }

}  // namespace sluice
