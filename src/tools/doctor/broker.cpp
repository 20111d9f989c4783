// Kafka's side: asked as a client that reads nothing, so that neither a topic nor a group comes of it.
#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string_view>

#include "doctor/checks.hpp"
#include "intake/kafka_conf.hpp"
#include "sink/kafka/client.hpp"
#include "sink/kafka/token.hpp"

namespace sluice::doctor {
namespace {

constexpr int kWaitMs = 5000;
constexpr int kStepMs = 1000;

struct Delete {
  void operator()(const rd_kafka_metadata_t* metadata) const { rd_kafka_metadata_destroy(metadata); }
  void operator()(rd_kafka_topic_partition_list_t* list) const {
    rd_kafka_topic_partition_list_destroy(list);
  }
};
struct DeleteAdmin {
  void operator()(rd_kafka_queue_t* queue) const { rd_kafka_queue_destroy(queue); }
  void operator()(rd_kafka_event_t* event) const { rd_kafka_event_destroy(event); }
  void operator()(rd_kafka_ConfigResource_t* resource) const { rd_kafka_ConfigResource_destroy(resource); }
  void operator()(rd_kafka_AdminOptions_t* options) const { rd_kafka_AdminOptions_destroy(options); }
};
using Queue = std::unique_ptr<rd_kafka_queue_t, DeleteAdmin>;
using Event = std::unique_ptr<rd_kafka_event_t, DeleteAdmin>;
using Resource = std::unique_ptr<rd_kafka_ConfigResource_t, DeleteAdmin>;
using AdminOptions = std::unique_ptr<rd_kafka_AdminOptions_t, DeleteAdmin>;
using Metadata = std::unique_ptr<const rd_kafka_metadata_t, Delete>;
using Partitions = std::unique_ptr<rd_kafka_topic_partition_list_t, Delete>;

/// What librdkafka last said about its connections; "Connect to ... failed: Connection refused".
struct Trouble {
  std::string last;
  bool all_down = false;
};

void on_error(rd_kafka_t* /*handle*/, int code, const char* reason, void* opaque) {
  auto& trouble = *static_cast<Trouble*>(opaque);
  if (code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN)
    trouble.all_down = true;
  else
    trouble.last = reason;
}

void on_log(const rd_kafka_t* /*handle*/, int /*level*/, const char* /*facility*/, const char* /*line*/) {}

/// Whose settings are asked with: a sink's or a source's.
struct Client {
  std::string where;  ///< "sinks.NAME"
  const sink::KafkaConnection& kafka;
  std::function<sink::KafkaConf()> conf;
};

Client client_of(const std::string& sink_name, const sink::Settings& settings) {
  return {"sinks." + sink_name, *settings.kafka(),
          [&settings, sink_name] { return sink::make_kafka_conf(sink_name, settings); }};
}

Client client_of(const std::string& source, const intake::Settings& settings) {
  return {intake::setting_path(source), settings, [&settings, source] {
            return intake::make_consumer_conf(
                source, settings, [](SetupError mistake) { throw SetupError(std::move(mistake)); });
          }};
}

/// A consumer never makes a topic by asking for it, as a producer does.
Result<sink::KafkaHandle, std::string> connect(const Client& client, const std::string& group,
                                               Trouble& trouble) {
  try {
    sink::KafkaConf conf = client.conf();
    rd_kafka_conf_set_opaque(conf.get(), &trouble);
    rd_kafka_conf_set_error_cb(conf.get(), &on_error);
    rd_kafka_conf_set_log_cb(conf.get(), &on_log);
    std::array<char, 512> why{};
    if (!group.empty()) rd_kafka_conf_set(conf.get(), "group.id", group.c_str(), why.data(), why.size());
    sink::KafkaHandle handle =
        sink::make_kafka_handle(RD_KAFKA_CONSUMER, std::move(conf), client.where, client.kafka);
    if (client.kafka.sasl_mechanism == sink::kOauth) {
      const auto token = sink::TokenSource(client.where, client.kafka).give(handle.get());
      if (!token) return failure(token.error());
    }
    return handle;
  } catch (const std::exception& error) {
    return failure(std::string(error.what()));
  }
}

Result<Metadata, std::string> metadata_of(rd_kafka_t* handle, const std::string& topic,
                                          const Trouble& trouble) {
  const sink::KafkaTopic wanted(rd_kafka_topic_new(handle, topic.c_str(), nullptr));
  // In steps, so that brokers that refuse are not waited for in vain; one step more than the first in which
  // all did, since a name may have several addresses.
  rd_kafka_resp_err_t error = RD_KAFKA_RESP_ERR__TIMED_OUT;
  for (int waited = 0, refused = 0; waited < kWaitMs && refused < 2; waited += kStepMs) {
    const rd_kafka_metadata_t* found = nullptr;
    error = rd_kafka_metadata(handle, 0, wanted.get(), &found, kStepMs);
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR) return Metadata(found);
    rd_kafka_poll(handle, 0);
    if (trouble.all_down) ++refused;
  }
  return failure(trouble.last.empty() ? std::string(rd_kafka_err2str(error)) : trouble.last);
}

Finding check_topic(const rd_kafka_metadata_topic_t& topic) {
  const std::string name = topic.topic;
  const std::string check = "topic " + name;
  if (topic.err == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART || (topic.err == 0 && topic.partition_cnt == 0))
    return {check, Status::fail,
            "The broker has no topic " + name +
                "; make it: kafka-topics.sh --bootstrap-server BROKER --create "
                "--topic " +
                name +
                " --partitions 12 (a broker with auto.create.topics.enable makes one with the first "
                "flows, by its own defaults)."};
  if (topic.err != 0)
    return {check, Status::fail,
            "The broker says of topic " + name + ": " + rd_kafka_err2str(topic.err) +
                "; look at the rights of this user."};
  const std::span partitions(topic.partitions, static_cast<std::size_t>(topic.partition_cnt));
  const auto leaderless =
      std::count_if(partitions.begin(), partitions.end(), [](const auto& one) { return one.leader < 0; });
  if (leaderless > 0)
    return {check, Status::fail,
            std::to_string(leaderless) + " of " + counted(topic.partition_cnt, "partition") +
                " have no leader, and flows for them wait; look at the brokers."};
  return {check, Status::ok, counted(topic.partition_cnt, "partition") + ", each with a leader."};
}

/// The largest batch that the broker takes for a topic; nothing where it does not say (older brokers, or a
/// user who may not ask for the topic's configuration).
std::optional<std::uint64_t> largest_batch(rd_kafka_t* handle, const std::string& topic) {
  const Queue queue(rd_kafka_queue_new(handle));
  const Resource resource(rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topic.c_str()));
  const AdminOptions options(rd_kafka_AdminOptions_new(handle, RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS));
  std::array<char, 256> why{};
  rd_kafka_AdminOptions_set_request_timeout(options.get(), kWaitMs, why.data(), why.size());
  rd_kafka_ConfigResource_t* asked = resource.get();
  rd_kafka_DescribeConfigs(handle, &asked, 1, options.get(), queue.get());
  const Event event(rd_kafka_queue_poll(queue.get(), kWaitMs + kStepMs));
  const auto* const result = event ? rd_kafka_event_DescribeConfigs_result(event.get()) : nullptr;
  if (result == nullptr || rd_kafka_event_error(event.get()) != 0) return std::nullopt;
  std::size_t n = 0;
  const auto* const* const resources = rd_kafka_DescribeConfigs_result_resources(result, &n);
  if (n != 1 || rd_kafka_ConfigResource_error(resources[0]) != 0) return std::nullopt;
  const auto* const* const entries = rd_kafka_ConfigResource_configs(resources[0], &n);
  for (const auto* entry : std::span(entries, n)) {
    const char* const value = rd_kafka_ConfigEntry_value(entry);
    if (value != nullptr && std::string_view(rd_kafka_ConfigEntry_name(entry)) == "max.message.bytes")
      return std::strtoull(value, nullptr, 10);
  }
  return std::nullopt;
}

Finding no_answer(const std::string& check, const sink::KafkaConnection& kafka, const std::string& why,
                  const std::string& setting) {
  return {check, Status::fail,
          "No broker of " + kafka.brokers + " answers (" + why + "); is it up, is " + setting +
              " right, do TLS and password fit?"};
}

Finding answers(const std::string& check, const sink::KafkaConnection& kafka,
                const rd_kafka_metadata_t& found) {
  return {check, Status::ok,
          kafka.brokers + " answers, " + counted(found.broker_cnt, "broker") + " in its cluster."};
}

/// Records that the group has not confirmed.
Result<std::uint64_t, std::string> lag_of(rd_kafka_t* handle, const std::string& topic,
                                          const rd_kafka_metadata_t& metadata) {
  const Partitions offsets(rd_kafka_topic_partition_list_new(0));
  for (int i = 0; i < metadata.topic_cnt; ++i)
    for (int p = 0; p < metadata.topics[i].partition_cnt; ++p)
      rd_kafka_topic_partition_list_add(offsets.get(), topic.c_str(), metadata.topics[i].partitions[p].id);
  if (const auto error = rd_kafka_committed(handle, offsets.get(), kWaitMs); error != 0)
    return failure(std::string(rd_kafka_err2str(error)));
  std::uint64_t out = 0;
  for (int i = 0; i < offsets->cnt; ++i) {
    const auto& one = offsets->elems[i];
    std::int64_t first = 0, last = 0;
    if (const auto error =
            rd_kafka_query_watermark_offsets(handle, topic.c_str(), one.partition, &first, &last, kWaitMs);
        error != 0)
      return failure(std::string(rd_kafka_err2str(error)));
    const std::int64_t done =
        one.offset < 0 ? first : std::max(one.offset, first);  // negative: never confirmed any
    out += static_cast<std::uint64_t>(std::max<std::int64_t>(0, last - done));
  }
  return out;
}

Findings check_source(const std::string& name, const intake::Settings& settings) {
  const std::string check = "broker of source " + name;
  Trouble trouble;
  const auto handle = connect(client_of(name, settings), "", trouble);
  if (!handle) return {{check, Status::fail, handle.error() + "."}};
  const auto metadata = metadata_of(handle->get(), settings.topic, trouble);
  if (!metadata)
    return {no_answer(check, settings, metadata.error(), intake::setting_path(name) + ".brokers")};
  Findings out = {answers(check, settings, **metadata)};
  for (int i = 0; i < (*metadata)->topic_cnt; ++i) out.push_back(check_topic((*metadata)->topics[i]));
  if (out.back().status == Status::fail) return out;
  const auto lag = lag_of(handle->get(), settings.topic, **metadata);
  const std::string group = "group " + settings.group;
  if (!lag)
    out.push_back({group, Status::warning,
                   "What it has read of " + settings.topic + " cannot be asked for: " + lag.error() + "."});
  else
    out.push_back({group, Status::ok,
                   std::to_string(*lag) + " records of " + settings.topic + " are not delivered yet."});
  return out;
}

Findings check_broker(const std::string& name, const sink::Settings& settings) {
  const std::string check = "broker of sink " + name;
  Trouble trouble;
  const auto handle = connect(client_of(name, settings), "", trouble);
  if (!handle) return {{check, Status::fail, handle.error() + "."}};
  const auto metadata = metadata_of(handle->get(), settings.kafka()->topic, trouble);
  if (!metadata) return {no_answer(check, *settings.kafka(), metadata.error(), "kafka.brokers")};
  const rd_kafka_metadata_t& found = **metadata;
  Findings out = {answers(check, *settings.kafka(), found)};
  for (int i = 0; i < found.topic_cnt; ++i) {
    out.push_back(check_topic(found.topics[i]));
    if (out.back().status == Status::fail) continue;
    const std::string topic = found.topics[i].topic;
    if (const auto most = largest_batch(handle->get(), topic))
      for (auto&& finding : check_sizes(name, settings, topic, *most)) out.push_back(std::move(finding));
  }
  return out;
}

}  // namespace

Findings check_sizes(const std::string& sink_name, const sink::Settings& settings, const std::string& topic,
                     std::uint64_t max_message_bytes) {
  // What Kafka adds to a record: the head of its batch, and lengths.
  constexpr std::uint64_t kHead = 128;
  const bool blocks = settings.kafka()->framing == sink::Framing::batch;
  const std::uint64_t wanted = blocks ? settings.block_bytes + kHead : sink::batch_bytes(sink_name, settings);
  if (wanted <= max_message_bytes) return {};
  const std::string sent = blocks ? "block_bytes (" + std::to_string(settings.block_bytes) + ")"
                                  : "the batch of records that librdkafka puts together (batch.size " +
                                        std::to_string(wanted) + ")";
  return {{"topic " + topic, Status::warning,
           "The topic's max.message.bytes is " + std::to_string(max_message_bytes) + ", less than " + sent +
               " of sink " + sink_name + " needs: larger ones are refused, cut and sent again; " +
               (blocks ? "lower block_bytes" : "set properties {batch.size: ...} lower") +
               ", or raise max.message.bytes."}};
}

Findings check_brokers(const config::Config& config) {
  Findings out;
  for (const auto& [name, source] : config.sources)
    for (auto&& finding : check_source(name, source)) out.push_back(std::move(finding));
  for (const auto& [name, sink] : config.sinks)
    if (sink.kafka())
      for (auto&& finding : check_broker(name, sink)) out.push_back(std::move(finding));
  return out;
}

Result<std::uint64_t, std::string> consumer_lag(const std::string& sink_name, const sink::Settings& settings,
                                                const std::string& topic, const std::string& group) {
  Trouble trouble;
  const auto handle = connect(client_of(sink_name, settings), group, trouble);
  if (!handle) return failure(handle.error());
  const auto metadata = metadata_of(handle->get(), topic, trouble);
  if (!metadata) return failure(metadata.error());
  return lag_of(handle->get(), topic, **metadata);
}

}  // namespace sluice::doctor
