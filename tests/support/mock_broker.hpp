#pragma once
// librdkafka's mock cluster: a broker in this process that speaks the real protocol, and a consumer to read
// back what it holds. It keeps only about the last 5 MB of each partition; high watermarks are exact.
#include <gtest/gtest.h>
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "sink/kafka/client.hpp"

namespace sluice::test {

struct KafkaRecord {
  std::int32_t partition;
  std::string key, value;
};

class MockBroker {
 public:
  explicit MockBroker(int partitions = 4) : partitions_(partitions) {
    rd_kafka_conf_t* conf = rd_kafka_conf_new();
    rd_kafka_conf_set(conf, "log_level", "2", nullptr, 0);
    char why[256];
    owner_.reset(rd_kafka_new(RD_KAFKA_PRODUCER, conf, why, sizeof why));
    if (!owner_) throw std::runtime_error(why);
    cluster_ = rd_kafka_mock_cluster_new(owner_.get(), 1);
    rd_kafka_mock_topic_create(cluster_, "flows", partitions, 1);
  }
  ~MockBroker() {
    reader_.reset();
    rd_kafka_mock_cluster_destroy(cluster_);
  }

  std::string brokers() const { return rd_kafka_mock_cluster_bootstraps(cluster_); }
  sink::Settings settings() const {
    sink::Settings out;
    out.own = sink::KafkaSettings{};
    std::get<sink::KafkaSettings>(out.own).brokers = brokers();
    return out;
  }
  void down() { rd_kafka_mock_broker_set_down(cluster_, 1); }
  void up() { rd_kafka_mock_broker_set_up(cluster_, 1); }
  void round_trip(int ms) { rd_kafka_mock_broker_set_rtt(cluster_, 1, ms); }
  void topic_is(rd_kafka_resp_err_t error) { rd_kafka_mock_topic_set_error(cluster_, "flows", error); }
  void producer_id_fails_once(rd_kafka_resp_err_t error) {
    rd_kafka_mock_push_request_errors(cluster_, 22 /* InitProducerId */, 1, error);
  }
  void produce_fails(rd_kafka_resp_err_t error, std::size_t times) {
    const std::vector<rd_kafka_resp_err_t> errors(times, error);
    rd_kafka_mock_push_request_errors_array(cluster_, 0 /* Produce */, times, errors.data());
  }

  /// Puts one record into a partition.
  void produce(std::int32_t partition, std::string_view value) const {
    const sink::KafkaTopic topic(rd_kafka_topic_new(reader(), "flows", nullptr));
    rd_kafka_produce(topic.get(), partition, RD_KAFKA_MSG_F_COPY, const_cast<char*>(value.data()),
                     value.size(), nullptr, 0, nullptr);
    if (rd_kafka_flush(reader(), 10000) != RD_KAFKA_RESP_ERR_NO_ERROR)
      throw std::runtime_error("the mock broker takes no record");
  }
  /// What a group has committed of a partition; -1: nothing.
  std::int64_t committed(const std::string& group, std::int32_t partition) const {
    return as_member(group, partition, 0, [](rd_kafka_t* client, rd_kafka_topic_partition_list_t* one) {
      return rd_kafka_committed(client, one, 10000);
    });
  }
  void commit(const std::string& group, std::int32_t partition, std::int64_t offset) const {
    as_member(group, partition, offset, [](rd_kafka_t* client, rd_kafka_topic_partition_list_t* one) {
      return rd_kafka_commit(client, one, 0);
    });
  }

  /// Records of all partitions, once there are n of them; fewer where they do not come within ten seconds.
  std::vector<KafkaRecord> read(std::size_t n) const {
    rd_kafka_conf_t* conf = rd_kafka_conf_new();
    const std::map<std::string, std::string> settings = {{"bootstrap.servers", brokers()},
                                                         {"group.id", "test"},
                                                         {"auto.offset.reset", "earliest"},
                                                         {"enable.auto.commit", "false"},
                                                         {"log_level", "2"}};
    char why[256];
    for (const auto& [key, value] : settings)
      rd_kafka_conf_set(conf, key.c_str(), value.c_str(), why, sizeof why);
    const sink::KafkaHandle consumer(rd_kafka_new(RD_KAFKA_CONSUMER, conf, why, sizeof why));
    rd_kafka_topic_partition_list_t* all = rd_kafka_topic_partition_list_new(partitions_);
    for (int p = 0; p < partitions_; ++p)
      rd_kafka_topic_partition_list_add(all, "flows", p)->offset = RD_KAFKA_OFFSET_BEGINNING;
    rd_kafka_assign(consumer.get(), all);
    rd_kafka_topic_partition_list_destroy(all);
    std::vector<KafkaRecord> out;
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (out.size() < n && std::chrono::steady_clock::now() < end) {
      rd_kafka_message_t* message = rd_kafka_consumer_poll(consumer.get(), 100);
      if (!message) continue;
      if (!message->err)
        out.push_back({message->partition,
                       {static_cast<const char*>(message->key), message->key_len},
                       {static_cast<const char*>(message->payload), message->len}});
      rd_kafka_message_destroy(message);
    }
    rd_kafka_consumer_close(consumer.get());
    return out;
  }

  /// Records that ever arrived.
  std::uint64_t records() const {
    std::uint64_t sum = 0;
    for (int p = 0; p < partitions_; ++p) {
      std::int64_t low = 0, high = 0;
      rd_kafka_query_watermark_offsets(reader(), "flows", p, &low, &high, 5000);
      sum += static_cast<std::uint64_t>(high);
    }
    return sum;
  }

 private:
  /// Gives the partition's offset after `ask`.
  template <class Ask>
  std::int64_t as_member(const std::string& group, std::int32_t partition, std::int64_t offset,
                         const Ask& ask) const {
    rd_kafka_conf_t* conf = rd_kafka_conf_new();
    rd_kafka_conf_set(conf, "bootstrap.servers", brokers().c_str(), nullptr, 0);
    rd_kafka_conf_set(conf, "group.id", group.c_str(), nullptr, 0);
    rd_kafka_conf_set(conf, "log_level", "2", nullptr, 0);
    char why[256];
    const sink::KafkaHandle client(rd_kafka_new(RD_KAFKA_CONSUMER, conf, why, sizeof why));
    rd_kafka_topic_partition_list_t* one = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(one, "flows", partition)->offset = offset;
    const rd_kafka_resp_err_t error = ask(client.get(), one);
    const std::int64_t out = one->elems[0].offset;
    rd_kafka_topic_partition_list_destroy(one);
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR) throw std::runtime_error(rd_kafka_err2str(error));
    return out < 0 ? -1 : out;
  }
  rd_kafka_t* reader() const {
    if (!reader_) {
      rd_kafka_conf_t* conf = rd_kafka_conf_new();
      rd_kafka_conf_set(conf, "bootstrap.servers", brokers().c_str(), nullptr, 0);
      rd_kafka_conf_set(conf, "log_level", "2", nullptr, 0);
      char why[256];
      reader_.reset(rd_kafka_new(RD_KAFKA_PRODUCER, conf, why, sizeof why));
    }
    return reader_.get();
  }

  const int partitions_;
  sink::KafkaHandle owner_;
  rd_kafka_mock_cluster_t* cluster_ = nullptr;
  mutable sink::KafkaHandle reader_;
};

}  // namespace sluice::test
