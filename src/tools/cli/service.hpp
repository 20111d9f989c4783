#pragma once
// How commands that serve tell of themselves: to people on stderr, and to a service manager.
#include <functional>
#include <string>
#include <string_view>

#include "app/service_notify.hpp"

namespace sluice::cli {

/// "sluice store: line" on stderr.
void say(const std::string& command, std::string_view line);

/// Tells the service manager that asked to be told ($NOTIFY_SOCKET); what that meets is said for `command`.
app::ServiceNotify notify_for(const std::string& command);

/// Says a line and tells the service manager that the command serves from now on.
std::function<void(std::string_view)> ready_told(const std::string& command);

}  // namespace sluice::cli
