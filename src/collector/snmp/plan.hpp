#pragma once
// The poller's settings made ready, and what its thread knows of a device.
#include <algorithm>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "snmp/device_keys.hpp"
#include "snmp/poller.hpp"

namespace sluice::snmp {

struct Poller::Plan {
  explicit Plan(Settings from) : settings(std::move(from)), keys(settings.devices.size()) {
    for (std::size_t i = 0; i < settings.devices.size(); ++i)
      if (const auto prefix = IpPrefix::parse(settings.devices[i].prefix)) prefixes.emplace_back(*prefix, i);
    // Of equal ones the first that is named.
    std::ranges::sort(prefixes, {},
                      [](const auto& one) { return std::pair(-int{one.first.length}, one.second); });
  }
  /// Of settings.devices; nothing where no prefix holds the exporter.
  std::optional<std::size_t> device_of(const IpAddress& exporter) const {
    const auto found =
        std::ranges::find_if(prefixes, [&](const auto& one) { return one.first.contains(exporter); });
    return found == prefixes.end() ? std::nullopt : std::optional(found->second);
  }
  /// Made when they are needed first, by the thread.
  const DeviceKeys& keys_of(std::size_t device) {
    if (!keys[device]) keys[device] = make_keys(settings.devices[device]);
    return *keys[device];
  }

  const Settings settings;
  std::vector<std::pair<IpPrefix, std::size_t>> prefixes;  // the longest first
  std::vector<std::optional<DeviceKeys>> keys;
};

/// Times are monotonic.
struct Poller::Known {
  std::size_t device = 0;      ///< of the plan
  std::uint64_t due_ns = 0;    ///< of the next poll
  std::uint64_t began_ns = 0;  ///< of the latest poll
  std::uint64_t wanted_ns = 0;
  unsigned failures = 0;              ///< in a row
  SeededSet<std::uint32_t> absent{};  ///< ifIndexes that flows name and the device does not
  DeviceStats stats{};
  Answer answer{};
  std::unique_ptr<Poll> poll{};  ///< under way; counts into `stats`
};

}  // namespace sluice::snmp
