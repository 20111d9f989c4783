// Memory that runs out in a reader's thread, at any allocation between two blocks: nothing that was read is
// lost or counted twice, and the reader goes on.
#include <gmock/gmock.h>

#include <atomic>

#include "intake/kafka_reader.hpp"
#include "sink/books.hpp"
#include "sluice/encode/rows.hpp"
#include "support/failing_new.hpp"
#include "support/mock_broker.hpp"
#include "unit/sink/sink_support.hpp"

namespace {

thread_local std::size_t until_failure = 0;  // of this thread's allocations; 0: none fails

}  // namespace

bool sluice::test::allocation_fails() { return until_failure != 0 && --until_failure == 0; }

namespace sluice::intake {
namespace {

using namespace std::chrono_literals;

/// Lets the reader's thread fail at the 1st, 2nd, 3rd ... allocation after each block.
class HarmingSink final : public sink::Sink {
 public:
  explicit HarmingSink(std::size_t deepest) : deepest_(deepest) {}

  void send(sink::BlockPtr block, unsigned) override {
    flows += block->flows;
    block.reset();
    if (next_ < deepest_) until_failure = ++next_;
  }
  void shed(std::span<const sink::Block::ExporterCount> lost) override { flows += sink::flows_in(lost); }
  void leave_out(std::span<const sink::Block::ExporterCount>) override {}
  void filter_out(std::span<const sink::Block::ExporterCount>) override {}
  sink::SinkStats stats() const override { return {}; }
  std::vector<sink::ExporterBook> books() const override { return {}; }
  void forget(std::span<const IpAddress>) override {}
  void close(std::chrono::steady_clock::time_point) override {}

  std::atomic<std::uint64_t> flows{0};  // delivered or shed

 private:
  const std::size_t deepest_;
  std::size_t next_ = 0;
};

TEST(WithoutMemory, AReaderGoesOnAndLosesNothing) {
  constexpr std::size_t kDeepest = 40, kRecords = 2 * kDeepest, kEach = 3;
  FlowBatch batch;
  batch.add_origin().sampler_address = IpAddress::v4(0xC0000201);
  for (std::size_t i = 0; i < kEach; ++i) batch.append_one().bytes = 1;
  encode::RowBuffer rows;
  encode::make_row_encoder({})->encode(batch, rows);
  const std::string record = test::text(rows.bytes());

  test::MockBroker broker(1);
  test::Lines lines;
  HarmingSink sink(kDeepest);
  sink::StreamSpec spec;
  spec.block_bytes = 16;  // each block is a row
  spec.flush_interval = 1ms;
  Settings settings;
  settings.brokers = broker.brokers();
  settings.topic = "flows";
  KafkaReader reader({"test", settings, 0, {{spec, &sink}}, {}, nullptr, lines.callback()});
  reader.start();
  // One by one, so that there are many steps.
  for (std::size_t i = 1; i <= kRecords; ++i) {
    broker.produce(0, record);
    ASSERT_TRUE(test::eventually([&] { return sink.flows == i * kEach || reader.failed(); }))
        << i << ": " << sink.flows;
    ASSERT_FALSE(reader.failed());
  }
  EXPECT_TRUE(test::eventually([&] { return broker.committed("sluice", 0) == kRecords; }));
  const SourceStats stats = reader.stats();
  EXPECT_EQ(stats.counts[SourceCount::flows], kRecords * kEach);
  EXPECT_EQ(stats.counts[SourceCount::settled_flows], kRecords * kEach);
  EXPECT_GT(stats.counts[SourceCount::errors], 0U);
  EXPECT_GT(lines.containing("there is no memory to go on"), 0U);
}

}  // namespace
}  // namespace sluice::intake
