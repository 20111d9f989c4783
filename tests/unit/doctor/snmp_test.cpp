// What is said of devices that are asked by SNMP.
#include "doctor_support.hpp"

namespace sluice::doctor::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

config::Config asking() {
  config::Config config;
  config.snmp.devices.emplace_back().prefix = "192.0.2.0/24";
  config.snmp.interval = std::chrono::seconds(300);
  return config;
}

Findings of(const std::string& lines) {
  return check_snmp(asking(), Reading::parse("sluice_snmp_devices 2\n" + lines), 10'000);
}

std::string standing(const std::string& device, const std::string& what) {
  return "sluice_snmp_device_standing{device=\"" + device + "\",standing=\"" + what + "\"} 1\n";
}

TEST(CheckSnmp, SaysNothingWhereNoneIsConfigured) {
  EXPECT_THAT(check_snmp({}, Reading::parse("sluice_snmp_devices 1\n"), 0), IsEmpty());
}

TEST(CheckSnmp, TellsACollectorThatAsksNobody) {
  EXPECT_THAT(check_snmp(asking(), Reading::parse("sluice_ready 1\n"), 0),
              ElementsAre(Says(Status::warning, "reload it")));
  EXPECT_THAT(of(""), ElementsAre(Says(Status::warning, "has sent flows yet")));
}

TEST(CheckSnmp, IsContentWithDevicesThatAnswer) {
  EXPECT_THAT(of(standing("192.0.2.1", "fine") + standing("192.0.2.2", "waiting") +
                 "sluice_snmp_device_interfaces{device=\"192.0.2.1\"} 48\n"
                 "sluice_snmp_device_last_answer_timestamp_seconds{device=\"192.0.2.1\"} 9900\n"),
              ElementsAre(Says(Status::ok, "48 interfaces of 2 devices")));
}

TEST(CheckSnmp, SaysHowADeviceFails) {
  EXPECT_THAT(of(standing("192.0.2.1", "fine") + standing("192.0.2.2", "silent")),
              ElementsAre(Says(Status::warning, "The device 192.0.2.2 does not answer to SNMP")));
  EXPECT_THAT(of(standing("192.0.2.1", "refused_login") + standing("192.0.2.2", "refused_login")),
              ElementsAre(Says(Status::warning,
                               "2 devices refuse user, password or level of SNMPv3, such as 192.0.2.1")));
  for (const char* one : {"unreadable", "no_interfaces", "bad_answer", "unsent"})
    EXPECT_THAT(of(standing("192.0.2.1", one)), ElementsAre(Says(Status::warning, "192.0.2.1")));
}

TEST(CheckSnmp, SaysWhatIsStaleAndWhatIsLeftOut) {
  EXPECT_THAT(of(standing("192.0.2.1", "fine") +
                 "sluice_snmp_device_last_answer_timestamp_seconds{device=\"192.0.2.1\"} 9000\n"),
              ElementsAre(Says(Status::warning, "older than three times")));
  EXPECT_THAT(
      of(standing("192.0.2.1", "fine") + "sluice_snmp_refused_devices_total 3\n"
                                         "sluice_snmp_device_cut_interfaces{device=\"192.0.2.1\"} 7\n"),
      ElementsAre(Says(Status::warning, "max_devices"), Says(Status::warning, "7 interfaces")));
}

}  // namespace
}  // namespace sluice::doctor::test
