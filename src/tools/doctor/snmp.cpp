// Devices that are asked for their interfaces by SNMP, as the running collector's /metrics tells.
#include <algorithm>
#include <array>

#include "doctor/checks.hpp"

namespace sluice::doctor {
namespace {

struct Kind {
  const char* standing;
  const char* one;   ///< follows the device's address
  const char* many;  ///< follows "3 devices"
  const char* advice;
};
/// In the order of docs/enrichment.md.
constexpr std::array kKinds = {
    Kind{"refused_login", "refuses user, password or level of SNMPv3",
         "refuse user, password or level of SNMPv3",
         "see user, auth_protocol and auth_password of its entry in enrich.snmp.devices"},
    Kind{"unreadable", "answers, but not to what is encrypted", "answer, but not to what is encrypted",
         "see privacy_protocol and privacy_password of its entry in enrich.snmp.devices"},
    Kind{"silent", "does not answer to SNMP", "do not answer to SNMP",
         "see the way to it, whom it lets ask, and the community of version 2c, as a wrong one gets no "
         "answer either"},
    Kind{"no_interfaces", "tells of no interfaces", "tell of no interfaces",
         "see what the user or the community may read there"},
    Kind{"bad_answer", "sends answers that cannot be used, or ceases in the midst of them",
         "send answers that cannot be used, or cease in the midst of them", "the log says since when"},
    Kind{"no_room", "has more interfaces than there is memory for",
         "have more interfaces than there is memory for", "raise enrich.snmp.max_bytes"},
    Kind{"unsent", "cannot be asked", "cannot be asked",
         "see the way there, and the file descriptors that sluice may have"},
};

std::string devices_text(const std::vector<std::string>& devices, const Kind& kind) {
  if (devices.size() == 1) return "The device " + devices.front() + " " + kind.one;
  return counted(static_cast<double>(devices.size()), "device") + " " + kind.many + ", such as " +
         devices.front();
}

}  // namespace

Findings check_snmp(const config::Config& config, const Reading& metrics, double now_seconds) {
  const char* const check = "SNMP";
  if (config.snmp.devices.empty()) return {};
  if (!metrics.has("sluice_snmp_devices"))
    return {{check, Status::warning, "The running sluice asks no device; reload it."}};
  const auto& standings = metrics.of("sluice_snmp_device_standing");
  if (standings.empty())
    return {{check, Status::warning,
             "No exporter that enrich.snmp.devices is about has sent flows yet, so none was asked."}};
  Findings out;
  for (const Kind& kind : kKinds) {
    std::vector<std::string> devices;
    for (const Sample& one : standings)
      if (one.labels.at("standing") == kind.standing) devices.push_back(one.labels.at("device"));
    if (!devices.empty())
      out.push_back({check, Status::warning, devices_text(devices, kind) + "; " + kind.advice + "."});
  }
  const double patience = 3 * static_cast<double>(config.snmp.interval.count());
  std::vector<std::string> stale;
  for (const Sample& one : metrics.of("sluice_snmp_device_last_answer_timestamp_seconds"))
    if (one.value > 0 && one.labels.at("device") != "other" && now_seconds - one.value > patience)
      stale.push_back(one.labels.at("device"));
  if (!stale.empty())
    out.push_back({check, Status::warning,
                   "Names of interfaces are older than three times enrich.snmp.interval for " +
                       counted(static_cast<double>(stale.size()), "device") + ", such as " + stale.front() +
                       "."});
  if (const double refused = metrics.sum("sluice_snmp_refused_devices_total"); refused > 0)
    out.push_back(
        {check, Status::warning, "There are more exporters to ask than enrich.snmp.max_devices; raise it."});
  if (const double cut = metrics.sum("sluice_snmp_device_cut_interfaces"); cut > 0)
    out.push_back({check, Status::warning,
                   counted(cut, "interface") + " of devices were over enrich.snmp.max_interfaces or "
                                               "enrich.snmp.max_bytes and have no names; raise them."});
  if (out.empty())
    out.push_back({check, Status::ok,
                   counted(metrics.sum("sluice_snmp_device_interfaces"), "interface") + " of " +
                       counted(static_cast<double>(standings.size()), "device") + " are known."});
  return out;
}

}  // namespace sluice::doctor
