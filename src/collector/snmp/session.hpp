#pragma once
// A session of net-snmp with one device: requests go out, answers come back through turn(), nothing waits.
// The one place that knows the library, with device_keys.
//
// The library keeps users of SNMPv3 for the whole process, by name and engine: a second session to an engine
// goes on with the keys of the first, right or wrong. So a session makes its user anew and removes it at its
// end, and of one user of one engine there is but one session at a time: who opens them sees to that.
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sluice/flow/address.hpp"
#include "snmp/device_keys.hpp"
#include "snmp/settings.hpp"
#include "snmp/walk.hpp"

struct snmp_pdu;

namespace sluice::snmp {

using EngineId = std::vector<unsigned char>;

/// What came of a request.
struct Reply {
  enum class Kind : std::uint8_t {
    values,
    too_big,
    engine,   ///< to Session::discover()
    refused,  ///< v3: user, password or level
    error,    ///< cannot be used
    silence,  ///< no answer, after all retries
    unsent,
  };
  Kind kind = Kind::error;
  std::vector<Value> values{};
  EngineId engine{};
};

struct Target {
  IpAddress address;
  std::uint16_t port = 161;
  std::chrono::milliseconds timeout{2000};
  std::uint32_t retries = 2;
};

/// Of one thread. One thread of the process at a time uses sessions.
class Session {
 public:
  /// v2c.
  Session(const Target& target, const std::string& community);
  /// v3, to an engine.
  Session(const Target& target, const Device& device, const DeviceKeys& keys, const EngineId& engine);
  /// v3, for discover() alone.
  explicit Session(const Target& target);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  /// False where there is no descriptor left, or no such key.
  bool opened() const { return handle_ != nullptr; }
  int fd() const;
  /// Asks for what comes after these objects. One request at a time.
  void ask(const std::vector<Oid>& after, int repetitions);
  /// Asks for the engine's id.
  void discover();
  /// Reads what has come, and sends again what is due; the reply where there is one now.
  std::optional<Reply> turn(bool readable);
  std::uint64_t resends() const { return resends_; }

 private:
  struct Handler;
  void send(snmp_pdu* pdu);

  void* handle_ = nullptr;
  std::optional<Reply> reply_;
  std::uint64_t resends_ = 0;
  EngineId engine_;  // whose user is made
  std::string user_;
};

}  // namespace sluice::snmp
