#pragma once
// What is set of SNMP. Plain values.
#include <array>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/util/words.hpp"

namespace sluice::snmp {

enum class Version : std::uint8_t { v2c, v3 };
inline constexpr Words<Version, 2> kVersions{{{"2c", Version::v2c}, {"3", Version::v3}}};

/// As net-snmp calls them; "none" is not asked for.
inline constexpr std::array<std::string_view, 7> kAuthProtocols{"none",    "MD5",     "SHA",    "SHA-224",
                                                                "SHA-256", "SHA-384", "SHA-512"};
inline constexpr std::array<std::string_view, 4> kPrivacyProtocols{"none", "AES", "AES-192", "AES-256"};
inline constexpr std::size_t kShortestPassword = 8;  ///< RFC 3414 section 11.2

/// How devices of a prefix are asked.
struct Device {
  std::string prefix;   ///< of exporters; the longest match counts
  std::string address;  ///< whom to ask; "": the exporter
  std::uint16_t port = 161;
  Version version = Version::v2c;
  std::string community;  ///< v2c
  std::string user;       ///< v3, as all that follows
  std::string auth_protocol = "SHA";
  std::string auth_password;
  std::string privacy_protocol = "AES";
  std::string privacy_password;
  std::string context;
  friend bool operator==(const Device&, const Device&) = default;
};

struct Settings {
  std::chrono::seconds interval{300};       ///< between two polls of a device
  std::chrono::seconds min_interval{30};    ///< the same where a flow names an unknown interface
  std::chrono::milliseconds timeout{2000};  ///< of a request
  std::uint32_t retries = 2;                ///< of a request
  std::uint32_t max_devices = 1000;
  std::uint32_t max_interfaces = 10'000;   ///< of a device
  std::uint64_t max_bytes = 256ULL << 20;  ///< of all names
  std::vector<Device> devices;             ///< empty: off
  friend bool operator==(const Settings&, const Settings&) = default;
};

}  // namespace sluice::snmp
