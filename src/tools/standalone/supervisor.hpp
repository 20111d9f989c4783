#pragma once
// Runs programs that belong together as one service: starts them, waits until each says that it is ready
// (READY=1, sd_notify(3)), starts one again that ends by itself, and ends them in order.
//
// Before all were ready for the first time, one that ends, ends all: something is wrong that somebody must
// see. After that it is started again, after a second and then in longer steps, while the others go on. One
// that finds its configuration wrong (status 2) ends all at any time, as starting it again would not help.
#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "standalone/part.hpp"

namespace sluice::standalone {

struct Plan {
  /// All are started at once, and end one after the other in this order.
  std::vector<Program> parts;
  /// The part that is told of SIGHUP, whose status line is that of all, and whose watchdog feeds ours.
  std::size_t leader = 0;
  /// Runs once, when `parts[after]` is ready; must end with status 0.
  std::optional<Program> task;
  std::size_t after = 0;
  /// What `parts[after]` runs as until the task has ended: in a place that only the task knows, where nobody
  /// is in its way. Then it is ended, and the part started.
  std::optional<Program> preparing{};
  std::chrono::milliseconds pause{1000};  ///< before one is started again, the first time
  std::chrono::seconds longest_end{60};   ///< for each part at the end; then it is killed
};

/// What is told to people and to the service manager.
struct Words {
  std::function<void(std::string_view)> line;
  std::function<void()> ready;  ///< once
  std::function<void(const std::string&)> status;
  std::function<void()> alive;
  std::function<void(std::chrono::milliseconds)> stopping;
};

/// Until SIGTERM or SIGINT, a second of which kills; the exit status. Blocks these signals, SIGHUP and
/// SIGCHLD in the process, which has one thread.
int supervise(const Plan& plan, const Words& words);

}  // namespace sluice::standalone
