// Kafka's side: asked as a client that reads nothing, so that neither a topic nor a group comes of it.
#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <array>
#include <memory>
#include <span>
#include <stdexcept>

#include "doctor/checks.hpp"
#include "sink/kafka/client.hpp"

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

/// A consumer never makes a topic by asking for it, as a producer does.
Result<sink::KafkaHandle, std::string> connect(const std::string& sink_name, const sink::Settings& settings,
                                               const std::string& group, Trouble& trouble) {
  try {
    sink::KafkaConf conf = sink::make_kafka_conf(sink_name, settings);
    rd_kafka_conf_set_opaque(conf.get(), &trouble);
    rd_kafka_conf_set_error_cb(conf.get(), &on_error);
    rd_kafka_conf_set_log_cb(conf.get(), &on_log);
    std::array<char, 512> why{};
    if (!group.empty()) rd_kafka_conf_set(conf.get(), "group.id", group.c_str(), why.data(), why.size());
    sink::KafkaHandle handle(rd_kafka_new(RD_KAFKA_CONSUMER, conf.get(), why.data(), why.size()));
    if (!handle) return failure(std::string(why.data()));
    conf.release();  // the handle has it
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

Findings check_broker(const std::string& name, const sink::Settings& settings) {
  const std::string check = "broker of sink " + name;
  Trouble trouble;
  const auto handle = connect(name, settings, "", trouble);
  if (!handle) return {{check, Status::fail, handle.error() + "."}};
  const auto metadata = metadata_of(handle->get(), settings.kafka()->topic, trouble);
  if (!metadata)
    return {{check, Status::fail,
             "No broker of " + settings.kafka()->brokers + " answers (" + metadata.error() +
                 "); is it up, is kafka.brokers right, do TLS and password fit?"}};
  const rd_kafka_metadata_t& found = **metadata;
  Findings out = {
      {check, Status::ok,
       settings.kafka()->brokers + " answers, " + counted(found.broker_cnt, "broker") + " in its cluster."}};
  for (int i = 0; i < found.topic_cnt; ++i) out.push_back(check_topic(found.topics[i]));
  return out;
}

}  // namespace

Findings check_brokers(const config::Config& config) {
  Findings out;
  for (const auto& [name, sink] : config.sinks)
    if (sink.kafka())
      for (auto&& finding : check_broker(name, sink)) out.push_back(std::move(finding));
  return out;
}

Result<std::uint64_t, std::string> consumer_lag(const std::string& sink_name, const sink::Settings& settings,
                                                const std::string& topic, const std::string& group) {
  Trouble trouble;
  const auto handle = connect(sink_name, settings, group, trouble);
  if (!handle) return failure(handle.error());
  const auto metadata = metadata_of(handle->get(), topic, trouble);
  if (!metadata) return failure(metadata.error());
  const Partitions offsets(rd_kafka_topic_partition_list_new(0));
  for (int i = 0; i < (*metadata)->topic_cnt; ++i)
    for (int p = 0; p < (*metadata)->topics[i].partition_cnt; ++p)
      rd_kafka_topic_partition_list_add(offsets.get(), topic.c_str(),
                                        (*metadata)->topics[i].partitions[p].id);
  if (const auto error = rd_kafka_committed(handle->get(), offsets.get(), kWaitMs); error != 0)
    return failure(std::string(rd_kafka_err2str(error)));
  std::uint64_t out = 0;
  for (int i = 0; i < offsets->cnt; ++i) {
    const auto& one = offsets->elems[i];
    std::int64_t first = 0, last = 0;
    if (const auto error = rd_kafka_query_watermark_offsets(handle->get(), topic.c_str(), one.partition,
                                                            &first, &last, kWaitMs);
        error != 0)
      return failure(std::string(rd_kafka_err2str(error)));
    const std::int64_t done =
        one.offset < 0 ? first : std::max(one.offset, first);  // negative: never confirmed any
    out += static_cast<std::uint64_t>(std::max<std::int64_t>(0, last - done));
  }
  return out;
}

}  // namespace sluice::doctor
