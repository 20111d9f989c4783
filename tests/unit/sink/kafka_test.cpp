#include "sink/kafka/kafka.hpp"

#include <gmock/gmock.h>
#include <malloc.h>

#include <atomic>
#include <map>
#include <set>

#include "sink/factory.hpp"
#include "sink/stream.hpp"
#include "sink_support.hpp"
#include "support/mock_broker.hpp"
#include "support/recording_sink.hpp"

namespace sluice::sink {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;
using test::accounted;
using test::eventually;
using test::exporter;
using test::failed;
using test::Flows;
using test::framed;
using test::in;
using test::MockBroker;

/// Nobody listens there.
Settings absent() {
  Settings out;
  out.own = KafkaSettings{};
  std::get<KafkaSettings>(out.own).brokers = "127.0.0.1:1";
  return out;
}

/// Bytes of memory this process has in use.
std::size_t resident() {
  std::ifstream status("/proc/self/statm");
  std::size_t total = 0, pages = 0;
  status >> total >> pages;
  return pages * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}

/// `datagrams` of 28 flows each, from exporters 0..39 in turn; flow rows are numbered.
std::uint64_t pour(StreamWriter& writer, std::size_t datagrams, std::size_t row_bytes = 100) {
  const std::string row = framed(std::string(row_bytes - 1, 'x'));
  std::uint64_t flows = 0;
  for (std::size_t i = 0; i < datagrams; ++i) {
    Flows one;
    one.datagram(exporter(static_cast<std::uint32_t>(i % 40)), 28, row);
    writer.write(one.batch, one.rows, i);
    flows += 28;
  }
  return flows;
}

class KafkaSinkTest : public testing::Test {
 protected:
  std::unique_ptr<Sink> make(const Settings& settings, unsigned workers = 1) {
    return make_sink("kafka", settings, workers, lines_.callback());
  }
  /// Waits for the topic's partitions.
  static void know_partitions(const Sink& sink, std::uint32_t n) {
    ASSERT_TRUE(eventually([&] { return sink.buckets() == n; }));
  }
  test::Lines lines_;
};

TEST_F(KafkaSinkTest, DeliversABlockAsOneRecord) {
  MockBroker broker;
  const Settings settings = broker.settings();
  const auto sink = make(settings);
  know_partitions(*sink, 4);
  std::uint64_t produced = 0;
  {
    StreamWriter writer(stream_spec(settings), {sink.get()}, 0);
    produced = pour(writer, 500);
  }
  ASSERT_TRUE(eventually([&] { return sink->stats().counts[SinkCount::delivered_flows] == produced; }));
  const SinkStats stats = sink->stats();
  EXPECT_EQ(stats.counts[SinkCount::queued_flows] + stats.counts[SinkCount::queued_bytes] +
                stats.counts[SinkCount::shed_flows],
            0U);
  EXPECT_TRUE(stats.failed_flows.empty());
  EXPECT_EQ(stats.counts[SinkCount::delivered_bytes], produced * 100);
  std::size_t rows = 0;
  const auto records = broker.read(stats.counts[SinkCount::delivered_blocks]);
  EXPECT_EQ(records.size(), stats.counts[SinkCount::delivered_blocks]);
  for (const auto& record : records) {
    EXPECT_LE(record.value.size(), settings.block_bytes);
    for (const auto& body : test::bodies(record.value)) {
      ASSERT_EQ(body, std::string(99, 'x'));
      ++rows;
    }
  }
  EXPECT_EQ(rows, produced);
  EXPECT_LT(records.size(), 30U) << "1.4 MB ought to be about 22 blocks";
  EXPECT_TRUE(eventually([&] { return sink->budget()->used() == 0; }));
  sink->close(in(seconds(10)));
}

TEST_F(KafkaSinkTest, AnExporterKeepsItsPartition) {
  MockBroker broker;
  const Settings settings = broker.settings();
  const auto sink = make(settings);
  know_partitions(*sink, 4);
  StreamWriter writer(stream_spec(settings), {sink.get()}, 0);
  for (int round = 0; round < 3; ++round) {
    Flows flows;
    for (std::uint32_t i = 0; i < 40; ++i) flows.datagram(exporter(i), 1, framed(std::to_string(i)));
    writer.write(flows.batch, flows.rows, 0);
    writer.flush_all();
  }
  ASSERT_TRUE(eventually([&] { return sink->stats().counts[SinkCount::delivered_flows] == 120; }));
  std::map<std::string, std::set<std::int32_t>> partitions;
  for (const auto& record : broker.read(sink->stats().counts[SinkCount::delivered_blocks]))
    for (const auto& body : test::bodies(record.value)) partitions[body].insert(record.partition);
  EXPECT_EQ(partitions.size(), 40U);
  for (std::uint32_t i = 0; i < 40; ++i)
    EXPECT_EQ(partitions[std::to_string(i)],
              std::set<std::int32_t>{static_cast<std::int32_t>(hash_value(exporter(i)) % 4)});
}

TEST_F(KafkaSinkTest, SingleFramingIsOneRecordAFlowWithItsKey) {
  MockBroker broker;
  Settings settings = broker.settings();
  std::get<KafkaSettings>(settings.own).framing = Framing::single;
  const auto sink = make(settings);
  know_partitions(*sink, 4);
  std::uint64_t produced = 0;
  {
    StreamWriter writer(stream_spec(settings), {sink.get()}, 0);
    produced = pour(writer, 100);
  }
  ASSERT_TRUE(eventually([&] { return sink->stats().counts[SinkCount::delivered_flows] == produced; }));
  const auto records = broker.read(produced);
  ASSERT_EQ(records.size(), produced);
  std::map<std::string, std::size_t> by_key;
  for (const auto& record : records) {
    ASSERT_EQ(record.value, framed(std::string(99, 'x')));
    const IpAddress key =
        IpAddress::from_bytes(std::as_bytes(std::span(record.key.data(), record.key.size())));
    ASSERT_EQ(record.partition, static_cast<std::int32_t>(hash_value(key) % 4));
    ++by_key[key.to_string()];
  }
  EXPECT_EQ(by_key.size(), 40U);
  EXPECT_EQ(by_key["192.0.2.0"], 3 * 28U);
  EXPECT_EQ(by_key["192.0.2.39"], 2 * 28U);
  EXPECT_EQ(broker.records(), produced);
  EXPECT_TRUE(eventually([&] { return sink->budget()->used() == 0; }));
}

TEST_F(KafkaSinkTest, PlainFramingHasNoLengthPrefix) {
  MockBroker broker;
  Settings settings = broker.settings();
  std::get<KafkaSettings>(settings.own).framing = Framing::plain;
  std::get<KafkaSettings>(settings.own).partition_by = PartitionBy::fields;
  std::get<KafkaSettings>(settings.own).key_fields = {"proto"};
  const auto sink = make(settings);
  {
    StreamWriter writer(stream_spec(settings), {sink.get()}, 0);
    pour(writer, 10);
  }
  ASSERT_TRUE(eventually([&] { return sink->stats().counts[SinkCount::delivered_flows] == 280; }));
  const auto records = broker.read(280);
  ASSERT_EQ(records.size(), 280U);
  for (const auto& record : records) {
    EXPECT_EQ(record.value, std::string(99, 'x'));
    EXPECT_EQ(record.key, "0");
  }
}

TEST_F(KafkaSinkTest, SeveralProducersDeliverForSeveralWorkers) {
  MockBroker broker;
  Settings settings = broker.settings();
  std::get<KafkaSettings>(settings.own).producers = 3;
  const auto sink = make(settings, 4);
  std::atomic<std::uint64_t> produced{0};
  std::atomic<bool> balanced{true};
  std::vector<std::thread> workers;
  for (unsigned w = 0; w < 4; ++w)
    workers.emplace_back([&, w] {
      StreamWriter writer(stream_spec(settings), {sink.get()}, w);
      for (int i = 0; i < 20; ++i) produced += pour(writer, 50);
    });
  std::atomic<bool> watching{true};
  std::thread watcher([&] {
    while (watching) {
      const SinkStats stats = sink->stats();
      if (stats.counts[SinkCount::queued_flows] > 4U * 20 * 50 * 28) balanced = false;
    }
  });
  for (auto& worker : workers) worker.join();
  watching = false;
  watcher.join();
  EXPECT_TRUE(balanced);
  EXPECT_EQ(accounted(sink->stats()), produced);
  ASSERT_TRUE(eventually([&] { return sink->stats().counts[SinkCount::delivered_flows] == produced; }));
  EXPECT_EQ(broker.records(), sink->stats().counts[SinkCount::delivered_blocks]);
}

TEST_F(KafkaSinkTest, AnAbsentBrokerDelaysNeitherStartNorWorkers) {
  const auto begin = steady_clock::now();
  const Settings settings = absent();
  const auto sink = make(settings);
  EXPECT_LT(steady_clock::now() - begin, seconds(1));
  StreamWriter writer(stream_spec(settings), {sink.get()}, 0);
  const auto before = steady_clock::now();
  const std::uint64_t produced = pour(writer, 1000);
  writer.flush_all();
  EXPECT_LT(steady_clock::now() - before, seconds(2));
  EXPECT_EQ(sink->stats().counts[SinkCount::queued_flows], produced);
  EXPECT_EQ(sink->buckets(), 16U) << "the configured buckets while the partitions are not known";
  EXPECT_TRUE(
      eventually([&] { return sink->stats().counts[SinkCount::errors] > 0 && !lines_.all().empty(); }));
}

TEST_F(KafkaSinkTest, ABrokerThatComesBackGetsWhatWaited) {
  MockBroker broker;
  broker.down();
  Settings settings = broker.settings();
  std::get<KafkaSettings>(settings.own).properties["reconnect.backoff.max.ms"] = "200";
  const auto sink = make(settings);
  std::uint64_t produced = 0;
  {
    StreamWriter writer(stream_spec(settings), {sink.get()}, 0);
    produced = pour(writer, 100);
  }
  EXPECT_EQ(sink->stats().counts[SinkCount::queued_flows], produced);
  broker.up();
  EXPECT_TRUE(eventually([&] { return sink->stats().counts[SinkCount::delivered_flows] == produced; }));
  EXPECT_EQ(broker.records(), sink->stats().counts[SinkCount::delivered_blocks]);
}

TEST_F(KafkaSinkTest, RecordsThatGetTooOldFailAsTimedOut) {
  Settings settings = absent();
  std::get<KafkaSettings>(settings.own).properties = {{"message.timeout.ms", "1000"}};
  for (const auto framing : {Framing::batch, Framing::single}) {
    std::get<KafkaSettings>(settings.own).framing = framing;
    const auto sink = make(settings);
    std::uint64_t produced = 0;
    {
      StreamWriter writer(stream_spec(settings), {sink.get()}, 0);
      produced = pour(writer, 50);
    }
    EXPECT_TRUE(eventually([&] { return failed(sink->stats(), "timed_out") == produced; }));
    EXPECT_EQ(accounted(sink->stats()), produced);
    EXPECT_TRUE(eventually([&] { return sink->budget()->used() == 0; }));
  }
  EXPECT_GT(lines_.containing("flows lost"), 0U);
}

TEST_F(KafkaSinkTest, WhatPassesByItselfIsSaidToPass) {
  const std::pair<const char*, const char*> rows[] = {
      {"Failed to acquire idempotence PID", "retrying; this passes once the broker is up"},
      {"Unknown topic or partition", "partition; this passes as soon as the topic is there"},
  };
  MockBroker broker;
  broker.topic_is(RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
  broker.producer_id_fails_once(RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS);
  const auto sink = make(broker.settings());
  for (const auto& [words, comfort] : rows) {
    EXPECT_TRUE(eventually([&] { return lines_.containing(words) > 0; })) << words;
    for (const std::string& line : lines_.all()) {
      EXPECT_TRUE(line.find(words) == std::string::npos || line.find(comfort) != std::string::npos) << line;
    }
  }
  broker.topic_is(RD_KAFKA_RESP_ERR_NO_ERROR);
  know_partitions(*sink, 4);
}

TEST_F(KafkaSinkTest, WhatDoesNotPassIsNotSaidToPass) {
  MockBroker broker;
  broker.topic_is(RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED);
  const auto sink = make(broker.settings());
  EXPECT_TRUE(eventually([&] { return lines_.containing("Topic authorization failed") > 0; }));
  EXPECT_EQ(lines_.containing("this passes"), 0U);
}

/// Rows of every size a block may be cut to, each with a number, from exporters 0..4 in turn.
std::vector<std::string> pour_numbered(StreamWriter& writer, std::size_t flows, std::size_t first = 0) {
  std::vector<std::string> bodies;
  Flows all;
  for (std::size_t i = first; i < first + flows; ++i) {
    bodies.push_back(std::to_string(i) + std::string(20 + i % 90, '.'));
    all.datagram(exporter(static_cast<std::uint32_t>(i / 7 % 5)), 1, framed(bodies.back()));
  }
  writer.write(all.batch, all.rows, 0);
  writer.flush_all();
  return bodies;
}

TEST_F(KafkaSinkTest, WhatIsWrongWithARecordIsCountedByReasonAndSaid) {
  MockBroker broker;
  broker.produce_fails(RD_KAFKA_RESP_ERR_INVALID_RECORD, 1);
  Settings settings = broker.settings();
  std::get<KafkaSettings>(settings.own).acks = "1";
  const auto sink = make(settings);
  know_partitions(*sink, 4);
  sink->send(test::block_of(3, framed("x")), 0);
  EXPECT_TRUE(eventually([&] { return failed(sink->stats(), "other") == 3; }));
  EXPECT_TRUE(
      eventually([&] { return lines_.containing("flows lost: Broker: Broker failed to validate") == 1; }));
  sink->send(test::block_of(1, framed("x")), 0);
  EXPECT_TRUE(eventually([&] { return sink->stats().counts[SinkCount::delivered_flows] == 1; }));
}

/// (what the broker answers, how often, whom a record must have reached, framing)
using Passing = std::tuple<rd_kafka_resp_err_t, std::size_t, const char*, Framing>;
class KafkaPassingTest : public KafkaSinkTest, public testing::WithParamInterface<Passing> {};

/// A broker that refuses for a reason that passes costs nothing: what it refused waits, and so does what
/// comes meanwhile.
TEST_P(KafkaPassingTest, CostsNothing) {
  const auto [error, times, acks, framing] = GetParam();
  MockBroker broker;
  Settings settings = broker.settings();
  KafkaSettings& kafka = std::get<KafkaSettings>(settings.own);
  kafka.acks = acks;
  kafka.framing = framing;
  kafka.properties = {{"retries", "0"}};
  if (kafka.acks == "all") kafka.properties.clear();
  const auto sink = make(settings);
  know_partitions(*sink, 4);
  broker.produce_fails(error, times);
  std::vector<std::string> sent;
  {
    StreamWriter writer(stream_spec(settings), {sink.get()}, 0);
    for (int turn = 0; turn < 3; ++turn) {
      const auto more = pour_numbered(writer, 100, sent.size());
      sent.insert(sent.end(), more.begin(), more.end());
      std::this_thread::sleep_for(milliseconds(20));
    }
  }
  ASSERT_TRUE(eventually([&] { return sink->stats().counts[SinkCount::delivered_flows] == sent.size(); }))
      << accounted(sink->stats());
  EXPECT_TRUE(sink->stats().failed_flows.empty());
  std::vector<std::string> got;
  for (const auto& record : broker.read(broker.records()))
    for (auto& body : test::bodies(record.value)) got.push_back(std::move(body));
  std::ranges::sort(got);
  std::ranges::sort(sent);
  EXPECT_EQ(got, sent) << "each flow once";
  EXPECT_GT(lines_.containing("flows wait and are sent again: Broker: "), 0U);
  EXPECT_TRUE(eventually([&] { return lines_.containing("takes flows again") > 0; }));
  EXPECT_EQ(lines_.containing("flows lost"), 0U);
  for (const ExporterBook& book : sink->books()) EXPECT_EQ(book.delivered, book.sum());
  EXPECT_TRUE(eventually([&] { return sink->budget()->used() == 0; }));
}

INSTANTIATE_TEST_SUITE_P(
    Errors, KafkaPassingTest,
    testing::Values(Passing{RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, 1, "1", Framing::batch},
                    Passing{RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, 3, "all", Framing::batch},
                    Passing{RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, 3, "all", Framing::single},
                    Passing{RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED, 2, "1", Framing::batch},
                    Passing{RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS, 2, "1", Framing::batch},
                    Passing{RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS, 2, "1", Framing::single}));

TEST_F(KafkaSinkTest, FlowsWaitForATopicThatIsGone) {
  for (const auto framing : {Framing::batch, Framing::single}) {
    MockBroker broker;
    Settings settings = broker.settings();
    std::get<KafkaSettings>(settings.own).framing = framing;
    std::get<KafkaSettings>(settings.own).properties = {{"topic.metadata.refresh.interval.ms", "100"},
                                                        {"topic.metadata.propagation.max.ms", "0"}};
    const auto sink = make(settings);
    know_partitions(*sink, 4);
    broker.topic_is(RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
    StreamWriter writer(stream_spec(settings), {sink.get()}, 0);
    std::uint64_t produced = 0;
    const std::size_t before = lines_.containing("flows wait");
    EXPECT_TRUE(eventually([&] {
      produced += pour(writer, 1);
      writer.flush_all();
      return lines_.containing("flows wait") > before;
    }));
    produced += pour(writer, 100);
    writer.flush_all();
    EXPECT_EQ(accounted(sink->stats()), produced);
    EXPECT_GT(sink->stats().counts[SinkCount::queued_flows], 0U);
    EXPECT_TRUE(eventually([&] { return !sink->ready_to_close(); }));
    broker.topic_is(RD_KAFKA_RESP_ERR_NO_ERROR);
    EXPECT_TRUE(eventually([&] { return sink->stats().counts[SinkCount::delivered_flows] == produced; }));
    EXPECT_TRUE(eventually([&] { return sink->budget()->used() == 0; }));
  }
}

TEST_F(KafkaSinkTest, WhatStillWaitsAtTheEndHasFailed) {
  MockBroker broker;
  Settings settings = broker.settings();
  const auto sink = make(settings);
  know_partitions(*sink, 4);
  broker.produce_fails(RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, 1000);
  sink->send(test::block_of(3, framed("x")), 0);
  ASSERT_TRUE(eventually([&] { return lines_.containing("flows wait") > 0; }));
  sink->send(test::block_of(4, framed("x")), 0);
  sink->close(in(milliseconds(1500)));
  EXPECT_EQ(failed(sink->stats(), "shutdown"), 7U);
  EXPECT_EQ(sink->stats().counts[SinkCount::queued_flows], 0U);
  EXPECT_EQ(sink->budget()->used(), 0U);
}

/// (framing, how it is refused, how often)
using Refusal = std::tuple<Framing, rd_kafka_resp_err_t, std::size_t>;
class KafkaRefusalTest : public testing::TestWithParam<Refusal> {};

TEST_P(KafkaRefusalTest, WhatIsRefusedForItsSizeIsSentInSmallerPieces) {
  const auto [framing, error, times] = GetParam();
  MockBroker broker;
  broker.produce_fails(error, times);
  Settings settings = broker.settings();
  std::get<KafkaSettings>(settings.own).framing = framing;
  test::Lines lines;
  const auto sink = make_sink("kafka", settings, 1, lines.callback());
  ASSERT_TRUE(eventually([&] { return sink->buckets() == 4; }));
  std::vector<std::string> sent;
  {
    StreamWriter writer(stream_spec(settings), {sink.get()}, 0);
    sent = pour_numbered(writer, 1000);
  }
  ASSERT_TRUE(eventually([&] { return sink->stats().counts[SinkCount::queued_flows] == 0; }));
  const SinkStats stats = sink->stats();
  EXPECT_EQ(stats.counts[SinkCount::delivered_flows], sent.size());
  EXPECT_TRUE(stats.failed_flows.empty());
  std::vector<std::string> got;
  for (const auto& record : broker.read(broker.records()))
    for (auto& body : test::bodies(record.value)) got.push_back(std::move(body));
  std::ranges::sort(got);
  std::ranges::sort(sent);
  EXPECT_EQ(got, sent) << "each flow once";
  for (const ExporterBook& book : sink->books()) EXPECT_EQ(book.delivered, book.sum());
  EXPECT_GT(lines.containing("refuses records for their size"), 0U);
  EXPECT_TRUE(eventually([&] { return sink->budget()->used() == 0; }));
}

INSTANTIATE_TEST_SUITE_P(Framings, KafkaRefusalTest,
                         testing::Values(Refusal{Framing::batch, RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, 1},
                                         Refusal{Framing::batch, RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, 6},
                                         Refusal{Framing::batch, RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE, 3},
                                         Refusal{Framing::single, RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, 1},
                                         Refusal{Framing::single, RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE,
                                                 1}));

class KafkaTooLargeTest : public testing::TestWithParam<encode::Format> {};

TEST_P(KafkaTooLargeTest, OnlyTheFlowThatFitsIntoNoRecordIsLost) {
  MockBroker broker;
  Settings settings = broker.settings();
  settings.format = GetParam();
  KafkaSettings& kafka = std::get<KafkaSettings>(settings.own);
  kafka.properties = {{"message.max.bytes", "1000"}};
  const bool json = settings.format == encode::Format::json;
  const std::string small = json ? std::string(98, 's') + "\n" : framed(std::string(98, 's'));
  const std::string large = json ? std::string(1998, 'l') + "\n" : "\xce\x0f" + std::string(1998, 'l');
  for (const auto framing : {Framing::batch, Framing::single}) {
    kafka.framing = framing;
    test::Lines lines;
    const auto sink = make_sink("kafka", settings, 1, lines.callback());
    {
      StreamWriter writer(stream_spec(settings), {sink.get()}, 0);
      Flows flows;
      flows.datagram(exporter(1), 50, small).datagram(exporter(2), 1, large).datagram(exporter(1), 50, small);
      writer.write(flows.batch, flows.rows, 0);
    }
    ASSERT_TRUE(eventually([&] { return sink->stats().counts[SinkCount::queued_flows] == 0; }));
    EXPECT_EQ(sink->stats().counts[SinkCount::delivered_flows], 100U);
    EXPECT_EQ(failed(sink->stats(), "message_too_large"), 1U);
    for (const ExporterBook& book : sink->books()) {
      EXPECT_EQ(book.delivered, book.exporter == exporter(1) ? 100U : 0U);
      EXPECT_EQ(book.failed, book.exporter == exporter(2) ? 1U : 0U);
    }
    EXPECT_TRUE(eventually([&] { return lines.containing("flows lost") == 1; }));
  }
}

INSTANTIATE_TEST_SUITE_P(Formats, KafkaTooLargeTest,
                         testing::Values(encode::Format::protobuf, encode::Format::json));

TEST_F(KafkaSinkTest, WhatLibrdkafkasOwnFullQueueRefusesWaits) {
  for (const auto framing : {Framing::batch, Framing::single}) {
    MockBroker broker;
    broker.down();
    Settings settings = broker.settings();
    std::get<KafkaSettings>(settings.own).properties = {
        {"queue.buffering.max.messages", "100"}, {"linger.ms", "5"}, {"reconnect.backoff.max.ms", "200"}};
    std::get<KafkaSettings>(settings.own).framing = framing;
    const auto sink = make(settings);
    std::uint64_t produced = 0;
    {
      StreamWriter writer(stream_spec(settings), {sink.get()}, 0);
      produced = pour(writer, 50, framing == Framing::batch ? 20000 : 100);
    }
    EXPECT_EQ(sink->stats().counts[SinkCount::queued_flows], produced);
    EXPECT_GT(lines_.containing("flows wait"), 0U);
    broker.up();
    EXPECT_TRUE(eventually([&] { return sink->stats().counts[SinkCount::delivered_flows] == produced; }))
        << sink->stats().counts[SinkCount::delivered_flows];
  }
}

/// What librdkafka gives a producer up for, for good.
TEST_F(KafkaSinkTest, AFatalErrorCostsNothingThatWaited) {
  for (const auto framing : {Framing::batch, Framing::single}) {
    MockBroker broker;
    broker.producer_id_fails_once(RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED);
    Settings settings = broker.settings();
    std::get<KafkaSettings>(settings.own).framing = framing;
    const auto sink = make(settings);
    std::uint64_t produced = 0;
    {
      StreamWriter writer(stream_spec(settings), {sink.get()}, 0);
      produced = pour(writer, 100);
    }
    EXPECT_TRUE(eventually([&] { return sink->stats().counts[SinkCount::delivered_flows] == produced; }));
    EXPECT_TRUE(eventually([&] { return sink->budget()->used() == 0; }));
  }
  EXPECT_EQ(lines_.containing("a new producer replaces the one that failed"), 2U);
}

TEST_F(KafkaSinkTest, ABrokerThatForgotItsProducersDoesNotEndTheSink) {
  MockBroker broker;
  const Settings settings = broker.settings();
  const auto sink = make(settings);
  know_partitions(*sink, 4);
  std::uint64_t produced = 0;
  const auto send = [&] {
    sink->send(test::block_of(1, framed("x")), 0);
    ++produced;
  };
  for (int i = 0; i < 20; ++i) send();
  EXPECT_TRUE(eventually([&] { return sink->stats().counts[SinkCount::delivered_flows] == 20; }));
  broker.produce_fails(RD_KAFKA_RESP_ERR_UNKNOWN_PRODUCER_ID, 1);
  broker.produce_fails(RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER, 1);
  EXPECT_TRUE(eventually([&] {
    send();
    return lines_.containing("a new producer replaces the one that failed") > 0;
  }));
  send();
  EXPECT_TRUE(eventually([&] { return sink->stats().counts[SinkCount::queued_flows] == 0; }));
  EXPECT_EQ(accounted(sink->stats()), produced);
  EXPECT_GT(sink->stats().counts[SinkCount::delivered_flows], 20U);
  // What librdkafka had on its way when it gave up is the only loss there may be.
  EXPECT_EQ(sink->stats().counts[SinkCount::delivered_flows] + failed(sink->stats(), "fatal"), produced);
}

/// A sink with a spool, whose partitions are known.
class KafkaSpoolTest : public KafkaSinkTest {
 protected:
  void SetUp() override {
    settings_ = broker_.settings();
    settings_.spool.path = (directory_.path() / "spool").string();
  }
  std::unique_ptr<Sink> make() {
    auto sink = KafkaSinkTest::make(settings_);
    know_partitions(*sink, 4);
    return sink;
  }
  bool spool_is_empty() const {
    return std::ranges::none_of(std::filesystem::directory_iterator(settings_.spool.path),
                                [](const auto& entry) { return entry.path().extension() == ".spool"; });
  }
  static std::uint64_t count(const Sink& sink, SinkCount what) { return sink.stats().counts[what]; }

  MockBroker broker_;
  test::TempDirectory directory_;
  Settings settings_;
};

TEST_F(KafkaSpoolTest, BlocksThatAreOpenDoNotSendTheOthersToTheDisk) {
  std::get<KafkaSettings>(settings_.own).buffer_bytes = 4 << 20;
  const auto sink = make();
  // Many workers with many partitions, each with a block that is open.
  const auto open = Charge::take(sink->budget(), sink->budget()->limit() / 10 * 9);
  ASSERT_TRUE(open);
  std::uint64_t flows = 0;
  StreamWriter writer(stream_spec(settings_), {sink.get()}, 0);
  for (int turn = 0; turn < 20; ++turn) {
    flows += pour(writer, 4);
    writer.flush_all();
    ASSERT_TRUE(eventually([&] { return count(*sink, SinkCount::delivered_flows) == flows; }, seconds(10)))
        << count(*sink, SinkCount::spooled_flows) << " are in the spool";
    EXPECT_EQ(count(*sink, SinkCount::spool_bytes), 0U);
  }
  EXPECT_EQ(count(*sink, SinkCount::shed_flows), 0U);
}

TEST_F(KafkaSpoolTest, WhatTheBrokerDoesNotConfirmGoesToTheDiskBeforeAnythingIsShed) {
  std::get<KafkaSettings>(settings_.own).buffer_bytes = 4 << 20;
  const auto sink = make();
  const auto open = Charge::take(sink->budget(), sink->budget()->limit() / 10 * 7);
  ASSERT_TRUE(open);
  broker_.round_trip(700);  // slow, and never stalled
  std::uint64_t flows = 0;
  StreamWriter writer(stream_spec(settings_), {sink.get()}, 0);
  for (int turn = 0; turn < 200; ++turn) {  // 5 MB
    flows += pour(writer, 10);
    writer.flush_all();
    // The spool's thread is as fast as the disk.
    ASSERT_TRUE(eventually([&] { return sink->budget()->used() < sink->budget()->limit() / 10 * 9; }));
  }
  EXPECT_GT(count(*sink, SinkCount::spool_bytes), 0U);
  broker_.round_trip(0);
  EXPECT_TRUE(eventually([&] { return count(*sink, SinkCount::delivered_flows) == flows; }));
  EXPECT_EQ(count(*sink, SinkCount::shed_flows), 0U);
}

TEST_F(KafkaSpoolTest, WhatTheBrokerNeverTakesFailsAndDoesNotGoRound) {
  for (const auto& [error, reason] : {std::pair{RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION, "unknown_topic"},
                                      std::pair{RD_KAFKA_RESP_ERR_INVALID_RECORD, "other"}}) {
    SCOPED_TRACE(rd_kafka_err2name(error));
    std::get<KafkaSettings>(settings_.own).acks = "1";
    const auto sink = make();
    broker_.produce_fails(error, 1);
    sink->send(test::block_of(3, framed("x")), 0);
    EXPECT_TRUE(eventually([&] { return failed(sink->stats(), reason) == 3; }, seconds(10)));
    EXPECT_EQ(count(*sink, SinkCount::queued_flows), 0U);
    EXPECT_EQ(sink->books().at(0).failed, 3U);
    EXPECT_TRUE(eventually([&] { return lines_.containing("flows lost: ") > 0; }));
    sink->send(test::block_of(1, framed("y")), 0);
    EXPECT_TRUE(eventually([&] { return count(*sink, SinkCount::delivered_flows) == 1; }));
    EXPECT_TRUE(spool_is_empty());
    sink->close(in(seconds(5)));
  }
}

TEST_F(KafkaSpoolTest, AnEndWhileTheSpoolSendsLosesNothing) {
  constexpr std::uint64_t kBlocks = 2000;
  std::uint64_t left = 0;
  {
    broker_.down();
    const auto sink = KafkaSinkTest::make(settings_);
    for (std::uint64_t i = 0; i < kBlocks; ++i) sink->send(test::block_of(5, framed("x")), 0);
    sink->close(in(seconds(5)));
    left = count(*sink, SinkCount::left_flows);
    EXPECT_EQ(left, kBlocks * 5);
    broker_.up();
  }
  for (int turn = 0; turn < 50 && left != 0; ++turn) {
    SCOPED_TRACE(turn);
    const auto sink = KafkaSinkTest::make(settings_);
    ASSERT_TRUE(eventually([&] { return count(*sink, SinkCount::delivered_flows) > 0; }));
    sink->close(in(seconds(5)));
    const SinkStats stats = sink->stats();
    ASSERT_TRUE(stats.failed_flows.empty()) << testing::PrintToString(stats.failed_flows);
    ASSERT_EQ(stats.counts[SinkCount::resumed_flows], left);
    left -= stats.counts[SinkCount::delivered_flows];
    ASSERT_EQ(stats.counts[SinkCount::left_flows], left);
  }
}

TEST_F(KafkaSinkTest, CloseFlushesWhatItCan) {
  MockBroker broker;
  const Settings settings = broker.settings();
  const auto sink = make(settings);
  std::uint64_t produced = 0;
  {
    StreamWriter writer(stream_spec(settings), {sink.get()}, 0);
    produced = pour(writer, 500);
  }
  sink->close(in(seconds(20)));
  EXPECT_EQ(sink->stats().counts[SinkCount::delivered_flows], produced);
  sink->send(test::block_of(1, framed("x")), 0);
  EXPECT_EQ(sink->stats().counts[SinkCount::shed_flows], 1U);
  EXPECT_EQ(accounted(sink->stats()), produced + 1);
}

TEST_F(KafkaSinkTest, CloseGivesUpAtItsDeadline) {
  for (const auto framing : {Framing::batch, Framing::single}) {
    Settings settings = absent();
    std::get<KafkaSettings>(settings.own).producers = 2;
    std::get<KafkaSettings>(settings.own).framing = framing;
    const auto sink = make(settings, 2);
    std::uint64_t produced = 0;
    {
      StreamWriter writer(stream_spec(settings), {sink.get()}, 1);
      produced = pour(writer, 200);
    }
    const auto before = steady_clock::now();
    sink->close(in(milliseconds(500)));
    const auto took = steady_clock::now() - before;
    EXPECT_GE(took, milliseconds(450));
    EXPECT_LT(took, seconds(4));
    EXPECT_EQ(failed(sink->stats(), "shutdown"), produced);
    EXPECT_EQ(sink->stats().counts[SinkCount::queued_flows], 0U);
    EXPECT_EQ(sink->budget()->used(), 0U);
  }
  EXPECT_EQ(lines_.containing("flows lost"), 0U);
}

TEST_F(KafkaSinkTest, CloseGivesUpRequestsThatAreOnTheirWay) {
  MockBroker broker;
  const Settings settings = broker.settings();
  const auto sink = make(settings);
  know_partitions(*sink, 4);
  sink->send(test::block_of(1, framed("x")), 0);
  ASSERT_TRUE(eventually([&] { return sink->stats().counts[SinkCount::delivered_flows] == 1; }));
  broker.round_trip(60000);
  StreamWriter writer(stream_spec(settings), {sink.get()}, 0);
  const std::uint64_t produced = 1 + pour(writer, 200);
  writer.flush_all();
  sink->close(in(milliseconds(500)));
  EXPECT_EQ(failed(sink->stats(), "shutdown"), produced - 1);
  EXPECT_EQ(sink->budget()->used(), 0U);
}

TEST_F(KafkaSinkTest, AStuckSinkDoesNotSlowAnother) {
  Settings settings = absent();
  std::get<KafkaSettings>(settings.own).buffer_bytes = 4 << 20;
  const auto stuck = make(settings);
  test::RecordingSink fine(16);
  StreamWriter writer(stream_spec(settings), {stuck.get(), &fine}, 0);
  const auto before = steady_clock::now();
  const std::uint64_t produced = pour(writer, 10000);  // 28 MB
  writer.flush_all();
  EXPECT_LT(steady_clock::now() - before, seconds(10));
  EXPECT_EQ(fine.stats().counts[SinkCount::delivered_flows], produced);
  EXPECT_GT(stuck->stats().counts[SinkCount::shed_flows], produced / 2);
  EXPECT_GT(stuck->stats().counts[SinkCount::queued_flows], 0U);
  EXPECT_EQ(accounted(stuck->stats()), produced);
}

#if defined(__SANITIZE_ADDRESS__)
constexpr bool kSanitizer = true;  // gcc
#elif defined(__has_feature)
constexpr bool kSanitizer = __has_feature(address_sanitizer) || __has_feature(thread_sanitizer);  // clang
#else
constexpr bool kSanitizer = false;
#endif

/// What must hold of memory, by framing: (framing, bytes of a row, whether the broker answers at first).
using Pressure = std::tuple<Framing, std::size_t, bool>;
class KafkaMemoryTest : public testing::TestWithParam<Pressure> {};

TEST_P(KafkaMemoryTest, StaysWithinTheBudgetWhenTheBrokerIsStuck) {
  if (kSanitizer) GTEST_SKIP() << "sanitizers keep freed memory: the resident size says nothing";
  const auto [framing, row_bytes, connected] = GetParam();
  constexpr std::size_t kBudget = 48 << 20;
  constexpr std::size_t kMargin = 24 << 20;
  MockBroker broker;
  Settings settings = connected ? broker.settings() : absent();
  std::get<KafkaSettings>(settings.own).framing = framing;
  std::get<KafkaSettings>(settings.own).buffer_bytes = kBudget;
  std::get<KafkaSettings>(settings.own).producers = 2;
  test::Lines lines;
  const auto sink = make_sink("kafka", settings, 2, lines.callback());
  std::uint64_t produced = 0;
  if (connected) {
    ASSERT_TRUE(eventually([&] { return sink->buckets() == 4; }));
    for (unsigned w = 0; w < 2; ++w) sink->send(test::block_of(1, framed("x")), w);
    ASSERT_TRUE(eventually([&] { return sink->stats().counts[SinkCount::delivered_flows] == 2; }));
    produced = 2;
    broker.round_trip(3600 * 1000);
  }
  malloc_trim(0);  // what earlier tests left to the allocator would hide growth
  const std::size_t before = resident();
  std::size_t most = before;
  std::vector<std::unique_ptr<StreamWriter>> writers;
  for (unsigned w = 0; w < 2; ++w)
    writers.push_back(
        std::make_unique<StreamWriter>(stream_spec(settings), std::vector<Sink*>{sink.get()}, w));
  const std::size_t datagrams = 4 * kBudget / (28 * row_bytes);
  for (std::size_t done = 0; done < datagrams; done += 100) {
    produced += pour(*writers[done / 100 % 2], 100, row_bytes);
    most = std::max(most, resident());
    ASSERT_LE(accounted(sink->stats()), produced);  // the rest is in open blocks
  }
  for (auto& writer : writers) writer->flush_all();
  const SinkStats stats = sink->stats();
  EXPECT_EQ(accounted(stats), produced);
  EXPECT_GT(stats.counts[SinkCount::shed_flows], 0U);
  EXPECT_GT(stats.counts[SinkCount::queued_flows], 0U);
  EXPECT_LE(sink->budget()->used(), kBudget);
  EXPECT_LE(most - before, kBudget + kMargin);
  EXPECT_GT(sink->budget()->used(), kBudget / 2) << "the budget is there to be used";
  RecordProperty("resident_growth", std::to_string(most - before));
  sink->close(in(milliseconds(100)));
  EXPECT_EQ(sink->stats().counts[SinkCount::queued_flows], 0U);
}

INSTANTIATE_TEST_SUITE_P(Framings, KafkaMemoryTest,
                         testing::Values(Pressure{Framing::batch, 100, false},
                                         Pressure{Framing::batch, 100, true},
                                         Pressure{Framing::single, 100, false},
                                         Pressure{Framing::single, 40, true}));

}  // namespace
}  // namespace sluice::sink
