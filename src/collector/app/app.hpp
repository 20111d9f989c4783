#pragma once
// The collector as a whole: the one place that knows every module. Builds sinks, sockets, workers and HTTP
// listeners, connects and starts them, waits for a signal, and stops them in reverse.
#include <functional>

#include "config/load.hpp"

namespace sluice::app {

struct RunOptions {
  bool takeover = false;  ///< takes the sockets of the collector that listens at run.takeover
  /// Reads the configuration again, for a reload. Empty: SIGHUP reopens files and no more.
  std::function<config::LoadResult()> load_again;
};

/// Runs until SIGTERM or SIGINT, or until another process has taken over. Returns the exit status: 0 after an
/// orderly stop, 2 where settings cannot work (a line for each on stderr, with its place; trial.hpp), 1 where
/// something failed while running.
int run(const config::Config& config, const config::Places& places, const RunOptions& options = {});

}  // namespace sluice::app
