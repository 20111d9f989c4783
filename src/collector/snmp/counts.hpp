#pragma once
// What is counted of devices that are asked for their interfaces.
#include <array>
#include <cstdint>

#include "sluice/util/counts.hpp"

namespace sluice::snmp {

/// Of one device.
enum class DeviceCount : std::uint8_t {
  polls,     ///< begun
  complete,  ///< of them, answered to the end
  requests,
  resends,  ///< requests sent again
  answers,
  timeouts,        ///< requests without an answer, after all of `retries`
  refused_logins,  ///< v3: user, password or level
  errors,          ///< answers that cannot be used, and what could not be sent
  interfaces,      ///< known now
  cut_interfaces,  ///< that the latest answer had past the bounds
  absent,          ///< ifIndexes of flows that the device does not know
  count
};

inline constexpr std::array kDeviceCounts{
    CountInfo{DeviceCount::polls, "polls", CountKind::total,
              "Times that the device's interfaces were asked for"},
    CountInfo{DeviceCount::complete, "complete_polls", CountKind::total, "Of them, answered to the end"},
    CountInfo{DeviceCount::requests, "requests", CountKind::total, "Requests sent to the device"},
    CountInfo{DeviceCount::resends, "resends", CountKind::total, "Requests sent again for want of an answer"},
    CountInfo{DeviceCount::answers, "answers", CountKind::total, "Answers of the device"},
    CountInfo{DeviceCount::timeouts, "timeouts", CountKind::total, "Requests that were never answered"},
    CountInfo{DeviceCount::refused_logins, "authentication_failures", CountKind::total,
              "Times that the device refused user, password or level of SNMPv3"},
    CountInfo{DeviceCount::errors, "errors", CountKind::total,
              "Answers that cannot be used, and requests that could not be sent"},
    CountInfo{DeviceCount::interfaces, "interfaces", CountKind::gauge, "Interfaces known of the device"},
    CountInfo{DeviceCount::cut_interfaces, "cut_interfaces", CountKind::gauge,
              "Interfaces of its latest answer that were over a limit"},
    CountInfo{DeviceCount::absent, "absent_interfaces", CountKind::gauge,
              "Interface numbers of its flows that the device does not know"},
};
static_assert(rows_in_order(kDeviceCounts) && kDeviceCounts.size() == Counts<DeviceCount>::kSize);

/// Of all together.
enum class PollerCount : std::uint8_t {
  devices,  ///< known now
  refused,  ///< exporters for which there was no room
  restored,
  count
};

inline constexpr std::array kPollerCounts{
    CountInfo{PollerCount::devices, "devices", CountKind::gauge,
              "Devices that are asked for their interfaces"},
    CountInfo{PollerCount::refused, "refused", CountKind::total,
              "Times that an exporter was not asked since there were max_devices already", "refused_devices"},
    CountInfo{PollerCount::restored, "restored", CountKind::gauge,
              "Devices whose interfaces were read from state.file at the start", "restored_devices"},
};
static_assert(rows_in_order(kPollerCounts) && kPollerCounts.size() == Counts<PollerCount>::kSize);

}  // namespace sluice::snmp
