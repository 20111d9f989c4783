#include <array>

#include "doctor_support.hpp"
#include "support/mock_broker.hpp"

namespace sluice::doctor::test {
namespace {

using sluice::test::MockBroker;
using testing::ElementsAre;
using testing::HasSubstr;

config::Config kafka_at(const sink::Settings& sink) {
  config::Config config;
  config.sinks["kafka"] = sink;
  return config;
}

TEST(Broker, WithItsTopic) {
  MockBroker broker(6);
  EXPECT_THAT(check_brokers(kafka_at(broker.settings())),
              ElementsAre(Is("broker of sink kafka", Status::ok, "1 broker"),
                          Is("topic flows", Status::ok, "6 partitions")));
}

TEST(Broker, ThatIsNotThere) {
  sink::Settings sink;
  sink.own = sink::KafkaSettings{};
  std::get<sink::KafkaSettings>(sink.own).brokers = "127.0.0.1:1";
  const Findings found = check_brokers(kafka_at(sink));
  ASSERT_THAT(found,
              ElementsAre(Is("broker of sink kafka", Status::fail, "No broker of 127.0.0.1:1 answers")));
  EXPECT_THAT(found[0].sentence, HasSubstr("refused"));
}

TEST(Broker, SettingsThatCannotBe) {
  sink::Settings sink;
  sink.own = sink::KafkaSettings{};
  std::get<sink::KafkaSettings>(sink.own).properties["no.such.property"] = "1";
  EXPECT_THAT(check_brokers(kafka_at(sink)), ElementsAre(Says(Status::fail, "no.such.property")));
}

/// (single records, block_bytes, the topic's limit, whether it is enough)
using Sizes = std::tuple<bool, std::uint64_t, std::uint64_t, bool>;
class BrokerSizes : public testing::TestWithParam<Sizes> {};

TEST_P(BrokerSizes, AreComparedWithTheTopics) {
  const auto [single, block_bytes, limit, enough] = GetParam();
  sink::Settings sink;
  sink.own = sink::KafkaSettings{};
  sink.block_bytes = block_bytes;
  if (single) std::get<sink::KafkaSettings>(sink.own).framing = sink::Framing::single;
  const Findings found = check_sizes("kafka", sink, "flows", limit);
  if (enough) {
    EXPECT_THAT(found, testing::IsEmpty());
    return;
  }
  EXPECT_THAT(found, ElementsAre(Is("topic flows", Status::warning,
                                    "max.message.bytes is " + std::to_string(limit) + ", less than")));
}

constexpr std::uint64_t kStock = 1048588;
INSTANTIATE_TEST_SUITE_P(All, BrokerSizes,
                         testing::Values(Sizes{false, 64 << 10, kStock, true},
                                         Sizes{false, 1 << 20, kStock, false},
                                         Sizes{false, 64 << 10, 64 << 10, false},
                                         Sizes{true, 64 << 10, kStock, true},
                                         Sizes{true, 64 << 10, 100000, false}));

void produce(const MockBroker& broker, int records) {
  std::array<char, 256> why{};
  const sink::KafkaHandle producer(rd_kafka_new(RD_KAFKA_PRODUCER,
                                                sink::make_kafka_conf("kafka", broker.settings()).release(),
                                                why.data(), why.size()));
  ASSERT_TRUE(producer) << why.data();
  rd_kafka_topic_t* const topic = rd_kafka_topic_new(producer.get(), "flows", nullptr);
  for (int i = 0; i < records; ++i)
    EXPECT_EQ(rd_kafka_produce(topic, i % 2, 0, nullptr, 0, nullptr, 0, nullptr), 0);
  rd_kafka_topic_destroy(topic);
  ASSERT_EQ(rd_kafka_flush(producer.get(), 10000), RD_KAFKA_RESP_ERR_NO_ERROR);
}

TEST(Broker, LagOfAGroupThatConfirmedNothingIsTheWholeTopic) {
  const MockBroker broker(2);
  produce(broker, 5);
  const auto lag = consumer_lag("kafka", broker.settings(), "flows", "nobody");
  ASSERT_TRUE(lag) << lag.error();
  EXPECT_EQ(*lag, 5U);
}

}  // namespace
}  // namespace sluice::doctor::test
