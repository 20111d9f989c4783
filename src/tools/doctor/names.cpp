// Sources of names: which is wrong, old, or of no use.
#include <algorithm>
#include <array>
#include <string_view>

#include "doctor/checks.hpp"

namespace sluice::doctor {
namespace {

constexpr double kDay = 86'400;
/// Prefixes change hands every day; after a quarter of a year a tenth of a table is wrong.
constexpr double kOld = 90 * kDay;
/// Fewer addresses say nothing about a source.
constexpr double kEnough = 10'000;

/// Sources that alone say what they say.
struct Asked {
  std::string_view source;
  const char *hits, *misses;
};
constexpr std::array<Asked, 3> kAsked{{
    {"country", "sluice_enrich_country_hits_total", "sluice_enrich_country_misses_total"},
    {"networks", "sluice_enrich_network_hits_total", "sluice_enrich_network_misses_total"},
    {"interfaces", "sluice_enrich_interface_hits_total", "sluice_enrich_interface_misses_total"},
}};

std::string days(double seconds) { return counted(seconds / kDay, "day"); }

Finding finding_of(const std::string& source, const Reading& metrics, double now_seconds) {
  const Labels one = {{"source", source}};
  const std::string check = "names: " + source;
  const auto age = [&](const char* metric) {
    const double at = metrics.sum(metric, one);
    return at > 0 ? now_seconds - at : 0;
  };
  const double modified = age("sluice_names_modified_timestamp_seconds");
  if (metrics.sum("sluice_names_wrong", one) > 0)
    return {check, Status::warning,
            "The file is wrong or gone; what it said " + days(modified) +
                " ago stays in force. The log of sluice says what is wrong, and `sluice check` too."};
  if (const double built = age("sluice_names_built_timestamp_seconds"); built > kOld)
    return {check, Status::warning, "The database was made " + days(built) + " ago; fetch a newer one."};
  const auto* const asked = std::ranges::find(kAsked, source, &Asked::source);
  // An AS number may be of another source.
  if (asked == kAsked.end())
    return {check, Status::ok, "It is in force, as it was " + days(modified) + " ago."};
  const double known = metrics.sum(asked->hits), unknown = metrics.sum(asked->misses);
  if (known == 0 && unknown > kEnough)
    return {check, Status::warning,
            "It knew none of the last " + counted(unknown, "address") +
                "; is it the right one for this network?"};
  return {check, Status::ok,
          "It knew " + percent(known + unknown > 0 ? known / (known + unknown) : 0) + " of what was asked."};
}

}  // namespace

Findings check_names(const Collector& collector, double now_seconds) {
  Findings out;
  for (const Sample& sample : collector.metrics.of("sluice_names_reads_total"))
    out.push_back(finding_of(sample.labels.at("source"), collector.metrics, now_seconds));
  return out;
}

}  // namespace sluice::doctor
