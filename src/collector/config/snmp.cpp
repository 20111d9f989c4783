// The settings of enrich.snmp.
#include "config/tables.hpp"
#include "setting/text.hpp"
#include "sluice/flow/address.hpp"

namespace sluice::config {
namespace {

using namespace std::chrono_literals;
using snmp::Device;
using S = snmp::Settings;

constexpr std::uint64_t kMB = 1ULL << 20;

Codec<std::string> prefix() {
  return text("prefix", "a prefix or an address such as 192.0.2.0/24, 2001:db8::/32 or 192.0.2.1",
              [](std::string_view given) { return IpPrefix::parse(given).has_value(); });
}

Codec<std::string> address() {
  return text("address", "an IPv4 or IPv6 address such as 192.0.2.1, or \"\" for the exporter's own",
              [](std::string_view given) { return given.empty() || IpAddress::parse(given).has_value(); });
}

/// RFC 3411 section 5: SnmpAdminString of USM is one of 32 bytes.
Codec<std::string> short_name() {
  return text("text", "up to 32 bytes of UTF-8 without control characters",
              [](std::string_view given) { return given.size() <= 32 && is_clean_text(given); });
}

template <auto Member, class V>
Row<Config> of_snmp(const char* key, Codec<V> codec, const char* unit, const char* meaning) {
  return row<Config, &Config::snmp, Member>(std::string("enrich.snmp.") + key, std::move(codec), unit,
                                            meaning)
      .at_reload();
}

constexpr const char* kDeviceForm =
    "it takes a map such as {prefix: 192.0.2.0/24, community_file: /etc/sluice/snmp-community}";

bool read_device(Reading& in, const std::string& path, const Value& value, Device& out) {
  in.note(path, value);
  if (value.broken) return false;
  if (value.kind != Value::Kind::map) {
    in.fault(path, value.origin, path + " is " + described(value) + "; " + kDeviceForm);
    return false;
  }
  const std::size_t before = in.findings().size();
  read_section(in, snmp_device_table(), path, value, out);
  if (value.find("prefix") == nullptr)
    in.fault(path, value.origin, path + " has no prefix; add one, such as prefix: 192.0.2.0/24");
  return in.findings().size() == before;
}

void read_devices(Reading& in, const std::string& path, const Value& value, Config& config) {
  in.note(path, value);
  const auto list =
      as_list(in, path, value, "it takes a list of maps such as [{prefix: 192.0.2.0/24, community: public}]");
  if (!list) return;
  config.snmp.devices.clear();
  for (std::size_t i = 0; i < list->items.size(); ++i)
    if (!read_device(in, element(path, i), list->items[i], config.snmp.devices.emplace_back()))
      config.snmp.devices.back().prefix.clear();  // which check_snmp() passes over
}

Value write_devices(const Config& config) {
  return list_of(config.snmp.devices, [](const Device& d) { return write_section(snmp_device_table(), d); });
}

/// What a protocol other than "none" needs.
void check_password(Reading& in, const std::string& path, const std::string& what,
                    const std::string& protocol, const std::string& password) {
  const std::string key = path + "." + what + "_password";
  if (in.failed(key) || in.failed(key + "_file") || in.failed(path + "." + what + "_protocol")) return;
  if (protocol == "none") {
    if (!password.empty())
      in.fault(key, in.origin(key),
               key + " is set and " + path + "." + what + "_protocol is none; keep one of them");
  } else if (password.empty()) {
    in.fault(path, in.origin(path),
             path + " has no " + what + "_password for " + what + "_protocol " + protocol + "; add it or " +
                 what + "_password_file, or set " + what + "_protocol: none");
  } else if (password.size() < snmp::kShortestPassword) {
    in.fault(key, in.origin(in.given(key) ? key : key + "_file"),
             key + " has less than 8 characters, which SNMPv3 does not allow");
  }
}

void check_v3(Reading& in, const std::string& path, const Device& device) {
  if (!device.community.empty())
    in.fault(path + ".community", in.origin(path + ".community"),
             path + ".community is for version 2c; version 3 takes user and passwords");
  if (device.user.empty() && !in.failed(path + ".user"))
    in.fault(path, in.origin(path), path + " has no user, which version 3 needs");
  check_password(in, path, "auth", device.auth_protocol, device.auth_password);
  check_password(in, path, "privacy", device.privacy_protocol, device.privacy_password);
  if (device.auth_protocol == "none" && device.privacy_protocol != "none")
    in.fault(path + ".privacy_protocol", in.origin(path + ".auth_protocol"),
             path + ".privacy_protocol is " + device.privacy_protocol +
                 " and auth_protocol none; SNMPv3 encrypts for users alone whom it authenticates");
}

void check_device(Reading& in, const std::string& path, const Device& device) {
  if (in.failed(path + ".version")) return;
  if (device.version == snmp::Version::v3) return check_v3(in, path, device);
  if (!device.user.empty())
    in.fault(path + ".user", in.origin(path + ".user"),
             path + ".user is for version 3; add version: 3, or a community instead");
  else if (device.community.empty() && !in.failed(path + ".community") &&
           !in.failed(path + ".community_file"))
    in.fault(path, in.origin(path),
             path + " has no community; add community_file or community, or version: 3 with a user");
}

}  // namespace

const Table<Device>& snmp_device_table() {
  static const Table<Device> table = [] {
    Table<Device> t{
        row<Device, &Device::prefix>("prefix", prefix(), "",
                                     "Exporters that the entry is about; the longest prefix counts")
            .defaults_to("none, must be given"),
        row<Device, &Device::address>("address", address(), "",
                                      "Whom to ask for the interfaces; empty: the exporter itself"),
        row<Device, &Device::port>("port", integer<std::uint16_t>(1, 65'535), "", "UDP port there"),
        row<Device, &Device::version>("version", choice(snmp::kVersions), "", "Version of SNMP"),
    };
    secret_rows<Device, &Device::community>(t, "community", "Community of version 2c", true);
    t.push_back(
        row<Device, &Device::user>("user", short_name(), "", "User of version 3, as all that follows"));
    t.push_back(row<Device, &Device::auth_protocol>(
        "auth_protocol", word({snmp::kAuthProtocols.begin(), snmp::kAuthProtocols.end()}), "",
        "How user and device prove to each other who they are"));
    secret_rows<Device, &Device::auth_password>(t, "auth_password",
                                                "Password for that, of 8 characters or more", true);
    t.push_back(row<Device, &Device::privacy_protocol>(
        "privacy_protocol", word({snmp::kPrivacyProtocols.begin(), snmp::kPrivacyProtocols.end()}), "",
        "How what they say is encrypted"));
    secret_rows<Device, &Device::privacy_password>(t, "privacy_password",
                                                   "Password for that, of 8 characters or more", true);
    t.push_back(row<Device, &Device::context>("context", short_name(), "",
                                              "Context of the device that has the interfaces"));
    for (Row<Device>& one : t) one.reloads = true;
    return t;
  }();
  return table;
}

void add_snmp(Table<Config>& t) {
  t.push_back(of_snmp<&S::interval>("interval", whole_seconds(10s, 24h), "",
                                    "Time between two polls of a device's interfaces"));
  t.push_back(of_snmp<&S::min_interval>(
      "min_interval", whole_seconds(1s, 24h), "",
      "The same where a flow names an interface that is not known, and after a device did not answer"));
  t.push_back(
      of_snmp<&S::timeout>("timeout", duration(100ms, 1min), "", "How long a request waits for its answer"));
  t.push_back(of_snmp<&S::retries>("retries", integer<std::uint32_t>(0, 10), "times",
                                   "How often a request is sent again"));
  t.push_back(of_snmp<&S::max_devices>("max_devices", integer<std::uint32_t>(1, 100'000), "devices",
                                       "Exporters that are asked; further ones are counted"));
  t.push_back(of_snmp<&S::max_interfaces>(
      "max_interfaces", integer<std::uint32_t>(1, 1'000'000), "interfaces per device",
      "Interfaces of one device that are kept; further ones are counted"));
  t.push_back(
      of_snmp<&S::max_bytes>("max_bytes", size(kMB, 1024 * 1024 * kMB), "bytes",
                             "Memory for the interfaces of all devices; an answer past it is not taken"));
  t.push_back(special<Config>("enrich.snmp.devices", "list",
                              "How exporters are asked for their interfaces by SNMP; empty: none is", "[]",
                              read_devices, write_devices)
                  .at_reload());
  t.back().same = [](const Config& a, const Config& b) { return a.snmp.devices == b.snmp.devices; };
  t.back().copy = [](const Config& from, Config& to) { to.snmp.devices = from.snmp.devices; };
}

void check_snmp(Reading& in, const Config& config) {
  for (std::size_t i = 0; i < config.snmp.devices.size(); ++i)
    if (!config.snmp.devices[i].prefix.empty())
      check_device(in, element("enrich.snmp.devices", i), config.snmp.devices[i]);
}

}  // namespace sluice::config
