#include "app/service_notify.hpp"

#include <systemd/sd-daemon.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>

#include "util/clock.hpp"

namespace sluice::app {
namespace {

/// The manager tells by it whether a reload is the one that it asked for.
std::string monotonic_us() { return std::to_string(monotonic_ns() / 1000); }

/// What closing sinks takes beyond the time that they are given, generously.
constexpr std::chrono::seconds kAfterDeadline{5};

}  // namespace

ServiceNotify::ServiceNotify(LogFn log) : log_(std::move(log)) {
  const char* socket = std::getenv("NOTIFY_SOCKET");
  active_ = socket != nullptr && *socket != '\0';
  watched_ = sd_watchdog_enabled(0, nullptr) > 0;
}

void ServiceNotify::ready() { send("READY=1"); }

void ServiceNotify::reloading() { send("RELOADING=1\nMONOTONIC_USEC=" + monotonic_us()); }

void ServiceNotify::stopping(std::chrono::milliseconds at_most) {
  const std::chrono::microseconds wait = at_most + kAfterDeadline;
  send("STOPPING=1\nSTATUS=Stopping: delivering what was received\nEXTEND_TIMEOUT_USEC=" +
       std::to_string(wait.count()));
}

void ServiceNotify::status(const std::string& line) { send("STATUS=" + line); }

void ServiceNotify::alive() {
  if (watched_) send("WATCHDOG=1");
}

void ServiceNotify::send(const std::string& message) {
  if (!active_) return;
  if (const int sent = sd_notify(0, message.c_str()); sent < 0)
    log_(LogLevel::warning, std::string("the service manager ($NOTIFY_SOCKET) cannot be told anything: ") +
                                std::strerror(-sent));
}

}  // namespace sluice::app
