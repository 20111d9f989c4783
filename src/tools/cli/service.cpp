#include "cli/service.hpp"

#include <cstdio>

namespace sluice::cli {

void say(const std::string& command, std::string_view line) {
  std::fprintf(stderr, "sluice %s: %.*s\n", command.c_str(), static_cast<int>(line.size()), line.data());
}

app::ServiceNotify notify_for(const std::string& command) {
  return app::ServiceNotify([command](LogLevel, const std::string& line) { say(command, line); });
}

std::function<void(std::string_view)> ready_told(const std::string& command) {
  return [command](std::string_view line) {
    say(command, line);
    notify_for(command).ready();
  };
}

}  // namespace sluice::cli
