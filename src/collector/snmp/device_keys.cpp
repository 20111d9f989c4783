#include "snmp/device_keys.hpp"

#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>

#include <mutex>

namespace sluice::snmp {
namespace {

std::vector<unsigned char> key_of(const Device& device, const std::string& password, bool& failed) {
  const int type = usm_lookup_auth_type(device.auth_protocol.c_str());
  std::size_t oid_size = 0;
  const oid* const protocol = type < 0 ? nullptr : sc_get_auth_oid(type, &oid_size);
  std::vector<unsigned char> key(USM_AUTH_KU_LEN);
  std::size_t size = key.size();
  if (protocol == nullptr || generate_Ku(protocol, static_cast<u_int>(oid_size),
                                         reinterpret_cast<const unsigned char*>(password.data()),
                                         password.size(), key.data(), &size) != SNMPERR_SUCCESS) {
    failed = true;
    return {};
  }
  key.resize(size);
  return key;
}

}  // namespace

void prepare_library() {
  static std::once_flag once;
  std::call_once(once, [] {
    netsnmp_register_loghandler(NETSNMP_LOGHANDLER_NONE, LOG_DEBUG);  // without one it writes to stderr
    for (const int setting : {NETSNMP_DS_LIB_DONT_READ_CONFIGS, NETSNMP_DS_LIB_DONT_PERSIST_STATE,
                              NETSNMP_DS_LIB_DISABLE_PERSISTENT_LOAD, NETSNMP_DS_LIB_DISABLE_PERSISTENT_SAVE})
      netsnmp_ds_set_boolean(NETSNMP_DS_LIBRARY_ID, setting, 1);
    char nowhere[] = "";
    netsnmp_set_mib_directory(nowhere);  // objects are asked for by number
    init_snmp("sluice");
  });
}

DeviceKeys make_keys(const Device& device) {
  DeviceKeys out;
  if (device.version != Version::v3 || device.auth_protocol == "none") return out;
  out.auth = key_of(device, device.auth_password, out.failed);
  if (device.privacy_protocol != "none") out.privacy = key_of(device, device.privacy_password, out.failed);
  return out;
}

}  // namespace sluice::snmp
