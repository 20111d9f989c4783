#pragma once
// A client of the brokers that a Kafka sink is set to: librdkafka's handles with their owners, and how
// settings become a librdkafka configuration. For the sink, and for who asks the same brokers something
// (doctor).
#include <librdkafka/rdkafka.h>

#include <memory>
#include <string>

#include "sink/settings.hpp"

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

/// Bytes that librdkafka sends together at the most, one larger record aside.
std::size_t batch_bytes(const rd_kafka_conf_t* conf);
std::size_t batch_bytes(const std::string& sink_name, const Settings& settings);

}  // namespace sluice::sink
