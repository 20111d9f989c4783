#include "snmp/poll.hpp"

namespace sluice::snmp {
namespace {

/// RFC 3411: 5 to 32 bytes.
bool is_engine(const EngineId& id) { return id.size() >= 5 && id.size() <= 32; }

}  // namespace

Poll::Poll(Target target, const Device& device, const DeviceKeys& keys, std::uint32_t max_interfaces,
           std::uint64_t patience_ns, UsersInUse& users, Room& room, Counts<DeviceCount>& counts)
    : target_(target),
      device_(device),
      keys_(keys),
      patience_ns_(patience_ns),
      users_(users),
      counts_(counts),
      walk_(max_interfaces, room) {
  ++counts_[DeviceCount::polls];
}

Poll::~Poll() {
  count_resends();
  session_.reset();
  if (uses_user_) users_.erase({engine_, device_.user});
}

void Poll::count_resends() {
  if (!session_) return;
  counts_[DeviceCount::resends] += session_->resends() - resends_;
  resends_ = session_->resends();
}

void Poll::open(std::unique_ptr<Session> session) {
  count_resends();
  session_ = std::move(session);
  resends_ = 0;
}

std::optional<Standing> Poll::turn(bool readable, std::uint64_t now_ns) {
  if (waits()) return log_in();
  if (deadline_ns_ == 0) deadline_ns_ = now_ns + patience_ns_;
  if (now_ns >= deadline_ns_) {
    ++counts_[DeviceCount::timeouts];
    return answered_ ? Standing::bad_answer : Standing::silent;
  }
  if (!session_) return begin();
  auto reply = session_->turn(readable);
  count_resends();
  if (!reply) return std::nullopt;
  return take(std::move(*reply));
}

std::optional<Standing> Poll::begin() {
  if (keys_.failed) return Standing::unsent;
  if (device_.version == Version::v2c) {
    open(std::make_unique<Session>(target_, device_.community));
    return ask();
  }
  open(std::make_unique<Session>(target_));
  if (!session_->opened()) return Standing::unsent;
  ++counts_[DeviceCount::requests];
  session_->discover();
  return std::nullopt;
}

std::optional<Standing> Poll::take(Reply reply) {
  switch (reply.kind) {
    case Reply::Kind::values:
    case Reply::Kind::too_big:
      return take_values(reply);
    case Reply::Kind::engine:
      ++counts_[DeviceCount::answers];
      if (found_engine_ || !is_engine(reply.engine)) break;
      found_engine_ = true;
      deadline_ns_ = 0;
      engine_ = std::move(reply.engine);
      open(nullptr);
      return std::nullopt;  // others may have waited longer for the same user
    case Reply::Kind::refused:
      ++counts_[DeviceCount::answers];
      ++counts_[DeviceCount::refused_logins];
      return Standing::refused_login;
    case Reply::Kind::silence:
      ++counts_[DeviceCount::timeouts];
      if (answered_) return Standing::bad_answer;
      return found_engine_ && !keys_.privacy.empty() ? Standing::unreadable : Standing::silent;
    case Reply::Kind::unsent:
      ++counts_[DeviceCount::errors];
      return Standing::unsent;
    case Reply::Kind::error:
      ++counts_[DeviceCount::answers];
      break;
  }
  ++counts_[DeviceCount::errors];
  return Standing::bad_answer;
}

std::optional<Standing> Poll::take_values(const Reply& reply) {
  ++counts_[DeviceCount::answers];
  answered_ = true;
  const std::uint64_t disorder = walk_.disorder();
  const bool fine = reply.kind == Reply::Kind::too_big ? walk_.take_too_big() : walk_.take(reply.values);
  counts_[DeviceCount::errors] += walk_.disorder() - disorder;
  // Whatever else it tells would be as little whole, and others have use for what this holds.
  if (walk_.short_of_room()) return Standing::no_room;
  if (fine) return ask();
  ++counts_[DeviceCount::errors];
  return Standing::bad_answer;
}

/// Where another poll has the user of that engine, a device shows the engine of another: it waits its turn.
std::optional<Standing> Poll::log_in() {
  if (!users_.emplace(engine_, device_.user).second) return std::nullopt;
  uses_user_ = true;
  open(std::make_unique<Session>(target_, device_, keys_, engine_));
  return ask();
}

std::optional<Standing> Poll::ask() {
  if (!session_->opened()) {
    ++counts_[DeviceCount::errors];
    return Standing::unsent;
  }
  const auto after = walk_.next();
  if (after.empty()) return walk_.size() == 0 ? Standing::no_interfaces : Standing::fine;
  ++counts_[DeviceCount::requests];
  session_->ask(after, walk_.repetitions());
  return std::nullopt;
}

}  // namespace sluice::snmp
