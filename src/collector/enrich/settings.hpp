#pragma once
// What the configuration says of names, as section `enrich` has it. Plain values; texts are checked where
// they are read.
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "enrich/attributes.hpp"
#include "sluice/util/words.hpp"

namespace sluice::enrich {

/// Where the AS number of an address comes from.
enum class AsSource : std::uint8_t { exporter, networks, database };
inline constexpr Words<AsSource, 3> kAsSources{
    {{"exporter", AsSource::exporter}, {"networks", AsSource::networks}, {"database", AsSource::database}}};

/// A rule as written: what it is about, and what becomes of the flows, or of the interfaces.
struct RuleSettings {
  std::string exporter{};  ///< prefix; empty: all
  std::string match{};     ///< filter over flows; empty: all
  std::string
      interface{};  ///< regular expression over description and name of an interface; empty: not asked
  std::vector<Assignment> set{};
  bool drop = false;
  friend bool operator==(const RuleSettings&, const RuleSettings&) = default;
};

struct NetworkSettings {
  std::string prefix;
  NetworkFacts facts;
  friend bool operator==(const NetworkSettings&, const NetworkSettings&) = default;
};

struct InterfaceSettings {
  std::string exporter;  ///< prefix
  std::uint32_t index = 0;
  InterfaceFacts facts;
  friend bool operator==(const InterfaceSettings&, const InterfaceSettings&) = default;
};

struct SourceSettings {
  std::vector<AsSource> as_from{AsSource::exporter, AsSource::networks, AsSource::database};
  std::string as_file;       ///< mmdb; empty: none
  std::string country_file;  ///< mmdb; empty: none
  std::vector<NetworkSettings> networks;
  std::string networks_file;  ///< CSV; empty: none
  std::vector<InterfaceSettings> interfaces;
  std::string interfaces_file;  ///< CSV; empty: none
  std::vector<RuleSettings> rules;
  std::chrono::seconds check_every{10};    ///< whether a file has changed; 0: never
  std::uint32_t cached_addresses = 32768;  ///< of each thread; a power of two
  friend bool operator==(const SourceSettings&, const SourceSettings&) = default;
};

}  // namespace sluice::enrich
