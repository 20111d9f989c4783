// A reader in its group: what it does where a sink is full, partitions come and go, or its broker does not
// answer.
#include "intake/kafka_reader.hpp"

#include <gmock/gmock.h>

#include <array>
#include <utility>

#include "sluice/encode/rows.hpp"
#include "support/mock_broker.hpp"
#include "support/recording_sink.hpp"
#include "unit/sink/sink_support.hpp"

namespace sluice::intake {
namespace {

using namespace std::chrono_literals;
using test::eventually;
using test::RecordingSink;

constexpr const char* kGroup = "readers";
constexpr std::size_t kBudget = 16 << 10;

/// A record of one flow with so many bytes.
std::string record(std::uint64_t bytes, std::uint32_t exporter = 1) {
  FlowBatch batch;
  batch.add_origin().sampler_address = IpAddress::v4(0xC0000200 + exporter);
  batch.append_one().bytes = bytes;
  encode::RowBuffer rows;
  encode::make_row_encoder({})->encode(batch, rows);
  return test::text(rows.bytes());
}

/// Each block is a row.
sink::StreamSpec row_by_row() {
  sink::StreamSpec out;
  out.block_bytes = 16;
  out.flush_interval = 10ms;
  return out;
}

class KafkaReaderTest : public testing::Test {
 protected:
  explicit KafkaReaderTest(int partitions = 2) : broker_(partitions) {}

  Settings settings() const {
    Settings out;
    out.brokers = broker_.brokers();
    out.topic = "flows";
    out.group = kGroup;
    out.properties = {{"topic.metadata.refresh.interval.ms", "1000"}, {"session.timeout.ms", "6000"}};
    return out;
  }
  std::unique_ptr<KafkaReader> reader(sink::Sink& to, const Settings& settings) {
    const std::vector<worker::OutputTo> targets{{row_by_row(), &to}};
    return std::make_unique<KafkaReader>(
        KafkaReader::Making{"test", settings, 0, targets, {}, nullptr, lines_.callback()});
  }
  std::unique_ptr<KafkaReader> start(sink::Sink& to) {
    auto out = reader(to, settings());
    out->start();
    return out;
  }
  static std::uint64_t count(const KafkaReader& reader, SourceCount which) {
    return reader.stats().counts[which];
  }
  static bool becomes(const KafkaReader& reader, SourceCount which, std::uint64_t value) {
    return eventually([&] { return count(reader, which) == value; });
  }
  bool commits(std::int32_t partition, std::int64_t offset) const {
    return eventually([&] { return broker_.committed(kGroup, partition) == offset; });
  }
  /// Of the flows that the sink has got.
  static std::size_t got(const RecordingSink& sink) { return sink.entries().size(); }
  /// Until the sink, which keeps what it gets, is waited for, and the broker knows that.
  void fill(RecordingSink& sink, const KafkaReader& reader) {
    sink.set_mode(RecordingSink::Mode::stuck);
    ASSERT_TRUE(becomes(reader, SourceCount::partitions, 2));
    for (std::size_t n = 0; count(reader, SourceCount::waiting) == 0; ++n) {
      ASSERT_LT(n, kBudget / 1024) << "nothing waits";
      const std::size_t partition = n % 2;
      broker_.produce(static_cast<std::int32_t>(partition), record(1));
      ++produced_[partition];
      ASSERT_TRUE(eventually([&] { return got(sink) > n || count(reader, SourceCount::waiting) == 1; }));
    }
  }

  test::MockBroker broker_;
  test::Lines lines_;
  std::array<std::int64_t, 2> produced_{};
};

TEST_F(KafkaReaderTest, ReadsAndCommits) {
  RecordingSink sink;
  for (std::uint64_t i = 1; i <= 3; ++i) broker_.produce(0, record(i));
  const auto reader = start(sink);
  EXPECT_TRUE(commits(0, 3));
  EXPECT_EQ(got(sink), 3U);
  EXPECT_EQ(count(*reader, SourceCount::settled_flows), 3U);
}

/// With memory for a few blocks only, and flows for many: all that is read waits for its turn.
TEST_F(KafkaReaderTest, ASinkWithLittleMemoryShedsNothing) {
  RecordingSink sink(64, 64 << 10);
  sink::StreamSpec spec;
  spec.block_bytes = 8 << 10;
  spec.flush_interval = 20ms;
  const std::vector<worker::OutputTo> targets{{spec, &sink}};
  constexpr std::uint32_t kFlows = 300;
  std::string all;
  for (std::uint32_t i = 0; i < kFlows; ++i) all += record(1, i);
  broker_.produce(0, all);
  KafkaReader reader({"test", settings(), 0, targets, {}, nullptr, lines_.callback()});
  reader.start();
  EXPECT_TRUE(becomes(reader, SourceCount::settled_flows, kFlows));
  EXPECT_EQ(sink.stats().counts[sink::SinkCount::shed_flows], 0U);
  EXPECT_EQ(sink.stats().counts[sink::SinkCount::delivered_flows], kFlows);
}

/// librdkafka keeps the pause of a partition that goes, and it has it still when it comes back.
TEST_F(KafkaReaderTest, APartitionThatWentWhileASinkWasFullIsReadWhenItComesBack) {
  RecordingSink sink(1, kBudget);
  const auto one = start(sink);
  fill(sink, *one);
  RecordingSink of_two;
  auto two = start(of_two);
  ASSERT_TRUE(becomes(*two, SourceCount::partitions, 1));
  ASSERT_TRUE(becomes(*one, SourceCount::partitions, 1));
  ASSERT_EQ(count(*one, SourceCount::waiting), 1U);
  sink.set_mode(RecordingSink::Mode::taking);
  ASSERT_TRUE(becomes(*one, SourceCount::waiting, 0));
  two.reset();
  ASSERT_TRUE(becomes(*one, SourceCount::partitions, 2));
  for (const std::int32_t partition : {0, 1}) broker_.produce(partition, record(2));
  EXPECT_TRUE(commits(0, produced_[0] + 1));
  EXPECT_TRUE(commits(1, produced_[1] + 1));
  EXPECT_EQ(lines_.containing("cannot pause") + lines_.containing("cannot resume"), 0U);
}

/// What is written after a reload in the middle of a step is waited for by that step, too.
TEST_F(KafkaReaderTest, AChangeWhileAPartitionIsGivenAwayKeepsTheMarkOfTheStep) {
  RecordingSink sink(1, kBudget);
  const auto one = start(sink);
  fill(sink, *one);
  RecordingSink of_two;
  const auto two = start(of_two);
  // Until the partitions have gone: what comes before is taken while the sink is waited for, and then while
  // they are given away.
  const std::vector<worker::OutputTo> targets{{row_by_row(), &sink}};
  ASSERT_TRUE(eventually([&] {
    if (one->changed()) one->change({std::make_unique<worker::Outputs>(targets, 0), {}});
    return count(*one, SourceCount::partitions) != 2;
  }));
  sink.set_mode(RecordingSink::Mode::taking);
  ASSERT_TRUE(becomes(*one, SourceCount::waiting, 0));
  ASSERT_TRUE(becomes(*one, SourceCount::pending_flows, 0));
  for (const auto& entry : sink.entries()) EXPECT_TRUE(entry.marked);
}

TEST_F(KafkaReaderTest, ASecondEarlierDeadlineEndsTheWaitForASink) {
  RecordingSink sink;
  sink.set_mode(RecordingSink::Mode::stuck);
  broker_.produce(0, record(1));
  const auto reader = start(sink);
  ASSERT_TRUE(eventually([&] { return got(sink) == 1; }));
  reader->stop(test::in(20s));
  // It reads no more, and looks at the sink again and again.
  std::uint64_t looked = 0, last = 0;
  ASSERT_TRUE(
      eventually([&] { return (looked += std::exchange(last, reader->heartbeat_ns()) != last) > 20; }));
  const auto since = KafkaReader::Clock::now();
  reader->stop(since);
  reader->join();
  EXPECT_LT(KafkaReader::Clock::now() - since, 2s) << "as long as a sink that delivers nothing is given else";
}

TEST_F(KafkaReaderTest, ALaterDeadlineIsNone) {
  RecordingSink sink;
  sink.set_mode(RecordingSink::Mode::stuck);
  broker_.produce(0, record(1));
  const auto reader = start(sink);
  ASSERT_TRUE(eventually([&] { return got(sink) == 1; }));
  const auto since = KafkaReader::Clock::now();
  reader->stop(since);
  reader->stop(since + 20s);
  reader->join();
  EXPECT_LT(KafkaReader::Clock::now() - since, 2s) << "as long as a sink that delivers nothing is given else";
}

/// With a commit that is not answered, and without one.
class Hanging : public KafkaReaderTest, public testing::WithParamInterface<bool> {};

TEST_P(Hanging, ABrokerDoesNotHoldUpTheEnd) {
  const bool commits = GetParam();
  RecordingSink sink;
  auto reader = start(sink);
  ASSERT_TRUE(becomes(*reader, SourceCount::partitions, 2));
  sink.set_mode(RecordingSink::Mode::stuck);
  if (commits) {
    broker_.produce(0, record(1));
    ASSERT_TRUE(eventually([&] { return got(sink) == 1; }));
  }
  broker_.round_trip(1000000);
  sink.set_mode(RecordingSink::Mode::taking);
  ASSERT_TRUE(becomes(*reader, SourceCount::settled_flows, commits ? 1 : 0));
  const auto since = KafkaReader::Clock::now();
  reader->stop(since + 500ms);
  reader->join();
  EXPECT_LT(KafkaReader::Clock::now() - since, 20s) << "librdkafka waits for a minute";
  EXPECT_EQ(lines_.containing("leaves without telling its group"), 1U);
  reader.reset();
  EXPECT_LT(KafkaReader::Clock::now() - since, 40s);
  broker_.round_trip(0);
}

INSTANTIATE_TEST_SUITE_P(WithAndWithoutACommit, Hanging, testing::Bool());

TEST_F(KafkaReaderTest, WhoLeavesTellsItsGroup) {
  RecordingSink sink, of_two;
  const auto one = start(sink);
  ASSERT_TRUE(becomes(*one, SourceCount::partitions, 2));
  const auto two = start(of_two);
  ASSERT_TRUE(becomes(*two, SourceCount::partitions, 1));
  one->stop(test::in(5s));
  one->join();
  EXPECT_EQ(count(*one, SourceCount::partitions), 0U);
  EXPECT_EQ(lines_.containing("leaves without telling its group"), 0U);
  EXPECT_TRUE(becomes(*two, SourceCount::partitions, 2));
}

/// Where a topic was deleted and made anew while nobody read it.
TEST_F(KafkaReaderTest, ATopicThatWasMadeAnewIsCommittedFromItsBeginning) {
  broker_.commit(kGroup, 0, 1000);
  for (std::uint64_t i = 1; i <= 3; ++i) broker_.produce(0, record(i));
  RecordingSink sink;
  const auto reader = start(sink);
  ASSERT_TRUE(eventually([&] { return got(sink) == 3; }));
  EXPECT_TRUE(commits(0, 3));
  EXPECT_EQ(count(*reader, SourceCount::restarts), 1U);
  EXPECT_EQ(count(*reader, SourceCount::skipped_offsets), 0U);
  EXPECT_EQ(lines_.containing("partition 0 of flows goes on at offset 0, where 1000 was to come"), 1U);
}

}  // namespace
}  // namespace sluice::intake
