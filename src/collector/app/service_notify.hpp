#pragma once
// What the service manager is told (sd_notify(3)): that the collector is up, reloads, stops or is alive, and
// a line for `systemctl status`. Where no service manager asked to be told ($NOTIFY_SOCKET), nothing is sent.
#include <chrono>
#include <string>

#include "util/log_sink.hpp"

namespace sluice::app {

/// For one thread: the main one.
class ServiceNotify {
 public:
  /// Reads the environment that the service manager started us with.
  explicit ServiceNotify(LogFn log);

  /// Somebody listens.
  bool active() const { return active_; }

  /// All listeners are bound and all workers run; also the end of what reloading() began.
  void ready();
  void reloading();
  /// The end has begun and may take this long; the manager waits that long before it kills.
  void stopping(std::chrono::milliseconds at_most);
  void status(const std::string& line);
  /// Feeds the watchdog, where there is one. Only for a collector all of whose workers turn.
  void alive();

 private:
  void send(const std::string& message);

  LogFn log_;
  bool active_ = false;
  bool watched_ = false;
};

}  // namespace sluice::app
