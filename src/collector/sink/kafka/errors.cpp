#include "sink/kafka/errors.hpp"

namespace sluice::sink {

FailReason fail_reason(rd_kafka_resp_err_t error) {
  switch (error) {
    case RD_KAFKA_RESP_ERR__MSG_TIMED_OUT:
    case RD_KAFKA_RESP_ERR__TIMED_OUT:
    case RD_KAFKA_RESP_ERR__TIMED_OUT_QUEUE:
    case RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT:
      return FailReason::timed_out;
    case RD_KAFKA_RESP_ERR__TRANSPORT:
    case RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN:
    case RD_KAFKA_RESP_ERR__RESOLVE:
    case RD_KAFKA_RESP_ERR__WAIT_COORD:
    case RD_KAFKA_RESP_ERR_BROKER_NOT_AVAILABLE:
    case RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE:
    case RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION:
    case RD_KAFKA_RESP_ERR_NETWORK_EXCEPTION:
    case RD_KAFKA_RESP_ERR_KAFKA_STORAGE_ERROR:
      return FailReason::broker_down;
    case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
    case RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE:
      return FailReason::message_too_large;
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
    case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
    case RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION:
      return FailReason::unknown_topic;
    case RD_KAFKA_RESP_ERR__AUTHENTICATION:
    case RD_KAFKA_RESP_ERR__SSL:
    case RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED:
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
      return FailReason::auth;
    case RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS:
    case RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS_AFTER_APPEND:
      return FailReason::not_enough_replicas;
    case RD_KAFKA_RESP_ERR__FATAL:
    // The broker has lost track of the producer, which librdkafka then gives up.
    case RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER:
    case RD_KAFKA_RESP_ERR_UNKNOWN_PRODUCER_ID:
    case RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH:
    case RD_KAFKA_RESP_ERR_PRODUCER_FENCED:
      return FailReason::fatal;
    case RD_KAFKA_RESP_ERR__BAD_MSG:  // ColumnRecords::kNoRows
      return FailReason::damaged;
    case RD_KAFKA_RESP_ERR__PURGE_QUEUE:
    case RD_KAFKA_RESP_ERR__PURGE_INFLIGHT:
    case RD_KAFKA_RESP_ERR__DESTROY:
      return FailReason::shutdown;
    default:
      return FailReason::other;
  }
}

bool is_size(rd_kafka_resp_err_t error) { return fail_reason(error) == FailReason::message_too_large; }

bool is_never_taken(rd_kafka_resp_err_t error) {
  if (error == RD_KAFKA_RESP_ERR__QUEUE_FULL) return false;
  const FailReason reason = fail_reason(error);
  return error == RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION ||  // a name that the broker does not allow
         reason == FailReason::message_too_large || reason == FailReason::damaged ||
         reason == FailReason::other;
}

bool passes(rd_kafka_resp_err_t error) {
  if (error == RD_KAFKA_RESP_ERR__QUEUE_FULL) return true;
  if (is_never_taken(error)) return false;
  switch (fail_reason(error)) {
    case FailReason::broker_down:
    case FailReason::unknown_topic:
    case FailReason::auth:
    case FailReason::not_enough_replicas:
    case FailReason::fatal:  // another client takes over
      return true;
    default:
      return false;
  }
}

bool is_not_written(const rd_kafka_message_t& message) {
  switch (message.err) {
    // librdkafka says "possibly" of these, but the broker would have known what it had already (its memory of
    // a producer holds as many batches as may be on their way).
    case RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER:
    case RD_KAFKA_RESP_ERR_UNKNOWN_PRODUCER_ID:
      return true;
    default:
      return rd_kafka_message_status(&message) == RD_KAFKA_MSG_STATUS_NOT_PERSISTED;
  }
}

std::string words(rd_kafka_resp_err_t error) {
  const bool topic = error == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART ||
                     error == RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC ||
                     error == RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE;
  const std::string text = rd_kafka_err2str(error);
  return topic ? text + "; this passes as soon as the topic is there, and most brokers make it now" : text;
}

}  // namespace sluice::sink
