#pragma once
// How a module that must not know the logger says something: a level and one sentence. The app turns it into
// a log line and holds back repeats.
#include <cstdint>
#include <functional>
#include <string>

namespace sluice {

enum class LogLevel : std::uint8_t { debug, info, warning, error };

/// Called from any thread, several at once; does not throw.
using LogFn = std::function<void(LogLevel, std::string)>;

}  // namespace sluice
