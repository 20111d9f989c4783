#pragma once
// From the settings of a source to librdkafka's: for who reads, and for who asks the same brokers something.
#include <string>

#include "intake/settings.hpp"
#include "sink/kafka/client.hpp"

namespace sluice::intake {

/// "sources.NAME".
std::string setting_path(const std::string& source);

/// Callbacks are not set. What is wrong is told one by one and left out.
sink::KafkaConf make_consumer_conf(const std::string& source, const Settings& settings,
                                   const OnMistake& mistake);
/// Tells what making a reader would refuse; no broker is connected to.
void try_out(const std::string& source, const Settings& settings, const OnMistake& mistake);

}  // namespace sluice::intake
