#pragma once
// A client of the brokers that a Kafka sink or source is set to: librdkafka's handles with their owners, and
// how settings become a librdkafka configuration. For those, and for who asks the same brokers something
// (doctor).
#include <librdkafka/rdkafka.h>

#include <map>
#include <memory>
#include <string>

#include "sink/settings.hpp"
#include "util/setup_error.hpp"

namespace sluice::sink {

struct KafkaDelete {
  void operator()(rd_kafka_conf_t* conf) const { rd_kafka_conf_destroy(conf); }
  void operator()(rd_kafka_topic_t* topic) const { rd_kafka_topic_destroy(topic); }
  void operator()(rd_kafka_t* handle) const { rd_kafka_destroy(handle); }
};
using KafkaConf = std::unique_ptr<rd_kafka_conf_t, KafkaDelete>;
using KafkaTopic = std::unique_ptr<rd_kafka_topic_t, KafkaDelete>;
using KafkaHandle = std::unique_ptr<rd_kafka_t, KafkaDelete>;

/// Throws SetupError that names the setting, `sinks.NAME...`. Callbacks are not set.
KafkaConf make_kafka_conf(const std::string& sink_name, const Settings& settings);
/// The same, where what is wrong is told one by one and left out.
KafkaConf make_kafka_conf(const std::string& sink_name, const Settings& settings, const OnMistake& mistake);

/// For a client that is no sink: these settings, `defaults` (librdkafka's properties, which the user's own
/// may replace), and what is wrong told one by one as a mistake of `where`.
KafkaConf make_kafka_conf(const std::string& where, const KafkaConnection& kafka,
                          const std::map<std::string, std::string>& defaults, const OnMistake& mistake);

/// Takes a conf made from these settings, callbacks set. Throws SetupError where librdkafka refuses them, as
/// it does for TLS files it cannot use and for settings that do not go together. `where` is whose settings
/// they are: "sinks.NAME".
KafkaHandle make_kafka_handle(rd_kafka_type_t type, KafkaConf conf, const std::string& where,
                              const KafkaConnection& kafka);

// They tell what making would refuse; no broker is connected to.

void try_out_kafka(const std::string& sink_name, const Settings& settings, const OnMistake& mistake);
/// Of a conf that was made without a mistake.
void try_out_handle(rd_kafka_type_t type, KafkaConf conf, const std::string& where,
                    const KafkaConnection& kafka, const OnMistake& mistake);

/// Bytes that librdkafka sends together at the most, one larger record aside.
std::size_t batch_bytes(const rd_kafka_conf_t* conf);
std::size_t batch_bytes(const std::string& sink_name, const Settings& settings);

}  // namespace sluice::sink
