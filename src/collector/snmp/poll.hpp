#pragma once
// One poll of one device: the engine is found where it is v3, then the tables are walked. Nothing waits; the
// poller's thread alone.
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "snmp/counts.hpp"
#include "snmp/session.hpp"
#include "snmp/walk.hpp"

namespace sluice::snmp {

/// How a device stands by its latest poll.
enum class Standing : std::uint8_t {
  waiting,  ///< not polled to an end yet
  fine,
  silent,         ///< nothing came back; a v2c device says as little to a wrong community
  refused_login,  ///< v3: it knows no such user, or not with this password or level
  unreadable,     ///< v3: it answers, but not to what is encrypted: another privacy password or protocol
  bad_answer,
  no_interfaces,
  no_room,  ///< its answer is larger than what max_bytes leaves, and not taken
  unsent,   ///< no descriptor, no way there, or a protocol that the library does not have
};
/// Values of the label `standing`.
inline constexpr Words<Standing, 9> kStandings{{{"waiting", Standing::waiting},
                                                {"fine", Standing::fine},
                                                {"silent", Standing::silent},
                                                {"refused_login", Standing::refused_login},
                                                {"unreadable", Standing::unreadable},
                                                {"bad_answer", Standing::bad_answer},
                                                {"no_interfaces", Standing::no_interfaces},
                                                {"no_room", Standing::no_room},
                                                {"unsent", Standing::unsent}}};

/// Users of engines that polls have under way, see session.hpp.
using UsersInUse = std::set<std::pair<EngineId, std::string>>;

class Poll {
 public:
  /// All but the target outlive the poll. Begins with the first turn(), and takes no longer than the patience
  /// twice, not counted what it waits for another poll; counts go to `counts`.
  Poll(Target target, const Device& device, const DeviceKeys& keys, std::uint32_t max_interfaces,
       std::uint64_t patience_ns, UsersInUse& users, Room& room, Counts<DeviceCount>& counts);
  ~Poll();
  Poll(const Poll&) = delete;
  Poll& operator=(const Poll&) = delete;

  /// -1: nothing to wait for.
  int fd() const { return session_ && session_->opened() ? session_->fd() : -1; }
  /// For the user of its engine, which another poll has: it holds nothing, and turn() tries to get it.
  bool waits() const { return found_engine_ && !session_; }
  /// Goes on with what has come; how the device stands where the poll is over with that. `now_ns`: monotonic.
  std::optional<Standing> turn(bool readable, std::uint64_t now_ns);
  const Walk& walk() const { return walk_; }

 private:
  std::optional<Standing> begin();
  std::optional<Standing> take(Reply reply);
  std::optional<Standing> take_values(const Reply& reply);
  std::optional<Standing> log_in();
  std::optional<Standing> ask();
  void open(std::unique_ptr<Session> session);
  void count_resends();

  const Target target_;
  const Device& device_;
  const DeviceKeys& keys_;
  const std::uint64_t patience_ns_;
  std::uint64_t deadline_ns_ = 0;  // monotonic; 0: not begun, or waiting for another poll
  UsersInUse& users_;
  Counts<DeviceCount>& counts_;
  Walk walk_;
  std::unique_ptr<Session> session_;
  std::uint64_t resends_ = 0;  // of the session, counted already
  EngineId engine_;
  bool uses_user_ = false;
  bool answered_ = false;
  bool found_engine_ = false;
};

}  // namespace sluice::snmp
