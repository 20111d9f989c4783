// Memory that runs out at any allocation while rows go to sinks: blocks hold whole rows, and every flow is
// counted.
#include <gmock/gmock.h>

#include <atomic>

#include "sink/books.hpp"
#include "sink/factory.hpp"
#include "sink/queue_sink.hpp"
#include "sink/spool/spool.hpp"
#include "sink/stream.hpp"
#include "sink_support.hpp"
#include "spool_support.hpp"
#include "support/failing_new.hpp"
#include "util/guarded.hpp"

namespace {

thread_local std::size_t until_failure = 0;  // of this thread's allocations; 0: none fails

}  // namespace

bool sluice::test::allocation_fails() { return until_failure != 0 && --until_failure == 0; }

namespace sluice::sink {
namespace {

using test::Flows;
using test::framed;

/// Calls with the 1st, 2nd, 3rd ... allocation failing until none does.
template <class Attempt>
void at_each_allocation(Attempt&& attempt) {
  for (std::size_t n = 1; n < 10000; ++n) {
    SCOPED_TRACE("allocation " + std::to_string(n));
    if (!attempt(n) || testing::Test::HasFailure()) return;
  }
  FAIL() << "something always fails";
}

/// Whether an allocation failed while `work` ran; nothing may throw.
template <class Work>
bool with_failure(std::size_t n, Work&& work) {
  bool threw = false;
  until_failure = n;
  try {
    work();
  } catch (const std::bad_alloc&) {
    threw = true;
  }
  const bool failed = std::exchange(until_failure, 0) == 0;
  EXPECT_FALSE(threw);
  return failed;
}

/// No allocation fails in here.
class Unharmed {
 public:
  Unharmed() : before_(std::exchange(until_failure, 0)) {}
  ~Unharmed() { until_failure = before_; }
  Unharmed(const Unharmed&) = delete;
  Unharmed& operator=(const Unharmed&) = delete;

 private:
  const std::size_t before_;
};

/// Keeps what it is given, and always has memory for that.
class KeepingSink final : public Sink {
 public:
  void send(BlockPtr block, unsigned) override {
    const Unharmed here;
    blocks.push_back(std::move(block));
  }
  void shed(std::span<const Block::ExporterCount> lost) override { flows_shed += flows_in(lost); }
  void leave_out(std::span<const Block::ExporterCount>) override {}
  void filter_out(std::span<const Block::ExporterCount>) override {}
  SinkStats stats() const override { return {}; }
  std::vector<ExporterBook> books() const override { return {}; }
  void forget(std::span<const IpAddress>) override {}
  void close(std::chrono::steady_clock::time_point) override {}

  std::vector<BlockPtr> blocks;
  std::uint64_t flows_shed = 0;
};

class WithoutMemory : public testing::TestWithParam<StreamSpec> {};

TEST_P(WithoutMemory, BlocksHoldWholeRowsAndEveryFlowIsCounted) {
  at_each_allocation([&](std::size_t n) {
    KeepingSink sink;
    std::uint64_t written = 0;
    bool failed = false;
    {
      StreamWriter writer(GetParam(), {&sink}, 0);
      failed = with_failure(n, [&] {
        for (std::uint32_t i = 0; i < 6; ++i) {
          Flows flows;
          {
            const Unharmed here;
            flows.datagram(test::exporter(i), 3, framed("row of " + std::to_string(i)));
            flows.datagram(test::exporter(i + 100), 2, framed(std::string(100, 'x')));
          }
          writer.write(flows.batch, flows.rows, i);
          written += 5;
        }
        writer.flush_all();
      });
    }
    std::uint64_t counted = sink.flows_shed;
    for (const BlockPtr& block : sink.blocks) {
      counted += block->flows;
      std::uint64_t of_exporters = 0;
      for (const auto& count : block->exporters) of_exporters += count.flows;
      EXPECT_EQ(of_exporters, block->flows);
      if (block->row_ends.empty()) {
        const auto rows = test::bodies(test::text(block->bytes));
        EXPECT_EQ(rows.size(), block->flows);
        EXPECT_THAT(rows, testing::Not(testing::Contains("TORN")));
        continue;
      }
      EXPECT_EQ(block->row_ends.size(), block->flows);
      EXPECT_EQ(block->row_exporters.size(), block->flows);
      EXPECT_EQ(block->row_ends.back(), block->bytes.size());
      EXPECT_EQ(block->key_ends.size(), block->flows);
      EXPECT_EQ(block->key_ends.back(), block->keys.size());
    }
    EXPECT_EQ(counted, written);
    return failed;
  });
}

StreamSpec spec(Framing framing, PartitionBy key) {
  StreamSpec out;
  out.framing = framing;
  out.key = key;
  if (key == PartitionBy::fields) out.key_fields = {"src_addr", "dst_addr"};
  out.block_bytes = 256;  // several blocks, and rows that grow past one
  return out;
}

INSTANTIATE_TEST_SUITE_P(Streams, WithoutMemory,
                         testing::Values(spec(Framing::batch, PartitionBy::exporter),
                                         spec(Framing::single, PartitionBy::exporter),
                                         spec(Framing::single, PartitionBy::fields)),
                         [](const auto& tested) { return "Spec" + std::to_string(tested.index); });

TEST(WithoutMemory, AQueueThatCannotGrowShedsTheBlock) {
  test::TempDirectory directory;
  test::Lines lines;
  Settings settings;
  settings.own = FileSettings{};
  std::get<FileSettings>(settings.own).path = directory.path().string();
  at_each_allocation([&](std::size_t n) {
    const auto sink = make_sink("disk", settings, 1, lines.callback());
    std::vector<BlockPtr> blocks;
    for (int i = 0; i < 100; ++i) blocks.push_back(test::block_of(7, framed("abc")));
    const bool failed = with_failure(n, [&] {
      for (const BlockPtr& block : blocks) sink->send(block, 0);
    });
    sink->close(test::in(std::chrono::seconds(10)));
    const SinkStats stats = sink->stats();
    EXPECT_EQ(stats.counts[SinkCount::delivered_flows] + stats.counts[SinkCount::shed_flows], 700U);
    std::uint64_t booked = 0;
    for (const ExporterBook& book : sink->books()) booked += book.delivered + book.shed;
    EXPECT_EQ(booked, 700U);
    return failed;
  });
}

/// Fails the n-th allocation of the thread that calls it first.
class FailsOnce {
 public:
  explicit FailsOnce(std::size_t n) : n_(n) {}
  /// Again and again, by that thread.
  void look() {
    if (!armed_.exchange(true)) until_failure = n_;
    failed_ = until_failure == 0;
  }
  bool failed() const { return failed_; }

 private:
  const std::size_t n_;
  std::atomic<bool> armed_{false}, failed_{false};
};

/// The thread of a spool while it writes, reads, drops and settles.
TEST(WithoutMemory, ASpoolTriesAgainAndLosesNothing) {
  at_each_allocation([&](std::size_t n) {
    test::TempDirectory directory;
    test::Lines lines;
    Tally tally;
    ExporterBooks books;
    FailsOnce fails(n);
    std::atomic<bool> ready{false}, idle{false};
    Guarded<std::vector<std::pair<BlockPtr, ExporterBooks::Ticket>>> taken;
    const auto log = [&](LogLevel level, std::string line) {
      const Unharmed here;
      lines.callback()(level, std::move(line));
    };
    SpoolSettings settings;
    settings.bytes = 1 << 20;
    Spool spool({"test", tally, books, std::make_shared<MemoryBudget>(64 << 20),
                 [&] {
                   fails.look();
                   idle = true;
                   return ready.load();
                 },
                 [&](BlockPtr block) {
                   const Unharmed here;
                   const auto ticket = books.take_kept(*block);
                   taken.with([&](auto& all) { all.emplace_back(std::move(block), ticket); });
                 },
                 log},
                settings, (directory.path() / "spool").string(), "flows protobuf batch");
    spool.start();
    std::uint64_t flows = 0;
    const auto put = [&](const BlockPtr& block) {
      tally.produced(block->flows, block->bytes.size());
      books.keep(*block);
      spool.put(block);
      flows += block->flows;
    };
    put(test::batch_block(2, "a"));
    EXPECT_TRUE(test::eventually([&] { return idle.load(); })) << "its thread is at work";
    put(test::batch_block(4, "abc"));
    put(test::row_block({"one", "two"}));
    const auto spooled = [&] {
      Counts<SinkCount> counts;
      spool.add_to(counts);
      return counts[SinkCount::spooled_flows];
    };
    EXPECT_TRUE(test::eventually([&] { return spooled() == flows; }));
    ready = true;
    EXPECT_TRUE(test::eventually([&] {
      for (auto& [block, ticket] : taken.with([](auto& all) { return std::exchange(all, {}); })) {
        tally.delivered(block->flows, block->bytes.size());
        books.settle(ticket, Fate::delivered);
        if (block->spooled != 0) spool.settle(*block, nullptr);
      }
      return tally.stats().counts[SinkCount::delivered_flows] == flows;
    }));
    spool.close(test::in(std::chrono::seconds(5)));
    EXPECT_EQ(tally.queued_flows(), 0U);
    EXPECT_TRUE(tally.stats().failed_flows.empty());
    std::uint64_t booked = 0;
    for (const ExporterBook& book : books.read()) booked += book.delivered;
    EXPECT_EQ(booked, flows);
    return fails.failed();
  });
}

/// Whoever hands something to a spool: what became of a block from the disk is noted all the same.
TEST(WithoutMemory, WhatIsPutIntoASpoolIsShedAndWhatComesBackIsNot) {
  at_each_allocation([&](std::size_t n) {
    test::TempDirectory directory;
    test::Lines lines;
    Tally tally;
    ExporterBooks books;
    std::atomic<bool> ready{true};
    Guarded<std::vector<BlockPtr>> taken;
    Spool spool({"test", tally, books, std::make_shared<MemoryBudget>(64 << 20), [&] { return ready.load(); },
                 [&](BlockPtr block) { taken.with([&](auto& all) { all.push_back(std::move(block)); }); },
                 lines.callback()},
                SpoolSettings{}, (directory.path() / "spool").string(), "flows protobuf batch");
    spool.start();
    const auto keep = [&](const BlockPtr& block) {
      tally.produced(block->flows, block->bytes.size());
      books.keep(*block);
      return block;
    };
    spool.put(keep(test::batch_block(4, "abc")));
    spool.put(keep(test::batch_block(4, "def")));
    EXPECT_TRUE(test::eventually([&] { return taken.with([](auto& all) { return all.size() == 2; }); }));
    ready = false;
    const auto blocks = taken.with([](auto& all) { return std::exchange(all, {}); });
    const BlockPtr fresh = keep(test::batch_block(7, "ghi"));
    const bool failed = with_failure(n, [&] {
      spool.settle(*blocks.at(0), nullptr);
      spool.put(blocks.at(1));
      spool.put(fresh);
    });
    tally.delivered(4, blocks.at(0)->bytes.size());
    books.settle_kept(blocks.at(0)->exporters, Fate::delivered);
    spool.close(test::in(std::chrono::seconds(5)));
    const Counts<SinkCount> counts = tally.stats().counts;
    EXPECT_EQ(counts[SinkCount::left_flows] + counts[SinkCount::shed_flows], 4U + 7U);
    EXPECT_GE(counts[SinkCount::left_flows], 4U) << "the block that came back is on the disk";
    EXPECT_EQ(counts[SinkCount::queued_flows], 0U);
    return failed;
  });
}

/// (framing, whether there is a spool)
class KafkaWithoutMemory : public testing::TestWithParam<std::tuple<Framing, bool>> {};

TEST_P(KafkaWithoutMemory, EveryFlowIsCountedOnce) {
  at_each_allocation([&](std::size_t n) {
    test::TempDirectory directory;
    test::Lines lines;
    Settings settings;
    settings.own = KafkaSettings{};
    KafkaSettings& kafka = std::get<KafkaSettings>(settings.own);
    kafka.brokers = "127.0.0.1:1";  // nobody listens there
    kafka.framing = std::get<0>(GetParam());
    if (std::get<1>(GetParam())) settings.spool.path = (directory.path() / "spool").string();
    const auto sink = make_sink("kafka", settings, 1, lines.callback());
    std::vector<BlockPtr> blocks;
    for (int i = 0; i < 2; ++i)
      blocks.push_back(kafka.framing == Framing::batch ? BlockPtr(test::batch_block(4, "abc"))
                                                       : BlockPtr(test::row_block({"one", "two", "three"})));
    std::uint64_t flows = 0;
    for (const BlockPtr& block : blocks) flows += block->flows;
    const bool failed = with_failure(n, [&] {
      for (const BlockPtr& block : blocks) sink->send(block, 0);
    });
    sink->close(test::in(std::chrono::milliseconds(10)));
    const SinkStats stats = sink->stats();
    EXPECT_EQ(test::accounted(stats) + stats.counts[SinkCount::left_flows], flows);
    EXPECT_EQ(stats.counts[SinkCount::queued_flows], 0U);
    if (!failed) {
      EXPECT_EQ(stats.counts[SinkCount::shed_flows], 0U);
    }
    if (std::get<1>(GetParam())) {
      EXPECT_TRUE(stats.failed_flows.empty());
    }
    std::uint64_t booked = 0;
    for (const ExporterBook& book : sink->books()) booked += book.sum() - book.queued;
    EXPECT_EQ(booked, flows);
    return failed;
  });
}

INSTANTIATE_TEST_SUITE_P(Framings, KafkaWithoutMemory,
                         testing::Combine(testing::Values(Framing::batch, Framing::single), testing::Bool()),
                         [](const auto& tested) {
                           return std::string(std::get<0>(tested.param) == Framing::batch ? "Batch"
                                                                                          : "Single") +
                                  (std::get<1>(tested.param) ? "WithSpool" : "");
                         });

/// A writer of files whose thread's allocations fail from its first block on.
class WriterWithoutMemory final : public BlockWriter {
 public:
  WriterWithoutMemory(std::unique_ptr<BlockWriter> real, FailsOnce& fails)
      : real_(std::move(real)), fails_(fails) {}
  Result<void, WriteError> write(const Block& block, const GiveUp& give_up) override {
    fails_.look();
    auto out = real_->write(block, give_up);
    fails_.look();
    return out;
  }
  void reopen() override { real_->reopen(); }
  void finish() override { real_->finish(); }

 private:
  const std::unique_ptr<BlockWriter> real_;
  FailsOnce& fails_;
};

TEST(WithoutMemory, ABlockThatIsWrittenIsTriedAgain) {
  at_each_allocation([&](std::size_t n) {
    test::TempDirectory directory;
    test::Lines lines;
    FailsOnce fails(n);
    FileSettings files;
    files.path = directory.path().string();
    const auto log = [&](LogLevel level, std::string line) {
      const Unharmed here;
      lines.callback()(level, std::move(line));
    };
    QueueSink sink("disk", 1 << 20,
                   std::make_unique<WriterWithoutMemory>(
                       make_file_writer("disk", files, encode::Format::protobuf, log), fails),
                   log);
    for (int i = 0; i < 2; ++i) sink.send(test::block_of(3, framed("abc")), 0);
    EXPECT_TRUE(test::eventually([&] {
      sink.reopen();  // does not wait to try again
      return sink.stats().counts[SinkCount::delivered_flows] == 6;
    }));
    sink.close(test::in(std::chrono::seconds(5)));
    std::size_t rows = 0;
    for (const auto& entry : std::filesystem::directory_iterator(directory.path())) {
      EXPECT_EQ(entry.path().extension(), ".pb");
      rows += test::bodies(test::content(entry.path())).size();
    }
    EXPECT_EQ(rows, 6U);
    return fails.failed();
  });
}

}  // namespace
}  // namespace sluice::sink
