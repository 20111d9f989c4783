#pragma once
// The collector as a whole: the one place that knows every module. Builds sinks, sockets, workers and HTTP
// listeners, connects and starts them, waits for a signal, and stops them in reverse.
#include "config/config.hpp"

namespace sluice::app {

/// Runs until SIGTERM or SIGINT. Returns the exit status: 0 after an orderly stop, 2 where a setting cannot
/// work (said in one line on stderr), 1 where something failed while running.
int run(const config::Config& config);

}  // namespace sluice::app
