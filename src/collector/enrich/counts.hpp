#pragma once
// What is counted of names: how often each source knew something, and what rules did.
#include <array>
#include <cstdint>
#include <string>

#include "sluice/util/counts.hpp"
#include "util/counter.hpp"

namespace sluice::enrich {

/// Of a flow's two addresses, and its two interfaces where they are not 0, each is counted for itself. What
/// is not configured counts nothing.
enum class EnrichCount : std::uint8_t {
  addresses_cached,  ///< looked up before, and still there
  addresses_looked_up,
  as_hits,  ///< an AS number, from whichever source
  as_misses,
  country_hits,
  country_misses,
  network_hits,
  network_misses,
  interface_hits,
  interface_misses,
  rule_matches,   ///< flows that a rule about flows was for, once for each rule
  dropped_flows,  ///< by rules; no sink gets them, and each counts them as filtered
  count
};

inline constexpr std::array kEnrichCounts{
    CountInfo{EnrichCount::addresses_cached, "addresses_cached", CountKind::total,
              "Addresses of flows whose names were at hand"},
    CountInfo{EnrichCount::addresses_looked_up, "addresses_looked_up", CountKind::total,
              "Addresses of flows that were looked up in networks and databases"},
    CountInfo{EnrichCount::as_hits, "as_hits", CountKind::total, "Addresses of flows with an AS number"},
    CountInfo{EnrichCount::as_misses, "as_misses", CountKind::total,
              "Addresses of flows whose AS number no source knew"},
    CountInfo{EnrichCount::country_hits, "country_hits", CountKind::total,
              "Addresses of flows with a country"},
    CountInfo{EnrichCount::country_misses, "country_misses", CountKind::total,
              "Addresses of flows that the database of countries does not have"},
    CountInfo{EnrichCount::network_hits, "network_hits", CountKind::total,
              "Addresses of flows in a configured network"},
    CountInfo{EnrichCount::network_misses, "network_misses", CountKind::total,
              "Addresses of flows in no configured network"},
    CountInfo{EnrichCount::interface_hits, "interface_hits", CountKind::total,
              "Interfaces of flows that configuration or rules say something of"},
    CountInfo{EnrichCount::interface_misses, "interface_misses", CountKind::total,
              "Interfaces of flows that neither configuration nor a rule says anything of"},
    CountInfo{EnrichCount::rule_matches, "rule_matches", CountKind::total,
              "Flows that a rule about flows was for, once for each rule"},
    CountInfo{EnrichCount::dropped_flows, "dropped_flows", CountKind::total,
              "Flows that rules dropped; each sink counts them as filtered"},
};
static_assert(rows_in_order(kEnrichCounts) && kEnrichCounts.size() == Counts<EnrichCount>::kSize);

/// How a source of names stands.
enum class NamesCount : std::uint8_t {
  entries,           ///< of networks and interfaces
  bytes,             ///< of memory, of databases and networks
  built_seconds,     ///< Unix time: when the maker of a database says that it was made; 0: of no database
  modified_seconds,  ///< Unix time of the file that is in force
  read_seconds,      ///< Unix time at which it was read
  reads,
  failures,  ///< readings that failed; what was in force stayed
  wrong,     ///< 1: the last reading failed
  count
};

inline constexpr std::array kNamesCounts{
    CountInfo{NamesCount::entries, "entries", CountKind::gauge, "Networks or interfaces that have names"},
    CountInfo{NamesCount::bytes, "bytes", CountKind::gauge, "Memory of databases and networks"},
    CountInfo{NamesCount::built_seconds, "built_seconds", CountKind::gauge,
              "Unix time at which the database was made, as it says", "built_timestamp_seconds"},
    CountInfo{NamesCount::modified_seconds, "modified_seconds", CountKind::gauge,
              "Unix time of the file's last change", "modified_timestamp_seconds"},
    CountInfo{NamesCount::read_seconds, "read_seconds", CountKind::gauge,
              "Unix time at which the file was read last", "read_timestamp_seconds"},
    CountInfo{NamesCount::reads, "reads", CountKind::total, "Times that the file was read"},
    CountInfo{NamesCount::failures, "failures", CountKind::total,
              "Times that the file was wrong or not there, so that what was there before stayed in force"},
    CountInfo{NamesCount::wrong, "wrong", CountKind::gauge, "1: the file's last reading failed"},
};
static_assert(rows_in_order(kNamesCounts) && kNamesCounts.size() == Counts<NamesCount>::kSize);

/// A source of names: as, country, networks or interfaces.
struct NamesSource {
  std::string source;
  std::string path;  ///< empty: from the configuration alone
  Counts<NamesCount> counts;
  std::string error;  ///< of the last reading, where that failed; one line
};

/// Of one thread; any thread reads.
using EnrichCounters = Counts<EnrichCount, Counter>;

}  // namespace sluice::enrich
