#pragma once
// A sink as configured.
#include <memory>
#include <stdexcept>
#include <string>

#include "sink/settings.hpp"
#include "sink/sink.hpp"
#include "util/log_sink.hpp"

namespace sluice::sink {

/// A mistake of the user's that only shows when the sink is made: what() is one sentence that names the
/// setting.
struct SetupError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Starts the sink's threads. Throws SetupError; a Kafka broker that is absent is no error. `log` is called
/// from the sink's threads and must stay callable until the sink is destroyed.
std::unique_ptr<Sink> make_sink(const std::string& name, const Settings& settings, unsigned workers,
                                LogFn log);

}  // namespace sluice::sink
