#pragma once
// Options data may stand behind the flows that it concerns, in one message: an exporter that has just started
// sends what it has in any order, and data that waited for its template comes before everything else. Flows
// are finished with what is known when they are read; what becomes known before the message ends is put right
// here. (Names are given at the end of a datagram anyway.)
#include <algorithm>
#include <vector>

#include "decode/rates.hpp"
#include "decode/template/records.hpp"

namespace sluice::decode {

/// The order of the contract for a rate that the record itself says (0: it says none) and one of options.
inline ResolvedRate rate_of(const ExporterSettings& settings, std::uint64_t own, std::uint64_t announced) {
  return resolve_rate(settings, own ? ResolvedRate{own, SamplingRateSource::record}
                                    : ResolvedRate{announced, SamplingRateSource::options});
}

inline constexpr std::uint64_t kMostUs =
    1'000'000'000'000'000;  ///< 30 years, far beyond what is believed of a time

/// Start and end from the raw values that the steps left in the record. duration_us is what it says besides,
/// init_ms is IE 160, both 0 where unknown.
[[gnu::always_inline]] inline void finish_times(const Message& message, const Plan& plan,
                                                std::uint64_t duration_us, std::uint64_t init_ms,
                                                const TimeBounds& bounds, FlowRecord& flow,
                                                DecodeReport& report) {
  const bool has_end = plan.end_unit != TimeUnit::absent;
  const bool has_start = plan.start_unit != TimeUnit::absent;
  std::uint64_t end =
      has_end ? time_to_unix_ns(plan.end_unit, flow.time_flow_end_ns, message.time, init_ms) : 0;
  std::uint64_t start =
      has_start ? time_to_unix_ns(plan.start_unit, flow.time_flow_start_ns, message.time, init_ms) : 0;
  const std::uint64_t duration_ns = std::min(duration_us, kMostUs) * kNsPerUs;
  if (!has_end) end = has_start ? start + duration_ns : message.time.export_ns;
  if (!has_start) start = end - std::min(end, duration_ns);
  flow.time_flow_start_ns = start;
  flow.time_flow_end_ns = end;
  judge_times(flow, message.received_ns, bounds, report);
}

/// finish_times() where nobody has said IE 160 yet, remembered for when somebody does.
void finish_times_for_now(const Message& message, const Plan& plan, std::size_t index,
                          std::uint64_t duration_us, const Into& into, LateFacts& late);

/// Puts the flows of the message right with all that its options data said.
void settle_late_facts(const Message& message, LateFacts& late, const Into& into);

}  // namespace sluice::decode
