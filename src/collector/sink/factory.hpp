#pragma once
// A sink as configured.
#include <memory>
#include <string>

#include "sink/settings.hpp"
#include "sink/sink.hpp"
#include "sluice/flow/user_fields.hpp"
#include "util/log_sink.hpp"
#include "util/setup_error.hpp"

namespace sluice::sink {

/// Tells each mistake for which make_sink() would refuse these settings with so many workers. Starts no sink,
/// makes no file and asks nobody on the network.
void try_out(const std::string& name, const Settings& settings, unsigned workers, const OnMistake& mistake);

/// Starts the sink's threads. Throws SetupError; a Kafka broker that is absent is no error. `log` is called
/// from the sink's threads and must stay callable until the sink is destroyed. `workers`: how many hand it
/// blocks. `user_fields`: those that rows may have besides the table's; may be null.
std::unique_ptr<Sink> make_sink(const std::string& name, const Settings& settings, unsigned workers,
                                LogFn log, UserFieldsPtr user_fields = nullptr);

}  // namespace sluice::sink
