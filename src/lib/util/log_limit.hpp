#pragma once
// Holds back log lines that repeat: the first of a key is said, those that follow within the period are
// counted, and the next one after it tells how many they were. Time comes in from the caller.
#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "sluice/util/seeded_hash.hpp"
#include "util/guarded.hpp"

namespace sluice {

/// Any thread.
class RateLimiter {
 public:
  static constexpr std::size_t kMaxKeys = 256;

  /// With a period of 0 every line is said. At most `max_keys` keys are remembered: a new one takes the place
  /// of those whose period is over, and where there is none it shares one limit with all others that came too
  /// late, so keys made of what strangers send cost neither memory nor a flood of lines.
  explicit RateLimiter(std::chrono::nanoseconds period, std::size_t max_keys = kMaxKeys)
      : max_keys_(max_keys) {
    set_period(period);
  }
  void set_period(std::chrono::nanoseconds period) {
    period_ns_.store(period.count() > 0 ? static_cast<std::uint64_t>(period.count()) : 0,
                     std::memory_order_relaxed);
  }

  /// Whether the line is to be said now, and if so how many of its key were held back since the last one.
  /// `now_ns`: monotonic.
  std::optional<std::uint64_t> allow(std::string_view key, std::uint64_t now_ns) {
    return state_.with([&](State& state) -> std::optional<std::uint64_t> {
      Line& line = line_of(state, key, now_ns);
      if (line.said && !over(line, now_ns)) {
        ++line.muted;
        return std::nullopt;
      }
      line.said = true;
      line.said_ns = now_ns;
      return std::exchange(line.muted, 0);
    });
  }

  /// Keys remembered now.
  std::size_t keys() const {
    return state_.with([](const State& state) { return state.lines.size(); });
  }

 private:
  struct Line {
    bool said = false;
    std::uint64_t said_ns = 0;
    std::uint64_t muted = 0;
  };
  struct State {
    SeededMap<std::string, Line> lines;
    Line shared;
  };

  // A thread may come with a time that is a little older than the one that was last said.
  bool over(const Line& line, std::uint64_t now_ns) const {
    return now_ns >= line.said_ns && now_ns - line.said_ns >= period_ns_;
  }

  Line& line_of(State& state, std::string_view key, std::uint64_t now_ns) const {
    if (const auto known = state.lines.find(key); known != state.lines.end()) return known->second;
    if (state.lines.size() >= max_keys_)
      std::erase_if(state.lines, [&](const auto& entry) { return over(entry.second, now_ns); });
    if (state.lines.size() >= max_keys_) return state.shared;
    return state.lines.emplace(key, Line{}).first->second;
  }

  std::atomic<std::uint64_t> period_ns_{0};
  const std::size_t max_keys_;
  Guarded<State> state_;
};

}  // namespace sluice
