// A sink with a spool: what its disk does not take is kept elsewhere, comes back, and is counted all the
// while.
#include <gmock/gmock.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <map>

#include "sink/books.hpp"
#include "sink/factory.hpp"
#include "sink/queue_sink.hpp"
#include "sink/spool/spool.hpp"
#include "sink/stream.hpp"
#include "sink_support.hpp"
#include "spool_support.hpp"
#include "util/guarded.hpp"

namespace sluice::sink {
namespace {

namespace fs = std::filesystem;
using test::eventually;
using test::exporter;
using test::framed;
using test::in;

constexpr std::uint64_t kFlows = 140;
constexpr std::uint32_t kShared = UINT32_MAX;  // the book of those who were forgotten

IpAddress owner_of_book(std::uint32_t n) { return n == kShared ? IpAddress{} : exporter(n); }

/// Of 14,000 bytes: four fit on the disk, the fifth only in part.
BlockPtr large(std::uint32_t from = 1) {
  return test::block_of(kFlows, framed(std::string(99, 'x')), exporter(from));
}

class SpoolTest : public testing::Test {
 protected:
  void SetUp() override {
    if (geteuid() != 0) GTEST_SKIP() << "needs root: mounts a file system of 64 KB to fill";
    fs::create_directory(disk_);
    if (::mount("sluice-test", disk_.c_str(), "tmpfs", 0, "size=64k") != 0)
      GTEST_SKIP() << "cannot mount a file system here: " << std::strerror(errno);
    mounted_ = true;
    settings_.own = FileSettings{};
    std::get<FileSettings>(settings_.own).path = disk_.string();
    settings_.spool.path = (directory_.path() / "spool").string();
  }
  void TearDown() override {
    if (mounted_) ::umount2(disk_.c_str(), MNT_DETACH);
  }
  void make_room() const {
    ASSERT_EQ(::mount("sluice-test", disk_.c_str(), "tmpfs", MS_REMOUNT, "size=64m"), 0);
  }
  std::unique_ptr<Sink> make() { return make_sink("disk", settings_, 1, lines_.callback()); }
  static std::uint64_t count(const Sink& sink, SinkCount what) { return sink.stats().counts[what]; }
  static bool is(const Sink& sink, SinkCount what, std::uint64_t value) {
    return eventually([&] { return count(sink, what) == value; });
  }
  std::size_t rows() const {
    std::size_t out = 0;
    for (const auto& entry : fs::directory_iterator(disk_)) {
      const auto found = test::bodies(test::content(entry.path()));
      EXPECT_THAT(found, testing::Not(testing::Contains("TORN")));
      out += found.size();
    }
    return out;
  }
  /// In sum, and of each exporter.
  static void expect_balanced(const Sink& sink, std::map<std::uint32_t, std::uint64_t> produced) {
    const SinkStats stats = sink.stats();
    std::uint64_t sum = 0;
    for (const auto& [from, flows] : produced) sum += flows;
    EXPECT_EQ(test::accounted(stats) + stats.counts[SinkCount::left_flows],
              sum + stats.counts[SinkCount::resumed_flows]);
    std::uint64_t resumed = 0, left = 0, queued = 0;
    for (const ExporterBook& book : sink.books()) {
      const auto whose = std::ranges::find_if(
          produced, [&](const auto& one) { return owner_of_book(one.first) == book.exporter; });
      EXPECT_EQ(book.sum(), (whose == produced.end() ? 0 : whose->second) + book.resumed);
      if (whose != produced.end()) produced.erase(whose);
      resumed += book.resumed;
      left += book.left;
      queued += book.queued;
    }
    EXPECT_THAT(produced, testing::IsEmpty()) << "exporters that have no book";
    EXPECT_EQ(resumed, stats.counts[SinkCount::resumed_flows]);
    EXPECT_EQ(left, stats.counts[SinkCount::left_flows]);
    EXPECT_EQ(queued, stats.counts[SinkCount::queued_flows]);
  }
  std::vector<fs::path> segments() const {
    std::vector<fs::path> out;
    for (const auto& entry : fs::directory_iterator(settings_.spool.path))
      if (entry.path().extension() == ".spool") out.push_back(entry.path());
    return out;
  }

  test::TempDirectory directory_;
  const fs::path disk_ = directory_.path() / "out";
  bool mounted_ = false;
  Settings settings_;
  test::Lines lines_;
};

std::weak_ptr<const void> marked(const BlockPtr& block) {
  auto mark = std::make_shared<int>();
  std::const_pointer_cast<Block>(block)->mark = mark;
  return mark;
}

TEST_F(SpoolTest, TheMarkOfABlockEndsWhenTheSpoolHasItOnDisk) {
  const auto sink = make();
  for (std::uint32_t i = 0; i < 5; ++i) sink->send(large(), 0);
  ASSERT_TRUE(is(*sink, SinkCount::spooled_flows, kFlows));
  BlockPtr block = large();
  const auto mark = marked(block);
  sink->send(std::move(block), 0);
  EXPECT_TRUE(eventually([&] { return mark.expired(); }));
  EXPECT_TRUE(is(*sink, SinkCount::spooled_flows, 2 * kFlows));  // counted when it is synced, or just after
  sink->close(std::chrono::steady_clock::now());
}

TEST_F(SpoolTest, TheMarkOfABlockOutlivesASpoolThatCouldNotBeSynced) {
  const auto sink = make();
  for (std::uint32_t i = 0; i < 5; ++i) sink->send(large(), 0);
  ASSERT_TRUE(is(*sink, SinkCount::spooled_flows, kFlows));
  test::sync_fails = true;
  BlockPtr block = large();
  const auto mark = marked(block);
  sink->send(std::move(block), 0);
  ASSERT_TRUE(is(*sink, SinkCount::spooled_flows, 2 * kFlows));
  const auto errors = count(*sink, SinkCount::errors);
  sink->close(std::chrono::steady_clock::now());
  test::sync_fails = false;
  EXPECT_FALSE(mark.expired());
  EXPECT_GT(count(*sink, SinkCount::errors), errors);
  EXPECT_GE(lines_.containing("cannot sync"), 1U);
}

TEST_F(SpoolTest, TheMarkOfABlockLivesWhileNoDiskTakesIt) {
  settings_.spool.path = (disk_ / "spool").string();
  const auto sink = make();
  for (std::uint32_t i = 0; i < 8; ++i) sink->send(large(), 0);
  ASSERT_TRUE(eventually([&] { return lines_.containing("cannot take flows") > 0; }));
  BlockPtr block = large();
  const auto mark = marked(block);
  sink->send(std::move(block), 0);
  EXPECT_FALSE(eventually([&] { return mark.expired(); }, std::chrono::seconds(2)));
  EXPECT_FALSE(sink->has_room(0));
  make_room();
  EXPECT_TRUE(eventually([&] { return mark.expired(); }));
  sink->close(std::chrono::steady_clock::now());
}

TEST_F(SpoolTest, WhatTheDiskDoesNotTakeWaitsInTheSpool) {
  const auto sink = make();
  for (std::uint32_t i = 0; i < 8; ++i) sink->send(large(i % 2), 0);
  ASSERT_TRUE(is(*sink, SinkCount::spooled_flows, 4 * kFlows));
  EXPECT_EQ(count(*sink, SinkCount::delivered_flows), 4 * kFlows);
  EXPECT_EQ(count(*sink, SinkCount::queued_flows), 4 * kFlows);
  EXPECT_GT(count(*sink, SinkCount::spool_bytes), 4 * 14000U);
  EXPECT_TRUE(sink->ready_to_close()) << "it is safe where it is";
  expect_balanced(*sink, {{0, 4 * kFlows}, {1, 4 * kFlows}});

  make_room();
  ASSERT_TRUE(is(*sink, SinkCount::delivered_flows, 8 * kFlows));
  EXPECT_TRUE(is(*sink, SinkCount::spool_bytes, 0));
  EXPECT_THAT(segments(), testing::IsEmpty());
  expect_balanced(*sink, {{0, 4 * kFlows}, {1, 4 * kFlows}});
  sink->close(in(std::chrono::seconds(10)));
  EXPECT_EQ(rows(), 8 * kFlows);
  EXPECT_EQ(lines_.containing("writes again"), 1U);
}

TEST_F(SpoolTest, TheNextStartSendsWhatWasLeft) {
  {
    const auto sink = make();
    for (std::uint32_t i = 0; i < 10; ++i) sink->send(large(i % 3), 0);
    sink->close(in(std::chrono::seconds(10)));
    EXPECT_EQ(count(*sink, SinkCount::left_flows), 6 * kFlows);
    EXPECT_EQ(count(*sink, SinkCount::queued_flows), 0U);
    for (const SinkCount gone :
         {SinkCount::spooled_flows, SinkCount::spool_bytes, SinkCount::spool_oldest_seconds})
      EXPECT_EQ(count(*sink, gone), 0U) << "it is the next one's";
    expect_balanced(*sink, {{0, 4 * kFlows}, {1, 3 * kFlows}, {2, 3 * kFlows}});
  }
  make_room();
  const auto sink = make();
  ASSERT_TRUE(is(*sink, SinkCount::delivered_flows, 6 * kFlows));
  EXPECT_EQ(count(*sink, SinkCount::resumed_flows), 6 * kFlows);
  sink->send(large(7), 0);
  sink->close(in(std::chrono::seconds(10)));
  expect_balanced(*sink, {{7, kFlows}});
  EXPECT_EQ(count(*sink, SinkCount::left_flows), 0U);
  EXPECT_EQ(rows(), 11 * kFlows);
  EXPECT_EQ(lines_.containing("were left in"), 1U);
}

TEST_F(SpoolTest, WhatIsOverItsBudgetIsShedAndBooked) {
  settings_.spool.bytes = 1 << 20;
  const auto sink = make();
  for (std::uint32_t i = 0; i < 4; ++i) sink->send(large(0), 0);
  ASSERT_TRUE(is(*sink, SinkCount::delivered_flows, 4 * kFlows));
  for (std::uint32_t i = 0; i < 200; ++i) sink->send(large(i % 5), 0);
  ASSERT_TRUE(eventually([&] {
    return count(*sink, SinkCount::spooled_flows) + count(*sink, SinkCount::spool_shed_flows) == 200 * kFlows;
  }));
  EXPECT_GT(count(*sink, SinkCount::spool_shed_flows), 100 * kFlows);
  EXPECT_EQ(count(*sink, SinkCount::spool_shed_flows), count(*sink, SinkCount::shed_flows));
  EXPECT_LE(count(*sink, SinkCount::spool_bytes), 1U << 20);
  make_room();
  ASSERT_TRUE(is(*sink, SinkCount::queued_flows, 0));
  const std::uint64_t of_each = 40 * kFlows;
  expect_balanced(*sink, {{0, of_each + 4 * kFlows}, {1, of_each}, {2, of_each}, {3, of_each}, {4, of_each}});
}

TEST_F(SpoolTest, AChangedSinkGetsItWhenTheFormerOneEnds) {
  const auto before = make();
  for (std::uint32_t i = 0; i < 8; ++i) before->send(large(), 0);
  ASSERT_TRUE(is(*before, SinkCount::spooled_flows, 4 * kFlows));
  const auto after = make();
  ASSERT_TRUE(eventually([&] { return lines_.containing("is used by another") > 0; }));
  after->send(large(), 0);  // waits in memory, or in the spool when it may
  before->close(in(std::chrono::seconds(10)));
  EXPECT_EQ(count(*before, SinkCount::left_flows), 4 * kFlows);
  make_room();
  ASSERT_TRUE(is(*after, SinkCount::delivered_flows, 5 * kFlows));
  EXPECT_EQ(count(*after, SinkCount::resumed_flows), 4 * kFlows);
  after->close(in(std::chrono::seconds(10)));
  EXPECT_EQ(rows(), 9 * kFlows);
}

TEST_F(SpoolTest, DamageIsCountedAndTold) {
  {
    const auto sink = make();
    for (std::uint32_t i = 0; i < 8; ++i) sink->send(large(), 0);
    sink->close(in(std::chrono::seconds(10)));
  }
  const fs::path segment = segments().at(0);
  {
    std::fstream file(segment, std::ios::binary | std::ios::in | std::ios::out);
    file.seekp(static_cast<std::streamoff>(fs::file_size(segment) - 100));  // of the last payload
    file.put('!');
  }
  make_room();
  const auto sink = make();
  ASSERT_TRUE(is(*sink, SinkCount::delivered_flows, 3 * kFlows));
  ASSERT_TRUE(eventually([&] { return test::failed(sink->stats(), "damaged") == kFlows; }));
  expect_balanced(*sink, {{1, 0}});
  EXPECT_EQ(sink->books().at(0).failed, kFlows);
  EXPECT_EQ(lines_.containing("is damaged, and lost"), 1U);
}

TEST_F(SpoolTest, DamageOfAHeadWhileItRunsIsBookedToItsExporter) {
  const auto sink = make();
  for (std::uint32_t i = 0; i < 8; ++i) sink->send(large(i < 6 ? 1 : 2), 0);
  ASSERT_TRUE(is(*sink, SinkCount::spooled_flows, 4 * kFlows));
  const fs::path segment = segments().at(0);
  const std::string bytes = test::content(segment);
  {
    std::fstream file(segment, std::ios::binary | std::ios::in | std::ios::out);
    file.seekp(static_cast<std::streamoff>(bytes.rfind("SLBK") + 9));
    file.put('\x7f');  // the length of the table of the last one
  }
  make_room();
  ASSERT_TRUE(is(*sink, SinkCount::queued_flows, 0));
  EXPECT_EQ(test::failed(sink->stats(), "damaged"), kFlows);
  EXPECT_EQ(sink->books().size(), 2U);
  for (const ExporterBook& book : sink->books())
    EXPECT_EQ(book.failed, book.exporter == exporter(2) ? kFlows : 0);
  expect_balanced(*sink, {{1, 6 * kFlows}, {2, 2 * kFlows}});
}

TEST_F(SpoolTest, WhereTheSpoolIsFullTooBlocksWaitInMemory) {
  const fs::path small = directory_.path() / "spool";
  fs::create_directory(small);
  ASSERT_EQ(::mount("sluice-test", small.c_str(), "tmpfs", 0, "size=8k"), 0);
  const auto unmount = std::shared_ptr<void>(nullptr, [&](void*) { ::umount2(small.c_str(), MNT_DETACH); });
  const auto sink = make();
  for (std::uint32_t i = 0; i < 8; ++i) sink->send(large(), 0);
  ASSERT_TRUE(eventually([&] { return lines_.containing("the spool cannot take flows") > 0; }));
  EXPECT_EQ(count(*sink, SinkCount::queued_flows), 4 * kFlows);
  EXPECT_EQ(count(*sink, SinkCount::spooled_flows), 0U);
  EXPECT_FALSE(sink->ready_to_close()) << "it is safe nowhere";
  make_room();
  ASSERT_TRUE(is(*sink, SinkCount::delivered_flows, 8 * kFlows));
  EXPECT_EQ(count(*sink, SinkCount::shed_flows), 0U);
  sink->close(in(std::chrono::seconds(10)));
}

TEST_F(SpoolTest, ForgottenExportersKeepTheirBooksUntilTheSpoolHasNothingOfThem) {
  const auto sink = make();
  for (std::uint32_t i = 0; i < 8; ++i) sink->send(large(i < 4 ? 1 : 2), 0);
  ASSERT_TRUE(is(*sink, SinkCount::spooled_flows, 4 * kFlows));
  sink->forget(std::vector{exporter(1), exporter(2)});
  sink->send(large(3), 0);
  expect_balanced(*sink, {{kShared, 4 * kFlows}, {2, 4 * kFlows}, {3, kFlows}});
  make_room();
  ASSERT_TRUE(is(*sink, SinkCount::queued_flows, 0));
  sink->forget({});
  const auto books = sink->books();
  EXPECT_EQ(std::ranges::count(books, exporter(2), &ExporterBook::exporter), 0);
  EXPECT_EQ(books.back().exporter, IpAddress{});
  EXPECT_EQ(books.back().delivered, 8 * kFlows);
}

/// A spool whose sink is this test.
class SpoolAlone : public testing::Test {
 protected:
  struct Taken {
    BlockPtr block;
    ExporterBooks::Ticket ticket;
  };

  void SetUp() override { settings_.bytes = 64 << 20; }
  void TearDown() override {
    if (spool_) spool_->close(in(std::chrono::seconds(5)));
  }
  void start() {
    spool_ = std::make_unique<Spool>(
        Spool::Owner{"test", tally_, books_, budget_, [this] { return ready_.load(); },
                     [this](BlockPtr block) {
                       const auto ticket = books_.take_kept(*block);
                       taken_.with([&](auto& taken) { taken.push_back({std::move(block), ticket}); });
                     },
                     lines_.callback()},
        settings_, path_.string(), kForm);
    spool_->start();
  }
  void put(BlockPtr block) {
    tally_.produced(block->flows, block->bytes.size());
    books_.keep(*block);
    spool_->put(std::move(block));
  }
  /// All that was taken is delivered.
  void deliver() {
    for (const Taken& one : taken_.with([](auto& taken) { return std::exchange(taken, {}); })) {
      tally_.delivered(one.block->flows, one.block->bytes.size());
      books_.settle(one.ticket, Fate::delivered);
      if (one.block->spooled != 0) spool_->settle(*one.block, nullptr);
    }
  }
  std::uint64_t count(SinkCount what) const {
    SinkStats stats = tally_.stats();
    spool_->add_to(stats.counts);
    return stats.counts[what];
  }
  bool delivers(std::uint64_t flows) {
    return eventually(
        [&] {
          deliver();
          return count(SinkCount::delivered_flows) == flows;
        },
        std::chrono::seconds(10));
  }

  static constexpr const char* kForm = "flows protobuf batch";
  test::TempDirectory directory_;
  const fs::path path_ = directory_.path() / "spool";
  SpoolSettings settings_;
  test::Lines lines_;
  Tally tally_;
  ExporterBooks books_;
  std::shared_ptr<MemoryBudget> budget_ = std::make_shared<MemoryBudget>(64 << 20);
  std::atomic<bool> ready_{false};
  Guarded<std::vector<Taken>> taken_;
  std::unique_ptr<Spool> spool_;
};

/// While it lives, no file of this process grows past so many bytes.
class FilesGrowTo {
 public:
  explicit FilesGrowTo(std::uint64_t bytes) {
    std::signal(SIGXFSZ, SIG_IGN);  // for what this program itself writes
    ::getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit now{bytes, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &now);
  }
  ~FilesGrowTo() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, SIG_DFL);
  }
  FilesGrowTo(const FilesGrowTo&) = delete;
  FilesGrowTo& operator=(const FilesGrowTo&) = delete;

 private:
  rlimit before_{};
};

TEST_F(SpoolAlone, ABlockThatCannotBeWrittenHoldsUpNobody) {
  constexpr std::uint64_t kBlocks = 60;  // more than are under way at a time, in one file
  start();
  for (std::uint64_t i = 0; i < kBlocks; ++i) put(large());
  ASSERT_TRUE(eventually([&] { return count(SinkCount::spooled_flows) == kBlocks * kFlows; }));
  const FilesGrowTo no_further(count(SinkCount::spool_bytes));
  put(large());
  ASSERT_TRUE(eventually([&] { return lines_.containing("the spool cannot take flows") > 0; }));
  ready_ = true;
  EXPECT_TRUE(delivers((kBlocks + 1) * kFlows)) << count(SinkCount::delivered_flows);
  EXPECT_TRUE(eventually([&] { return count(SinkCount::spool_bytes) == 0; }));
}

TEST_F(SpoolAlone, MemoryFullOfWhatCannotBeWrittenIsSentAllTheSame) {
  start();
  put(large());
  ASSERT_TRUE(eventually([&] { return count(SinkCount::spooled_flows) == kFlows; }));
  const FilesGrowTo no_further(count(SinkCount::spool_bytes));
  put(large());
  ASSERT_TRUE(eventually([&] { return lines_.containing("the spool cannot take flows") > 0; }));
  budget_->take(budget_->limit() / 4 * 3);
  budget_->hand_over(budget_->limit() / 4 * 3);
  ready_ = true;
  EXPECT_TRUE(eventually(
      [&] {
        deliver();
        return count(SinkCount::delivered_flows) >= kFlows;
      },
      std::chrono::seconds(10)));
  budget_->hand_back(budget_->limit() / 4 * 3);
  budget_->give(budget_->limit() / 4 * 3);
}

TEST_F(SpoolAlone, WhileAnotherHasTheDirectoryBlocksAreSentFromMemory) {
  spool::Store other(path_, kForm, settings_.bytes, SpoolDrop::oldest, {});
  ASSERT_TRUE(*other.lock());
  start();
  put(large());
  put(large(2));
  ready_ = true;
  EXPECT_TRUE(delivers(2 * kFlows));
  // And what is not ready waits until the other ends.
  ready_ = false;
  put(large());
  other.release();
  EXPECT_TRUE(eventually([&] { return count(SinkCount::spooled_flows) == kFlows; }));
}

TEST_F(SpoolAlone, WhatIsLeftAtTheEndIsNotInTheGaugesOfWhoeverEnded) {
  start();
  put(large());
  ASSERT_TRUE(eventually([&] { return count(SinkCount::spooled_flows) == kFlows; }));
  spool_->close(in(std::chrono::seconds(5)));
  EXPECT_EQ(count(SinkCount::left_flows), kFlows);
  EXPECT_EQ(count(SinkCount::queued_flows), 0U);
  EXPECT_EQ(count(SinkCount::spooled_flows), 0U);
  EXPECT_EQ(count(SinkCount::spool_bytes), 0U);
}

/// Takes nothing until it is told to, and takes its time then.
class SlowWriter final : public BlockWriter {
 public:
  Result<void, WriteError> write(const Block& block, const GiveUp& give_up) override {
    while (!go && !give_up.reached()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    if (!go) return failure(WriteError{FailReason::shutdown, "slow"});
    written += block.flows;
    return {};
  }
  std::atomic<bool> go{false};
  std::atomic<std::uint64_t> written{0};
};

TEST(SpoolOfAQueue, TakesWhatTheQueueHasNoRoomForBeforeAnythingIsShed) {
  test::TempDirectory directory;
  test::Lines lines;
  auto owned = std::make_unique<SlowWriter>();
  SlowWriter& writer = *owned;
  SpoolPlan plan;
  plan.directory = (directory.path() / "spool").string();
  plan.form = "flows protobuf batch";
  QueueSink sink("slow", 1 << 20, std::move(owned), lines.callback(), plan);
  StreamSpec spec;
  spec.block_bytes = 4096;
  StreamWriter stream(spec, {&sink}, 0);
  std::uint64_t flows = 0;
  for (std::uint32_t turn = 0; turn < 1000; ++turn, flows += 40) {  // 4 MB
    test::Flows more;
    more.datagram(exporter(turn % 3), 40, framed(std::string(99, 'x')));
    stream.write(more.batch, more.rows, turn);
    // Its thread is as fast as the disk.
    ASSERT_TRUE(eventually([&] { return sink.budget()->used() < sink.budget()->limit() / 10 * 9; }));
  }
  stream.flush_all();
  EXPECT_EQ(sink.stats().counts[SinkCount::shed_flows], 0U);
  EXPECT_TRUE(eventually([&] { return sink.stats().counts[SinkCount::spooled_flows] > flows / 2; }));
  writer.go = true;
  EXPECT_TRUE(eventually([&] { return writer.written == flows; }));
  sink.close(in(std::chrono::seconds(5)));
  EXPECT_EQ(sink.stats().counts[SinkCount::delivered_flows], flows);
}

TEST_F(SpoolTest, ADirectoryThatCannotBeWrittenIsOneSentence) {
  settings_.spool.path = "/dev/null/spool";
  try {
    make();
    FAIL() << "made a spool in /dev/null/spool";
  } catch (const SetupError& error) {
    EXPECT_STREQ(
        error.what(),
        "sinks.disk.spool.path: cannot write in /dev/null/spool: Not a directory; name a directory that "
        "the user sluice runs as may write to, or \"\" for none");
  }
}

TEST(SpoolDirectory, IsInTheStateDirectoryThatTheServiceManagerGives) {
  SpoolSettings settings;
  settings.path = "auto";
  ::unsetenv("STATE_DIRECTORY");
  EXPECT_EQ(spool_directory("kafka", settings), "");
  ::setenv("STATE_DIRECTORY", "/var/lib/sluice", 1);
  EXPECT_EQ(spool_directory("kafka", settings), "/var/lib/sluice/spool/kafka");
  ::setenv("STATE_DIRECTORY", "/var/lib/a:/var/lib/b", 1);
  EXPECT_EQ(spool_directory("kafka", settings), "/var/lib/a/spool/kafka");
  settings.path = "/elsewhere";
  EXPECT_EQ(spool_directory("kafka", settings), "/elsewhere");
  ::unsetenv("STATE_DIRECTORY");
}

}  // namespace
}  // namespace sluice::sink
