#include "decode/times.hpp"

namespace sluice::decode {

std::uint64_t time_to_unix_ns(TimeUnit unit, std::uint64_t raw, const HeaderTime& header,
                              std::uint64_t init_ms) {
  switch (unit) {
    case TimeUnit::absent:
      return 0;
    case TimeUnit::uptime_ms:
      if (header.has_uptime) return uptime_to_unix_ns(static_cast<std::uint32_t>(raw), header);
      return init_ms ? (init_ms + raw) * kNsPerMs : header.export_ns;
    case TimeUnit::seconds:
      return raw * kNsPerSecond;
    case TimeUnit::ms:
      return raw * kNsPerMs;
    case TimeUnit::ntp:
      return ntp_to_unix_ns(raw);
    case TimeUnit::seconds_and_us:
      return raw;  // put together when the value was read
    case TimeUnit::delta_us:
      return header.export_ns - raw * kNsPerUs;
  }
  return 0;
}

}  // namespace sluice::decode
