#pragma once
// Passwords of SNMPv3 made into keys (RFC 3414 section 2.6): a megabyte is hashed for each, so it is done
// once.
#include <cstddef>
#include <string>
#include <vector>

#include "snmp/settings.hpp"

namespace sluice::snmp {

/// Before any other function of the library, and by the thread that uses it; again does nothing. The library
/// reads and writes no file and logs nothing from then on.
void prepare_library();

struct DeviceKeys {
  std::vector<unsigned char> auth, privacy;  ///< empty: none
  bool failed = false;                       ///< the library does not know the protocol
};

/// After prepare_library().
DeviceKeys make_keys(const Device& device);

}  // namespace sluice::snmp
