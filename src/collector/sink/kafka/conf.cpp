#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <initializer_list>
#include <system_error>

#include "sink/factory.hpp"
#include "sink/kafka/client.hpp"
#include "sink/kafka/producer.hpp"

namespace sluice::sink {
namespace {

/// A setting of ours; only a value that came from the user can be wrong in it.
void set(rd_kafka_conf_t* conf, const std::string& where, const char* key, const std::string& value) {
  std::array<char, 512> why{};
  if (rd_kafka_conf_set(conf, key, value.c_str(), why.data(), why.size()) != RD_KAFKA_CONF_OK)
    throw SetupError(where + ": librdkafka refuses " + key + ": " + why.data());
}

void set_property(rd_kafka_conf_t* conf, const std::string& where, const std::string& key,
                  const std::string& value) {
  std::array<char, 512> why{};
  const std::string path = where + ".properties." + key;
  switch (rd_kafka_conf_set(conf, key.c_str(), value.c_str(), why.data(), why.size())) {
    case RD_KAFKA_CONF_OK:
      return;
    case RD_KAFKA_CONF_UNKNOWN:
      throw SetupError(path + ": librdkafka " + rd_kafka_version_str() +
                       " has no property of this name; its CONFIGURATION.md lists them all");
    case RD_KAFKA_CONF_INVALID:
      throw SetupError(path + ": librdkafka refuses the value: " + why.data());
  }
}

bool any_of(const std::map<std::string, std::string>& properties, std::initializer_list<const char*> keys) {
  return std::any_of(keys.begin(), keys.end(), [&](const char* key) { return properties.contains(key); });
}

/// Idempotence costs less than it saves (fewer, fuller requests in flight), but demands all of these to be as
/// it wants them; who sets one of them decides about idempotence too.
bool wants_idempotence(const KafkaSettings& kafka) {
  return kafka.acks == "all" &&
         !any_of(kafka.properties, {"enable.idempotence", "acks", "request.required.acks", "max.in.flight",
                                    "max.in.flight.requests.per.connection", "retries",
                                    "message.send.max.retries", "queuing.strategy"});
}

/// librdkafka's own words for a file that is not there are OpenSSL's, and do not say which file.
void set_file(rd_kafka_conf_t* conf, const std::string& where, const char* setting, const char* key,
              const std::string& path) {
  if (path.empty()) return;
  if (::access(path.c_str(), R_OK) != 0)
    throw SetupError(where + ".tls." + setting + ": cannot read " + path + ": " +
                     std::generic_category().message(errno) + "; name a PEM file that sluice may read");
  set(conf, where, key, path);
}

void set_security(rd_kafka_conf_t* conf, const std::string& where, const KafkaSettings& kafka) {
  const bool sasl = !kafka.sasl_mechanism.empty();
  set(conf, where, "security.protocol",
      kafka.tls ? (sasl ? "sasl_ssl" : "ssl") : (sasl ? "sasl_plaintext" : "plaintext"));
  if (kafka.tls) {
    set_file(conf, where, "ca_file", "ssl.ca.location", kafka.tls_ca_file);
    set_file(conf, where, "certificate_file", "ssl.certificate.location", kafka.tls_certificate_file);
    set_file(conf, where, "key_file", "ssl.key.location", kafka.tls_key_file);
    if (!kafka.tls_key_password.empty()) set(conf, where, "ssl.key.password", kafka.tls_key_password);
    set(conf, where, "enable.ssl.certificate.verification", kafka.tls_verify ? "true" : "false");
    set(conf, where, "ssl.endpoint.identification.algorithm", kafka.tls_verify ? "https" : "none");
  }
  if (sasl) {
    set(conf, where, "sasl.mechanism", kafka.sasl_mechanism);
    set(conf, where, "sasl.username", kafka.sasl_username);
    set(conf, where, "sasl.password", kafka.sasl_password);
  }
}

void set_queue(rd_kafka_conf_t* conf, const std::string& where, const Settings& settings) {
  const KafkaSettings& kafka = std::get<KafkaSettings>(settings.own);
  // The sink's own budget is the bound over all producers; librdkafka's must only not be smaller.
  const std::uint64_t kbytes = std::clamp<std::uint64_t>(kafka.buffer_bytes / 1024 + 1, 1, 2147483647);
  set(conf, where, "queue.buffering.max.kbytes", std::to_string(kbytes));
  set(conf, where, "queue.buffering.max.messages", "0");
  // Blocks of batch framing are batches already; waiting for more of them only makes flows late.
  set(conf, where, "linger.ms", kafka.framing == Framing::batch ? "5" : "100");
  // A whole block and the record's own header must fit into a request.
  const std::uint64_t message = std::clamp<std::uint64_t>(settings.block_bytes + 4096, 1000000, 1000000000);
  set(conf, where, "message.max.bytes", std::to_string(message));
  // Compressed requests on their way are memory beside the budget: few of them.
  set(conf, where, "max.in.flight.requests.per.connection", "5");
}

std::size_t number_in(const rd_kafka_conf_t* conf, const char* key) {
  std::array<char, 32> text{};
  std::size_t size = text.size();
  if (rd_kafka_conf_get(conf, key, text.data(), &size) != RD_KAFKA_CONF_OK) return 1;
  return std::strtoull(text.data(), nullptr, 10);
}

}  // namespace

std::size_t batch_bytes(const rd_kafka_conf_t* conf) {
  return std::min(number_in(conf, "batch.size"), number_in(conf, "message.max.bytes"));
}

std::size_t batch_bytes(const std::string& sink_name, const Settings& settings) {
  return batch_bytes(make_kafka_conf(sink_name, settings).get());
}

KafkaConf make_kafka_conf(const std::string& sink_name, const Settings& settings) {
  const KafkaSettings& kafka = std::get<KafkaSettings>(settings.own);
  const std::string where = "sinks." + sink_name;
  KafkaConf conf(rd_kafka_conf_new());
  set(conf.get(), where, "client.id", "sluice");
  set(conf.get(), where, "bootstrap.servers", kafka.brokers);
  set(conf.get(), where, "compression.type", kafka.compression);
  set(conf.get(), where, "acks", kafka.acks);
  set_queue(conf.get(), where, settings);
  set_security(conf.get(), where, kafka);
  if (wants_idempotence(kafka)) set(conf.get(), where, "enable.idempotence", "true");
  for (const auto& [key, value] : kafka.properties) set_property(conf.get(), where, key, value);
  return conf;
}

bool is_size(rd_kafka_resp_err_t error) { return fail_reason(error) == FailReason::message_too_large; }

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
      return FailReason::fatal;
    case RD_KAFKA_RESP_ERR__PURGE_QUEUE:
    case RD_KAFKA_RESP_ERR__PURGE_INFLIGHT:
    case RD_KAFKA_RESP_ERR__DESTROY:
      return FailReason::shutdown;
    default:
      return FailReason::other;
  }
}

}  // namespace sluice::sink
