#pragma once
// What librdkafka's errors and the broker's mean for a record.
#include <librdkafka/rdkafka.h>

#include <string>

#include "sink/tally.hpp"

namespace sluice::sink {

/// The bounded set of reasons that they are counted by.
FailReason fail_reason(rd_kafka_resp_err_t error);
/// The broker (or librdkafka) takes no record, or no batch of records, of this size.
bool is_size(rd_kafka_resp_err_t error);
/// The broker refuses this record, or whatever is sent to the topic, and would refuse it again however often
/// it is sent: to keep it would only keep those behind it from their turn.
bool is_never_taken(rd_kafka_resp_err_t error);
/// It is about the topic, the cluster or the client, not about this record, and may pass: a topic that is not
/// there, rights that are missing, replicas that are down, a queue that is full. The same record may be taken
/// later, and until then no other would be.
bool passes(rd_kafka_resp_err_t error);
/// From a report: whether the record is certainly not in the topic, so that sending it again doubles nothing.
bool is_not_written(const rd_kafka_message_t& message);
/// For the log. Of what a broker says that has just been started, that it passes: whoever reads the log for
/// the first time should know.
std::string words(rd_kafka_resp_err_t error);

}  // namespace sluice::sink
