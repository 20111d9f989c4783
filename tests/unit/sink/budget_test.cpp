#include "sink/budget.hpp"

#include <thread>

#include "sink/stream.hpp"
#include "sink_support.hpp"
#include "support/recording_sink.hpp"

namespace sluice::sink {
namespace {

using test::exporter;
using test::Flows;
using test::RecordingSink;

TEST(Budget, NeverPassesItsLimit) {
  MemoryBudget budget(100);
  EXPECT_TRUE(budget.try_take(60));
  EXPECT_FALSE(budget.try_take(41));
  EXPECT_TRUE(budget.try_take(40));
  EXPECT_FALSE(budget.try_take(1));
  budget.give(100);
  EXPECT_EQ(budget.used(), 0U);
  EXPECT_FALSE(budget.try_take(SIZE_MAX));
}

TEST(Budget, CountsRightForManyThreads) {
  MemoryBudget budget(1000);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < 20000; ++i) {
        if (!budget.try_take(300)) continue;
        EXPECT_LE(budget.used(), 1000U);
        budget.give(300);
      }
    });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(budget.used(), 0U);
}

TEST(Budget, AChargeIsGivenBackOnce) {
  const auto budget = std::make_shared<MemoryBudget>(100);
  auto first = Charge::take(budget, 70);
  ASSERT_TRUE(first);
  EXPECT_FALSE(Charge::take(budget, 70));
  Charge moved = std::move(*first);
  first.reset();
  EXPECT_EQ(budget->used(), 70U);
  moved.settle(30);
  EXPECT_EQ(budget->used(), 30U);
  moved.settle(120);
  EXPECT_EQ(budget->used(), 120U);
  moved = Charge();
  EXPECT_EQ(budget->used(), 0U);
}

TEST(Budget, WhatIsHandedOverIsTheSinksUntilItIsGivenBack) {
  const auto budget = std::make_shared<MemoryBudget>(1000);
  const auto open = Charge::take(budget, 600);
  auto first = Charge::take(budget, 100), second = Charge::take(budget, 100);
  first->hand_over();
  first->hand_over();
  EXPECT_EQ(budget->handed_over(), 100U);
  first->settle(150);
  second->hand_over();
  EXPECT_EQ(budget->handed_over(), 250U);
  Charge moved = std::move(*first);
  first.reset();
  EXPECT_EQ(budget->handed_over(), 250U);
  moved = Charge();
  EXPECT_EQ(budget->handed_over(), 100U);
  second.reset();
  EXPECT_EQ(budget->handed_over(), 0U);
  EXPECT_EQ(budget->used(), 600U);
}

TEST(Budget, ASinkIsBehindWhenItHoldsMoreThanIsFree) {
  const auto budget = std::make_shared<MemoryBudget>(1000);
  auto open = Charge::take(budget, 950);
  EXPECT_FALSE(budget->sink_is_behind()) << "nothing was handed over";
  open->settle(400);
  auto held = Charge::take(budget, 300);
  held->hand_over();
  EXPECT_FALSE(budget->sink_is_behind()) << "300 are free";
  held->settle(301);
  EXPECT_TRUE(budget->sink_is_behind());
  EXPECT_FALSE(budget->sink_is_behind(2)) << "of it 2 just now";
  EXPECT_FALSE(budget->sink_is_behind(500));
  open->settle(875);
  held->settle(125);
  EXPECT_FALSE(budget->sink_is_behind()) << "nothing is free, but it has no more than an eighth";
  held->settle(126);
  EXPECT_TRUE(budget->sink_is_behind());
}

constexpr std::size_t kBlock = 16 << 10;

StreamSpec spec() {
  StreamSpec out;
  out.block_bytes = kBlock;
  return out;
}

/// Datagrams of 28 rows of 100 bytes until `flows` flows went in.
void pour(StreamWriter& writer, std::size_t flows) {
  Flows one;
  one.datagram(exporter(1), 28, test::framed(std::string(99, 'x')));
  for (std::size_t i = 0; i < flows; i += 28) writer.write(one.batch, one.rows, i);
}

TEST(Budget, AStuckSinkShedsWhatItsBudgetDoesNotHold) {
  RecordingSink sink(1, 10 * kBlock);
  sink.set_mode(RecordingSink::Mode::stuck);
  StreamWriter writer(spec(), {&sink}, 0);
  pour(writer, 28000);
  writer.flush_all();
  const SinkStats stats = sink.stats();
  EXPECT_LE(sink.budget()->used(), sink.budget()->limit());
  EXPECT_GT(sink.entries().size(), 7U);
  EXPECT_LT(sink.entries().size(), 11U);
  EXPECT_GT(stats.counts[SinkCount::shed_flows], 20000U);
  EXPECT_EQ(stats.counts[SinkCount::shed_flows] + stats.counts[SinkCount::queued_flows], 28000U);
  EXPECT_EQ(sink.book_of(exporter(1)).shed, stats.counts[SinkCount::shed_flows]);

  sink.set_mode(RecordingSink::Mode::taking);
  EXPECT_EQ(sink.budget()->used(), 0U);
  pour(writer, 280);
  writer.flush_all();
  EXPECT_EQ(sink.stats().counts[SinkCount::delivered_flows], 280U);
}

TEST(Budget, OfTwoSinksOnlyTheStuckOneSheds) {
  RecordingSink stuck(1, 10 * kBlock);
  RecordingSink fine(1, 10 * kBlock);
  stuck.set_mode(RecordingSink::Mode::stuck);
  StreamWriter writer(spec(), {&stuck, &fine}, 0);
  pour(writer, 28000);
  writer.flush_all();
  EXPECT_EQ(fine.stats().counts[SinkCount::delivered_flows], 28000U);
  EXPECT_EQ(fine.stats().counts[SinkCount::shed_flows], 0U);
  EXPECT_EQ(fine.budget()->used(), 0U) << "what the stuck sink holds is not charged to the other";
  EXPECT_GT(stuck.stats().counts[SinkCount::shed_flows], 0U);
  EXPECT_EQ(stuck.stats().counts[SinkCount::shed_flows] + stuck.stats().counts[SinkCount::queued_flows],
            28000U);
}

TEST(Budget, SmallBlocksAreChargedBySizeNotByBuffer) {
  RecordingSink sink(1, 4 << 20);
  sink.set_mode(RecordingSink::Mode::stuck);
  StreamSpec wide = spec();
  wide.block_bytes = 64 << 10;
  StreamWriter writer(wide, {&sink}, 0);
  Flows one;
  one.datagram(exporter(1), 1, test::framed("x"));
  for (std::uint64_t i = 0; i < 1000; ++i) {
    writer.write(one.batch, one.rows, i);
    writer.flush_all();
  }
  EXPECT_EQ(sink.stats().counts[SinkCount::queued_flows], 1000U)
      << "a thousand blocks of two bytes fit into 4 MB";
  EXPECT_LT(sink.budget()->used(), 1500U << 10);
}

TEST(Budget, SingleFramingIsChargedForKeysAndRowEnds) {
  RecordingSink sink(1, 1 << 20);
  sink.set_mode(RecordingSink::Mode::stuck);
  StreamSpec single = spec();
  single.framing = Framing::single;
  StreamWriter writer(single, {&sink}, 0);
  Flows one;
  one.datagram(exporter(1), 28, test::framed("tiny"));
  for (std::uint64_t i = 0; i < 10000; ++i) writer.write(one.batch, one.rows, i);
  writer.flush_all();
  std::size_t held = 0;
  for (const auto& entry : sink.entries())
    held += entry.block->bytes.size() + entry.block->keys.size() +
            4 * (entry.block->row_ends.size() + entry.block->key_ends.size());
  EXPECT_GE(sink.budget()->used(), held);
  EXPECT_EQ(sink.stats().counts[SinkCount::shed_flows] + sink.stats().counts[SinkCount::queued_flows],
            280000U);
}

TEST(Budget, AFullSinkCountsTheBlockItself) {
  RecordingSink sink(1, 1 << 20);
  sink.set_mode(RecordingSink::Mode::full);
  StreamWriter writer(spec(), {&sink}, 0);
  pour(writer, 280);
  writer.flush_all();
  EXPECT_EQ(sink.stats().counts[SinkCount::shed_flows], 280U);
  EXPECT_EQ(sink.budget()->used(), 0U);
}

}  // namespace
}  // namespace sluice::sink
