#pragma once
// Who is to be forgotten by the books of sinks, which tell exporters apart by their address alone.
#include <algorithm>
#include <set>
#include <span>
#include <vector>

#include "sluice/decode/exporter.hpp"

namespace sluice::app {

/// Addresses of exporters that have left the table and of whom no other (by another port) is in it.
inline std::vector<IpAddress> gone_addresses(std::span<const ExporterKey> left,
                                             const decode::ExporterTable& exporters) {
  std::set<IpAddress> gone;
  for (const ExporterKey& key : left) gone.insert(key.address);
  exporters.for_each([&](const decode::Exporter& exporter) { gone.erase(exporter.key.address); });
  return {gone.begin(), gone.end()};
}

}  // namespace sluice::app
