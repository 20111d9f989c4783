#include "snmp/session.hpp"

#include <net-snmp/library/large_fd_set.h>
#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>

#include <algorithm>

namespace sluice::snmp {
namespace {

std::string peer_of(const Target& target) {
  const std::string host = target.address.to_string();
  const std::string port = std::to_string(target.port);
  return target.address.is_v4() ? "udp:" + host + ":" + port : "udp6:[" + host + "]:" + port;
}

/// `peer` outlives the session that is opened with it only until then: the library copies.
netsnmp_session begun(const Target& target, std::string& peer) {
  netsnmp_session out;
  snmp_sess_init(&out);
  out.peername = peer.data();
  out.timeout = static_cast<long>(target.timeout.count()) * 1000;
  out.retries = static_cast<int>(target.retries);
  return out;
}

void forget_user(const EngineId& engine, const std::string& name) {
  usmUser* const user = usm_get_user(engine.data(), engine.size(), name.c_str());
  if (user == nullptr) return;
  usm_remove_user(user);
  usm_free_user(user);
}

/// The library would ask for the engine by itself, and wait for it; a flag of what it is opened with is lost.
void* open_without_probe(netsnmp_session& wanted) {
  wanted.flags |= SNMP_FLAGS_DONT_PROBE;
  void* const handle = snmp_sess_open(&wanted);
  if (handle != nullptr) snmp_sess_session(handle)->flags |= SNMP_FLAGS_DONT_PROBE;
  return handle;
}

bool set_protocols(const Device& device, netsnmp_session& to) {
  if (device.auth_protocol == "none") {
    to.securityLevel = SNMP_SEC_LEVEL_NOAUTH;
    return true;
  }
  const int auth = usm_lookup_auth_type(device.auth_protocol.c_str());
  if (auth < 0) return false;
  to.securityAuthProto = sc_get_auth_oid(auth, &to.securityAuthProtoLen);
  to.securityLevel = SNMP_SEC_LEVEL_AUTHNOPRIV;
  if (device.privacy_protocol == "none") return to.securityAuthProto != nullptr;
  const int privacy = usm_lookup_priv_type(device.privacy_protocol.c_str());
  if (privacy < 0) return false;
  to.securityPrivProto = sc_get_priv_oid(privacy, &to.securityPrivProtoLen);
  to.securityLevel = SNMP_SEC_LEVEL_AUTHPRIV;
  return to.securityAuthProto != nullptr && to.securityPrivProto != nullptr;
}

Value value_of(const netsnmp_variable_list& from) {
  Value out;
  constexpr std::size_t kLongest = 128;  // RFC 3416 section 4
  out.oid.reserve(std::min(from.name_length, kLongest));
  for (std::size_t i = 0; i < std::min(from.name_length, kLongest); ++i)
    out.oid.push_back(static_cast<std::uint32_t>(from.name[i]));
  switch (from.type) {
    case ASN_OCTET_STR:
      out.kind = Value::Kind::text;
      if (from.val.string != nullptr)
        // More is not looked at; clean_text() has the bound in characters.
        out.text.assign(reinterpret_cast<const char*>(from.val.string), std::min(from.val_len, 4 * kMaxText));
      break;
    case ASN_INTEGER:
    case ASN_GAUGE:
    case ASN_COUNTER:
    case ASN_TIMETICKS:
      if (from.val.integer == nullptr || from.val_len != sizeof(long)) break;
      out.kind = Value::Kind::number;
      out.number = static_cast<std::uint32_t>(*from.val.integer);
      break;
    default:
      break;
  }
  return out;
}

Reply reply_of(const netsnmp_pdu& pdu) {
  if (pdu.command != SNMP_MSG_RESPONSE) return {Reply::Kind::error};
  if (pdu.errstat == SNMP_ERR_TOOBIG) return {Reply::Kind::too_big};
  if (pdu.errstat != SNMP_ERR_NOERROR) return {Reply::Kind::error};
  Reply out{Reply::Kind::values};
  for (const netsnmp_variable_list* one = pdu.variables; one != nullptr; one = one->next_variable)
    out.values.push_back(value_of(*one));
  return out;
}

Reply report_of(netsnmp_pdu& pdu) {
  switch (snmpv3_get_report_type(&pdu)) {
    case SNMPERR_UNKNOWN_ENG_ID: {
      Reply out{Reply::Kind::engine};
      if (pdu.securityEngineID != nullptr)
        out.engine.assign(pdu.securityEngineID, pdu.securityEngineID + pdu.securityEngineIDLen);
      return out;
    }
    case SNMPERR_UNKNOWN_USER_NAME:
    case SNMPERR_UNSUPPORTED_SEC_LEVEL:
    case SNMPERR_AUTHENTICATION_FAILURE:
    case SNMPERR_DECRYPTION_ERR:
      return {Reply::Kind::refused};
    default:
      return {Reply::Kind::error};
  }
}

}  // namespace

/// Called by the library within turn() and send().
struct Session::Handler {
  static int take(int operation, netsnmp_session* /*which*/, int /*request*/, netsnmp_pdu* pdu, void* to) {
    auto& self = *static_cast<Session*>(to);
    constexpr int kHandled = 1;
    if (operation == NETSNMP_CALLBACK_OP_RESEND) {
      ++self.resends_;
      return kHandled;
    }
    if (self.reply_) return kHandled;
    switch (operation) {
      case NETSNMP_CALLBACK_OP_RECEIVED_MESSAGE:
      case NETSNMP_CALLBACK_OP_SEC_ERROR:  // a report comes as both
        if (pdu == nullptr) break;
        if (pdu->command != SNMP_MSG_REPORT)
          self.reply_ = reply_of(*pdu);
        else if (snmpv3_get_report_type(pdu) != SNMPERR_NOT_IN_TIME_WINDOW)
          self.reply_ = report_of(*pdu);
        // Else the library takes the time from it and sends the request again.
        break;
      case NETSNMP_CALLBACK_OP_TIMED_OUT:
        self.reply_ = Reply{Reply::Kind::silence};
        break;
      case NETSNMP_CALLBACK_OP_SEND_FAILED:
      case NETSNMP_CALLBACK_OP_DISCONNECT:
        self.reply_ = Reply{Reply::Kind::unsent};
        break;
      default:
        break;
    }
    return kHandled;
  }
};

Session::Session(const Target& target, const std::string& community) {
  std::string peer = peer_of(target), secret = community;
  netsnmp_session wanted = begun(target, peer);
  wanted.version = SNMP_VERSION_2c;
  wanted.community = reinterpret_cast<unsigned char*>(secret.data());
  wanted.community_len = secret.size();
  handle_ = snmp_sess_open(&wanted);
}

Session::Session(const Target& target, const Device& device, const DeviceKeys& keys, const EngineId& engine)
    : engine_(engine), user_(device.user) {
  std::string peer = peer_of(target), user = device.user, context = device.context;
  EngineId id = engine;
  netsnmp_session wanted = begun(target, peer);
  wanted.version = SNMP_VERSION_3;
  wanted.securityModel = SNMP_SEC_MODEL_USM;
  wanted.securityName = user.data();
  wanted.securityNameLen = user.size();
  wanted.securityEngineID = wanted.contextEngineID = id.data();
  wanted.securityEngineIDLen = wanted.contextEngineIDLen = id.size();
  wanted.contextName = context.data();
  wanted.contextNameLen = context.size();
  if (!set_protocols(device, wanted)) return;
  std::copy_n(keys.auth.begin(), std::min<std::size_t>(keys.auth.size(), USM_AUTH_KU_LEN),
              wanted.securityAuthKey);
  wanted.securityAuthKeyLen = keys.auth.size();
  std::copy_n(keys.privacy.begin(), std::min<std::size_t>(keys.privacy.size(), USM_PRIV_KU_LEN),
              wanted.securityPrivKey);
  wanted.securityPrivKeyLen = keys.privacy.size();
  forget_user(engine_, user_);
  if (usm_create_user_from_session(&wanted) != SNMPERR_SUCCESS) return;
  handle_ = open_without_probe(wanted);
}

Session::Session(const Target& target) {
  std::string peer = peer_of(target), nobody;
  netsnmp_session wanted = begun(target, peer);
  wanted.version = SNMP_VERSION_3;
  wanted.securityModel = SNMP_SEC_MODEL_USM;
  wanted.securityLevel = SNMP_SEC_LEVEL_NOAUTH;
  wanted.securityName = nobody.data();
  handle_ = open_without_probe(wanted);
}

Session::~Session() {
  if (handle_ != nullptr) snmp_sess_close(handle_);
  if (!user_.empty()) forget_user(engine_, user_);
}

int Session::fd() const { return snmp_sess_transport(handle_)->sock; }

void Session::send(netsnmp_pdu* pdu) {
  reply_.reset();
  if (snmp_sess_async_send(handle_, pdu, &Handler::take, this) != 0) return;
  snmp_free_pdu(pdu);
  reply_ = Reply{Reply::Kind::unsent};
}

void Session::ask(const std::vector<Oid>& after, int repetitions) {
  netsnmp_pdu* const pdu = snmp_pdu_create(SNMP_MSG_GETBULK);
  pdu->non_repeaters = 0;
  pdu->max_repetitions = repetitions;
  for (const Oid& one : after) {
    const std::vector<oid> name(one.begin(), one.end());
    snmp_add_null_var(pdu, name.data(), name.size());
  }
  send(pdu);
}

/// RFC 3414 section 4: an empty request of nobody, to which an engine answers with a report that has its id.
void Session::discover() {
  netsnmp_pdu* const pdu = snmp_pdu_create(SNMP_MSG_GET);
  pdu->version = SNMP_VERSION_3;
  pdu->securityModel = SNMP_SEC_MODEL_USM;
  pdu->securityLevel = SNMP_SEC_LEVEL_NOAUTH;
  pdu->securityName = strdup("");
  pdu->securityNameLen = 0;
  send(pdu);
}

std::optional<Reply> Session::turn(bool readable) {
  if (!reply_) {
    if (readable) {
      netsnmp_large_fd_set ready;
      netsnmp_large_fd_set_init(&ready, fd() + 1);
      NETSNMP_LARGE_FD_ZERO(&ready);
      NETSNMP_LARGE_FD_SET(fd(), &ready);
      snmp_sess_read2(handle_, &ready);
      netsnmp_large_fd_set_cleanup(&ready);
    } else {
      snmp_sess_timeout(handle_);
    }
  }
  return std::exchange(reply_, std::nullopt);
}

}  // namespace sluice::snmp
