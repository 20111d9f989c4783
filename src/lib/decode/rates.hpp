#pragma once
// Sampling rates: from the elements that can say one, in a data record or an options record, and which of
// several counts.
#include <cmath>
#include <cstdint>

#include "sluice/decode/exporter.hpp"

namespace sluice::decode {

struct RateInputs {
  std::uint64_t interval_34 = 0, interval_50 = 0, interval_305 = 0, space_306 = 0, size_309 = 0,
                population_310 = 0;
  double probability_311 = 0;
  /// Periods of flows or time, and ranges of hash values: the part that is sampled, of the whole.
  std::uint64_t part = 0, whole = 0;
  bool part_said = false, rest_said = false;

  /// RFC 5477, RFC 7014: `chosen` of each period, then `passed_over` not.
  void add_chosen(std::uint64_t n) {
    part += n;
    whole += n;
    part_said = true;
  }
  void add_passed_over(std::uint64_t n) {
    whole += n;
    rest_said = true;
  }
  /// Ends of the two ranges of a hash function (RFC 5475 section 6.2), in any order; both ends belong to
  /// them.
  void add_hash_output(std::uint64_t n, bool highest) {
    whole = highest ? whole + n + 1 : whole - n;
    rest_said |= highest;
  }
  void add_hash_selected(std::uint64_t n, bool highest) {
    part = highest ? part + n + 1 : part - n;
    part_said |= highest;
  }

  /// Some boxes send element 34 in their own byte order: 1 comes as 16777216, 1000 as 3892510720. No rate is
  /// that large and that round.
  static std::uint64_t in_network_order(std::uint64_t interval) {
    const bool swapped = interval > 0xffffff && interval <= 0xffffffff && (interval & 0xffff) == 0;
    return swapped ? interval >> 24 | (interval >> 8 & 0xff00) : interval;
  }

  /// 1 in N, rounded; 0 where nothing says it. RFC 5476 section 6.5.2.1: interval and space together are
  /// (interval + space) / interval; some boxes send the interval alone and mean N.
  std::uint64_t rate() const {
    if (interval_305 && space_306) return (interval_305 + space_306) / interval_305;
    if (interval_305) return interval_305;
    if (interval_50) return interval_50;
    if (interval_34) return in_network_order(interval_34);
    if (size_309 && population_310) return population_310 / size_309;
    if (probability_311 > 0 && probability_311 <= 1) {
      const double n = std::round(1.0 / probability_311);
      return n < 1e18 ? static_cast<std::uint64_t>(n) : 0;
    }
    return part_said && rest_said && part != 0 ? whole / part : 0;
  }
};

struct ResolvedRate {
  std::uint64_t rate = 0;
  SamplingRateSource source = SamplingRateSource::unknown;
};

/// The order of the contract: what the exporter said; the configured default. A configured override beats
/// both.
inline ResolvedRate resolve_rate(const ExporterSettings& settings, ResolvedRate said) {
  if (settings.sampling_rate_override)
    return {*settings.sampling_rate_override, SamplingRateSource::configured};
  if (said.rate) return said;
  if (settings.sampling_rate_default)
    return {*settings.sampling_rate_default, SamplingRateSource::configured};
  return {};
}

}  // namespace sluice::decode
