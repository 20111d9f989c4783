#pragma once
// The settings that every client of Kafka has, whatever it does there: for the tables of those who have one.
#include <string>

#include "setting/reading.hpp"
#include "setting/row.hpp"
#include "sink/kafka/settings.hpp"

namespace sluice::sink {

setting::Codec<std::string> kafka_topic();
setting::Row<KafkaConnection> brokers_row();
/// TLS, the login, and the properties of librdkafka.
setting::Table<KafkaConnection> security_rows();
/// Rules between them; `path` is whose settings they are in messages.
void check_connection(setting::Reading& in, const std::string& path, const KafkaConnection& kafka);

}  // namespace sluice::sink
