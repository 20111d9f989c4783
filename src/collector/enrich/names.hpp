#pragma once
// All names that the collector knows at one time, from files and configuration: made whole by one thread,
// then read by any and never changed. A file that changes makes a new one of it.
#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "enrich/csv.hpp"
#include "enrich/database.hpp"
#include "enrich/networks.hpp"
#include "enrich/rules.hpp"
#include "enrich/settings.hpp"

namespace sluice::enrich {

/// Interfaces by exporter (the longest prefix counts) and index.
class InterfaceTable {
 public:
  InterfaceTable() = default;
  explicit InterfaceTable(std::vector<InterfaceSettings> rows);
  /// nullptr where there is none. Holds as long as this does.
  const InterfaceFacts* find(const IpAddress& exporter, std::uint32_t index) const;
  bool empty() const { return exporters_.empty(); }
  std::size_t size() const;

 private:
  using Indexes = std::map<std::uint32_t, InterfaceFacts>;
  std::vector<std::pair<IpPrefix, Indexes>> exporters_;  // longest first
};

class Names {
 public:
  Networks networks;
  InterfaceTable interfaces;
  std::shared_ptr<const Ases> ases;           ///< null: none
  std::shared_ptr<const Database> countries;  ///< null: none
  std::vector<Rule> rules;
  bool interface_rules = false;  ///< some are about interfaces
  bool flow_rules = false;
  std::vector<AsSource> as_from;
  std::uint32_t cached_addresses = 0;

  /// Whether addresses are looked up at all.
  bool any_address() const { return !networks.empty() || ases || countries || !exporter_says_as(); }
  /// Whether what the exporter says of ASes counts at all.
  bool exporter_says_as() const { return std::ranges::find(as_from, AsSource::exporter) != as_from.end(); }
  bool any_interface() const { return !interfaces.empty() || interface_rules; }
};

/// A file's mistakes, or that of a setting.
struct NamesFault {
  std::string setting;  ///< "enrich.networks_file"
  std::string file;     ///< empty: of the setting itself
  std::uint64_t line = 0;
  std::string text;
  /// "FILE:3: ..." or "...".
  std::string sentence() const;
};

/// What a file gave: kept where the file is the same when all is made anew.
struct NamesFiles {
  std::shared_ptr<const Ases> ases;
  std::shared_ptr<const Database> countries;
  std::vector<NetworkSettings> networks;
  std::vector<InterfaceSettings> interfaces;
};

/// At most so many faults of one file are told.
inline constexpr std::size_t kMostFaults = 20;

// Each reads one file; what it could read is put there. Any thread.
std::vector<NamesFault> read_networks(const std::string& path, std::vector<NetworkSettings>& out);
std::vector<NamesFault> read_interfaces(const std::string& path, std::vector<InterfaceSettings>& out);

/// Entries of the configuration come behind those of files, and count.
std::shared_ptr<const Names> make_names(const SourceSettings& settings, const NamesFiles& files);

}  // namespace sluice::enrich
