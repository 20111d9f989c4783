#include <gmock/gmock.h>
#include <sys/mount.h>
#include <unistd.h>

#include <algorithm>
#include <regex>

#include "sink/factory.hpp"
#include "sink_support.hpp"

namespace sluice::sink {
namespace {

namespace fs = std::filesystem;
using test::block_of;
using test::eventually;
using test::failed;
using test::framed;
using test::in;

class FileSinkTest : public testing::Test {
 protected:
  Settings settings() const {
    Settings out;
    out.own = FileSettings{};
    std::get<FileSettings>(out.own).path = (directory_.path() / "out").string();
    return out;
  }
  std::vector<fs::path> files() const { return files_in(directory_.path() / "out"); }
  static std::vector<fs::path> files_in(const fs::path& directory) {
    std::vector<fs::path> out;
    for (const auto& entry : fs::directory_iterator(directory)) out.push_back(entry.path());
    std::sort(out.begin(), out.end());
    return out;
  }
  static void delivered(const Sink& sink, std::uint64_t flows) {
    ASSERT_TRUE(eventually([&] { return sink.stats().counts[SinkCount::delivered_flows] == flows; }));
  }

  test::TempDirectory directory_;
  test::Lines lines_;
};

TEST_F(FileSinkTest, WritesWholeBlocksAndNamesTheFileWhenItIsWhole) {
  const auto sink = make_sink("disk", settings(), 1, lines_.callback());
  sink->send(block_of(3, framed("abc")), 0);
  sink->send(block_of(2, framed("de")), 0);
  delivered(*sink, 5);
  ASSERT_EQ(files().size(), 1U);
  EXPECT_TRUE(files()[0].string().ends_with(".pb.part"));
  sink->close(in(std::chrono::seconds(10)));

  ASSERT_EQ(files().size(), 1U);
  EXPECT_TRUE(std::regex_match(files()[0].filename().string(), std::regex(R"(flows-\d{8}T\d{6}Z-\d+\.pb)")));
  EXPECT_THAT(test::bodies(test::content(files()[0])), testing::ElementsAre("abc", "abc", "abc", "de", "de"));
  const SinkStats stats = sink->stats();
  EXPECT_EQ(stats.counts[SinkCount::delivered_flows], 5U);
  EXPECT_EQ(stats.counts[SinkCount::delivered_blocks], 2U);
  EXPECT_EQ(stats.counts[SinkCount::delivered_bytes], 18U);
  EXPECT_EQ(stats.counts[SinkCount::queued_flows] + stats.counts[SinkCount::queued_bytes] +
                stats.counts[SinkCount::shed_flows],
            0U);
}

TEST_F(FileSinkTest, NamesJsonFilesAsSuch) {
  Settings json = settings();
  json.format = encode::Format::json;
  std::get<FileSettings>(json.own).prefix = "edge";
  const auto sink = make_sink("disk", json, 1, lines_.callback());
  sink->send(block_of(1, "{}\n"), 0);
  sink->close(in(std::chrono::seconds(10)));
  ASSERT_EQ(files().size(), 1U);
  EXPECT_TRUE(files()[0].filename().string().starts_with("edge-"));
  EXPECT_EQ(files()[0].extension(), ".jsonl");
}

TEST_F(FileSinkTest, RotatesBySizeBetweenBlocks) {
  Settings small = settings();
  std::get<FileSettings>(small.own).rotate_bytes = 1000;
  const auto sink = make_sink("disk", small, 1, lines_.callback());
  for (int i = 0; i < 10; ++i) sink->send(block_of(4, framed(std::string(99, 'x'))), 0);  // 400 bytes each
  sink->close(in(std::chrono::seconds(10)));
  ASSERT_EQ(files().size(), 5U);
  std::size_t rows = 0;
  for (const auto& file : files()) {
    EXPECT_LE(fs::file_size(file), 1000U);
    EXPECT_EQ(file.extension(), ".pb");
    rows += test::bodies(test::content(file)).size();
  }
  EXPECT_EQ(rows, 40U);
}

TEST_F(FileSinkTest, RotatesByTimeAlsoWhenNothingComes) {
  Settings quick = settings();
  std::get<FileSettings>(quick.own).rotate_every = std::chrono::seconds(1);
  const auto sink = make_sink("disk", quick, 1, lines_.callback());
  sink->send(block_of(1, framed("a")), 0);
  ASSERT_TRUE(eventually([&] { return files().size() == 1 && files()[0].extension() == ".pb"; }));
  sink->send(block_of(1, framed("b")), 0);
  ASSERT_TRUE(eventually([&] { return files().size() == 2 && files()[1].extension() == ".pb"; }));
}

TEST_F(FileSinkTest, ReopenFinishesTheFileAndStartsANewOne) {
  const auto sink = make_sink("disk", settings(), 1, lines_.callback());
  sink->send(block_of(1, framed("a")), 0);
  delivered(*sink, 1);
  sink->reopen();
  ASSERT_TRUE(eventually([&] { return files()[0].extension() == ".pb"; }));
  sink->reopen();  // nothing open: nothing to finish, no empty file
  sink->send(block_of(1, framed("b")), 0);
  sink->close(in(std::chrono::seconds(10)));
  ASSERT_EQ(files().size(), 2U);
  EXPECT_EQ(test::content(files()[0]), framed("a"));
  EXPECT_EQ(test::content(files()[1]), framed("b"));
}

TEST_F(FileSinkTest, NeverWritesOverAFile) {
  for (int run = 0; run < 3; ++run) {
    const auto sink = make_sink("disk", settings(), 1, lines_.callback());
    sink->send(block_of(1, framed(std::to_string(run))), 0);
    sink->close(in(std::chrono::seconds(10)));
  }
  std::string all;
  for (const auto& file : files()) all += test::content(file);
  EXPECT_EQ(files().size(), 3U);
  auto found = test::bodies(all);
  std::sort(found.begin(), found.end());
  EXPECT_THAT(found, testing::ElementsAre("0", "1", "2"));
}

TEST_F(FileSinkTest, PutsARemovedDirectoryBack) {
  const auto sink = make_sink("disk", settings(), 1, lines_.callback());
  fs::remove_all(directory_.path() / "out");
  sink->send(block_of(1, framed("a")), 0);
  sink->close(in(std::chrono::seconds(10)));
  EXPECT_EQ(sink->stats().counts[SinkCount::delivered_flows], 1U);
  ASSERT_EQ(files().size(), 1U);
}

/// A file system of its own where the sink writes.
class FullDiskTest : public FileSinkTest {
 protected:
  void SetUp() override {
    if (geteuid() != 0) GTEST_SKIP() << "needs root: mounts a file system of 64 KB to fill";
    fs::create_directory(disk_);
    if (::mount("sluice-test", disk_.c_str(), "tmpfs", 0, "size=64k") != 0)
      GTEST_SKIP() << "cannot mount a file system here: " << std::strerror(errno);
    mounted_ = true;
  }
  void TearDown() override {
    if (mounted_) ::umount2(disk_.c_str(), MNT_DETACH);
  }
  /// 14,000 bytes: four fit, the fifth only in part.
  static BlockPtr large() { return block_of(140, framed(std::string(99, 'x'))); }
  std::vector<std::string> rows() const {
    std::vector<std::string> out;
    for (const auto& file : files_in(disk_))
      for (std::string& row : test::bodies(test::content(file))) out.push_back(std::move(row));
    return out;
  }

  const fs::path disk_ = directory_.path() / "out";
  bool mounted_ = false;
};

TEST_F(FullDiskTest, BlocksWaitUntilThereIsRoom) {
  const auto sink = make_sink("disk", settings(), 1, lines_.callback());
  for (int i = 0; i < 8; ++i) sink->send(large(), 0);
  sink->send(block_of(1, framed("last")), 0);
  // Told each time it is tried, which is each second.
  ASSERT_TRUE(eventually([&] { return lines_.containing("No space left on device") >= 2; }));
  const SinkStats full = sink->stats();
  EXPECT_EQ(full.counts[SinkCount::delivered_flows], 4 * 140U);
  EXPECT_EQ(full.counts[SinkCount::queued_flows], 4 * 140U + 1);
  EXPECT_FALSE(sink->ready_to_close()) << "it is worth waiting for";

  ASSERT_EQ(::mount("sluice-test", disk_.c_str(), "tmpfs", MS_REMOUNT, "size=1m"), 0);
  delivered(*sink, 8 * 140U + 1);
  EXPECT_TRUE(sink->ready_to_close());
  sink->close(in(std::chrono::seconds(10)));
  EXPECT_EQ(rows().size(), 8 * 140U + 1);
  EXPECT_EQ(rows().back(), "last");
  EXPECT_EQ(lines_.containing("writes again"), 1U);
}

TEST_F(FullDiskTest, WhatTheQueueHasNoRoomForIsShed) {
  Settings tight = settings();
  std::get<FileSettings>(tight.own).queue_bytes = 30000;
  tight.block_bytes = 4096;
  const auto sink = make_sink("disk", tight, 1, lines_.callback());
  for (int i = 0; i < 4; ++i) {
    sink->send(large(), 0);
    delivered(*sink, (static_cast<unsigned>(i) + 1) * 140U);
  }
  sink->send(large(), 0);
  ASSERT_TRUE(eventually([&] { return lines_.containing("No space left on device") >= 1; }));
  for (int i = 0; i < 5; ++i) sink->send(large(), 0);  // one is in hand, two wait
  EXPECT_EQ(sink->stats().counts[SinkCount::shed_flows], 3 * 140U);
  EXPECT_EQ(sink->stats().counts[SinkCount::queued_flows], 3 * 140U);
  sink->close(in(std::chrono::milliseconds(100)));
  EXPECT_EQ(failed(sink->stats(), "no_space"), 3 * 140U) << "what it waited for in vain";
  EXPECT_EQ(rows().size(), 4 * 140U);
}

/// What a collector that was killed leaves.
class LeftOverTest : public FileSinkTest {
 protected:
  void leave(const std::string& name, std::string_view bytes) const {
    fs::create_directories(directory_.path() / "out");
    std::ofstream(directory_.path() / "out" / name, std::ios::binary) << bytes;
  }
  void start_and_stop(const Settings& of) {
    make_sink("disk", of, 1, lines_.callback())->close(in(std::chrono::seconds(10)));
  }
  std::vector<std::string> names() const {
    std::vector<std::string> out;
    for (const auto& file : files()) out.push_back(file.filename());
    return out;
  }
  std::string text_of(const std::string& name) const {
    return test::content(directory_.path() / "out" / name);
  }
};

TEST_F(LeftOverTest, IsCutToItsLastWholeRowAtEveryLength) {
  const std::string rows = framed("first") + framed(std::string(120, 'b')) + framed("third");
  for (std::size_t length = 0; length <= rows.size(); ++length) {
    leave("flows-20260101T000000Z-7.pb.part", std::string_view(rows).substr(0, length));
    start_and_stop(settings());
    const std::size_t whole = length < 6 ? 0 : length < 127 ? 6 : length < 133 ? 127 : 133;
    if (whole == 0) {
      ASSERT_THAT(names(), testing::IsEmpty()) << length;
      continue;
    }
    ASSERT_THAT(names(), testing::ElementsAre("flows-20260101T000000Z-7.pb")) << length;
    ASSERT_EQ(text_of(names()[0]), rows.substr(0, whole)) << length;
    fs::remove(files()[0]);
  }
  EXPECT_EQ(lines_.containing("a collector was killed"), rows.size() + 1) << "one line for each start";
}

TEST_F(LeftOverTest, EndsWhereALossOfPowerLeftZeros) {
  leave("flows-20260101T000000Z-0.pb.part", framed("a") + std::string(5000, '\0'));
  leave("flows-20260101T000000Z-1.pb.part", framed("b") + std::string(6, '\xff') + framed("c"));
  start_and_stop(settings());
  EXPECT_EQ(text_of("flows-20260101T000000Z-0.pb"), framed("a"));
  EXPECT_EQ(text_of("flows-20260101T000000Z-1.pb"), framed("b"));
  EXPECT_EQ(lines_.containing("2 files finished, 5008 bytes of broken rows cut off"), 1U);
}

TEST_F(LeftOverTest, JsonEndsWithAWholeLine) {
  Settings json = settings();
  json.format = encode::Format::json;
  leave("flows-20260101T000000Z-0.jsonl.part", "{\"a\":1}\n{\"b\":2}\n{\"c");
  start_and_stop(json);
  EXPECT_EQ(text_of("flows-20260101T000000Z-0.jsonl"), "{\"a\":1}\n{\"b\":2}\n");
}

TEST_F(LeftOverTest, FilesOfOthersStay) {
  const std::vector<std::string> others = {
      "edge-20260101T000000Z-0.pb.part",          // another sink's
      "flows-20260101T000000Z-0.jsonl.part",      // another format's
      "flows-copy-20260101T000000Z-0.pb.part",    // another prefix that begins like ours
      "flows-20260101T000000Z-0.pb.part.backup",  // somebody's
      "flows-2026.pb.part",
      "flows-20260101T000000Z-.pb.part",
  };
  for (const std::string& name : others) leave(name, framed("a") + "\x05");
  leave("flows-20260101T000000Z-9.pb", framed("whole"));
  leave("flows-20260101T000000Z-9.pb.part", framed("taken") + "\x05");
  start_and_stop(settings());
  for (const std::string& name : others) EXPECT_EQ(text_of(name), framed("a") + "\x05") << name;
  EXPECT_EQ(text_of("flows-20260101T000000Z-9.pb"), framed("whole"));
  EXPECT_EQ(text_of("flows-20260101T000000Z-9.pb.part"), framed("taken") + "\x05");
  EXPECT_EQ(lines_.containing("flows-20260101T000000Z-9.pb is there"), 1U);
}

TEST_F(LeftOverTest, WhatCannotBeReadStaysAsItIsAndIsTold) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root: mounts a file that cannot be read";
  leave("flows-20260101T000000Z-0.pb.part", framed("a"));
  leave("flows-20260101T000000Z-1.pb.part", framed("b"));
  const fs::path broken = directory_.path() / "out" / "flows-20260101T000000Z-0.pb.part";
  // Its first byte is an error to read, as that of a disk may be.
  if (::mount("/proc/self/mem", broken.c_str(), nullptr, MS_BIND, nullptr) != 0)
    GTEST_SKIP() << "cannot mount a file here: " << std::strerror(errno);
  start_and_stop(settings());
  ::umount2(broken.c_str(), MNT_DETACH);
  EXPECT_EQ(lines_.containing("flows-20260101T000000Z-0.pb.part, which a crash left: Input/output error"), 1U)
      << testing::PrintToString(lines_.all());
  EXPECT_THAT(names(),
              testing::ElementsAre("flows-20260101T000000Z-0.pb.part", "flows-20260101T000000Z-1.pb"));
  EXPECT_EQ(text_of("flows-20260101T000000Z-0.pb.part"), framed("a"));
  EXPECT_EQ(lines_.containing("removed"), 0U);
}

TEST_F(LeftOverTest, AFileThatIsBeingWrittenStays) {
  // As at a takeover, and where a reload changes the sink.
  const auto before = make_sink("disk", settings(), 1, lines_.callback());
  before->send(block_of(1, framed("a")), 0);
  delivered(*before, 1);
  const auto after = make_sink("disk", settings(), 1, lines_.callback());
  after->send(block_of(1, framed("b")), 0);
  delivered(*after, 1);
  before->send(block_of(1, framed("c")), 0);
  before->close(in(std::chrono::seconds(10)));
  after->close(in(std::chrono::seconds(10)));
  std::vector<std::string> contents;
  for (const std::string& name : names()) contents.push_back(text_of(name));
  EXPECT_THAT(contents, testing::UnorderedElementsAre(framed("a") + framed("c"), framed("b")));
}

TEST_F(FileSinkTest, ADirectoryThatCannotBeWrittenIsOneSentence) {
  Settings wrong = settings();
  std::get<FileSettings>(wrong.own).path = "/dev/null/flows";
  try {
    make_sink("disk", wrong, 1, lines_.callback());
    FAIL() << "made a sink in /dev/null/flows";
  } catch (const SetupError& error) {
    EXPECT_STREQ(
        error.what(),
        "sinks.disk.path: cannot create /dev/null/flows: Not a directory; name a directory that the user "
        "sluice runs as may write to");
  }
}

TEST_F(FileSinkTest, AForbiddenDirectoryIsOneSentence) {
  const fs::path locked = directory_.path() / "locked";
  fs::create_directory(locked);
  fs::permissions(directory_.path(), fs::perms(0755));
  fs::permissions(locked, fs::perms(0555));
  Settings wrong = settings();
  std::get<FileSettings>(wrong.own).path = locked.string();
  const uid_t self = geteuid();
  ASSERT_TRUE(self != 0 || seteuid(65534) == 0) << "root may write everywhere, so be somebody else";
  std::string said = "(none)";
  try {
    make_sink("disk", wrong, 1, lines_.callback());
  } catch (const SetupError& error) {
    said = error.what();
  }
  ASSERT_TRUE(self != 0 || seteuid(self) == 0);
  EXPECT_EQ(said, "sinks.disk.path: cannot write in " + locked.string() +
                      ": Permission denied; name a directory that the user sluice runs as may write to");
}

TEST_F(FileSinkTest, EveryFlowIsAccountedForWhileTheQueueIsFull) {
  Settings tight = settings();
  std::get<FileSettings>(tight.own).queue_bytes = 200 << 10;
  const auto sink = make_sink("disk", tight, 1, lines_.callback());
  const auto block = block_of(600, framed(std::string(99, 'x')));
  std::uint64_t produced = 0;
  for (int i = 0; i < 2000; ++i) {
    sink->send(block, 0);
    produced += block->flows;
    const SinkStats stats = sink->stats();
    ASSERT_EQ(test::accounted(stats), produced);
    ASSERT_LE(stats.counts[SinkCount::queued_bytes], (200U << 10) + 2 * 60000U);
  }
  sink->shed(std::vector<Block::ExporterCount>{{test::exporter(9), 5}});
  sink->close(in(std::chrono::seconds(20)));
  const SinkStats stats = sink->stats();
  EXPECT_EQ(stats.counts[SinkCount::queued_flows], 0U);
  EXPECT_EQ(stats.counts[SinkCount::delivered_flows] + stats.counts[SinkCount::shed_flows], produced + 5);
  sink->send(block, 0);
  EXPECT_EQ(sink->stats().counts[SinkCount::shed_flows], stats.counts[SinkCount::shed_flows] + block->flows)
      << "a closed sink takes nothing";
}

}  // namespace
}  // namespace sluice::sink
