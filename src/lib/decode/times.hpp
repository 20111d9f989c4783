#pragma once
// Flow times from what exporters send, in nanoseconds of Unix time, by integer arithmetic throughout.
#include <cstdint>
#include <span>

#include "sluice/decode/datagram.hpp"
#include "sluice/decode/limits.hpp"

namespace sluice::decode {

inline constexpr std::uint64_t kNsPerSecond = 1000000000;
inline constexpr std::uint64_t kNsPerMs = 1000000;
inline constexpr std::uint64_t kNsPerUs = 1000;

/// How the number in a time element is meant.
enum class TimeUnit : std::uint8_t {
  absent,
  uptime_ms,  ///< IE 21, 22: sysUpTime, relative to the header (v9) or to IE 160 (IPFIX)
  seconds,
  ms,              ///< IE 150-153, 322, 323
  ntp,             ///< IE 154-157, 324, 325: NTP seconds and a 32-bit fraction (RFC 7011 section 6.1.9)
  seconds_and_us,  ///< 154, 155 of 16 bytes: 64-bit seconds and microseconds, as pmacct sends them
  delta_us         ///< IE 158, 159: microseconds before the export time
};

/// What the header says about time.
struct HeaderTime {
  std::uint64_t export_ns = 0;      ///< Unix time of the header
  std::uint32_t sys_uptime_ms = 0;  ///< v5, v9
  bool has_uptime = false;          ///< false for IPFIX
};

/// NTP timestamp (era 0, from 1900) to Unix nanoseconds. 0 stays 0.
constexpr std::uint64_t ntp_to_unix_ns(std::uint64_t ntp) {
  constexpr std::uint64_t kNtpToUnix = 2208988800ULL;  // RFC 5905: seconds from 1900 to 1970
  const std::uint64_t seconds = ntp >> 32;
  if (seconds < kNtpToUnix) return 0;
  return (seconds - kNtpToUnix) * kNsPerSecond + (((ntp & 0xffffffffU) * kNsPerSecond) >> 32);
}

/// sysUpTime `at` of a box whose header says it is `now` at export_ns. The difference is signed, so that the
/// counter may wrap (each 49.7 days) and a flow may end a few ms after the header was made.
constexpr std::uint64_t uptime_to_unix_ns(std::uint32_t at, const HeaderTime& header) {
  const auto ago_ms = static_cast<std::int32_t>(header.sys_uptime_ms - at);
  return header.export_ns -
         static_cast<std::uint64_t>(static_cast<std::int64_t>(ago_ms) * static_cast<std::int64_t>(kNsPerMs));
}

/// Unix nanoseconds of a raw value; 0 where it cannot be told. init_ms is IE 160, 0 where unknown.
std::uint64_t time_to_unix_ns(TimeUnit unit, std::uint64_t raw, const HeaderTime& header,
                              std::uint64_t init_ms);

/// Judges start and end: a far-off end makes both the receive time; a start after the end or too old becomes
/// the end. Each case is counted in the report.
[[gnu::always_inline]] inline void judge_times(FlowRecord& flow, std::uint64_t received_ns,
                                               const TimeBounds& bounds, DecodeReport& report) {
  // One unsigned comparison for both bounds: what lies before the window wraps to a huge distance.
  const std::uint64_t into_window = flow.time_flow_end_ns - (received_ns - bounds.max_past_ns);
  if (into_window > bounds.max_past_ns + bounds.max_future_ns) [[unlikely]] {
    flow.time_flow_start_ns = flow.time_flow_end_ns = received_ns;
    report.add(DecodeCount::times_replaced);
    return;
  }
  const std::uint64_t age =
      flow.time_flow_end_ns - flow.time_flow_start_ns;  // wraps where the start is after the end
  if (age > bounds.max_flow_age_ns) [[unlikely]] {
    flow.time_flow_start_ns = flow.time_flow_end_ns;
    report.add(DecodeCount::starts_replaced);
  }
}

/// For exporters whose clock is not to be trusted: flows end when they are received and last as long as was
/// said. After judge_times().
inline void move_to_receipt(std::span<FlowRecord> flows, std::uint64_t received_ns) {
  for (FlowRecord& flow : flows) {
    const std::uint64_t lasted = flow.time_flow_end_ns - flow.time_flow_start_ns;
    flow.time_flow_end_ns = received_ns;
    flow.time_flow_start_ns = received_ns - lasted;
  }
}

}  // namespace sluice::decode
