#pragma once
// The service manager's store of descriptors (sd_pid_notify_with_fds(3)): sockets in it outlive the process,
// and what arrives meanwhile waits in them. It takes as many as FileDescriptorStoreMax= says, and silently
// no more. Where no service manager is told anything ($NOTIFY_SOCKET), nothing is kept.
#include <string>
#include <vector>

#include "net/given_sockets.hpp"
#include "util/log_sink.hpp"

namespace sluice::app {

/// For one thread: the main one.
class FdStore {
 public:
  /// Reads the environment that the service manager started us with.
  explicit FdStore(LogFn log);

  /// What was kept over a restart, and what a socket unit made ($LISTEN_FDS). Once; nothing after that.
  std::vector<net::GivenSocket> take_given();
  /// Keeps a copy of the descriptor under the name; of one that is kept already nothing changes.
  void keep(int fd, const std::string& name);
  void forget(const std::string& name);
  /// Waits until the manager has done all that it was told: what it forgot is closed then.
  void settle();

 private:
  void check(int sent);

  LogFn log_;
  bool active_ = false;
};

}  // namespace sluice::app
