#include <gmock/gmock.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <set>

#include "sink/spool/store.hpp"
#include "sink_support.hpp"
#include "spool_support.hpp"

namespace {

/// Names of the files and directories that this process has synced, where somebody wants to know.
std::set<std::string>* synced = nullptr;

namespace test = sluice::test;

int note_synced(int file, long call) {
  if (test::sync_fails) return errno = EIO, -1;
  if (synced) synced->insert(std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(file)));
  return static_cast<int>(::syscall(call, file));
}

}  // namespace

std::atomic<bool> sluice::test::sync_fails{false};

// Instead of libc's.
extern "C" int fsync(int file) { return note_synced(file, SYS_fsync); }
extern "C" int fdatasync(int file) { return note_synced(file, SYS_fdatasync); }

namespace sluice::sink::spool {
namespace {

namespace fs = std::filesystem;
using test::batch_block;
using test::same;
using testing::ElementsAre;

constexpr std::uint64_t kPlenty = 1ULL << 30;
constexpr std::uint64_t kSeveral = 16 << 20;  // segments of 256 KB too, and room for more of them
constexpr std::uint64_t kSmall = 1 << 20;     // four segments of 256 KB

/// The body of a block's first row.
std::string body_of(const Block& block) { return test::bodies(test::text(block.bytes)).at(0); }

class SpoolStore : public testing::Test {
 protected:
  struct Opened {
    std::unique_ptr<Store> store;
    std::uint64_t dropped = 0, damaged = 0, torn = 0;  // flows, flows, bytes
    std::vector<std::uint32_t> waiting;                // flows of each block that was found
    Store::Found found;
  };

  std::unique_ptr<Opened> open(std::uint64_t budget = kPlenty, SpoolDrop drop = SpoolDrop::oldest,
                               const std::string& form = "flows protobuf batch") const {
    auto out = std::make_unique<Opened>();
    out->store = std::make_unique<Store>(
        directory_.path() / "spool", form, budget, drop,
        StoreEvents{[o = out.get()](const Summary& block) { o->dropped += block.flows; },
                    [o = out.get()](const Summary& block) { o->damaged += block.flows; },
                    [o = out.get()](std::uint64_t bytes) { o->torn += bytes; }});
    const auto locked = out->store->lock();
    EXPECT_TRUE(locked && *locked);
    out->found =
        out->store->open([o = out.get()](const Summary& block) { o->waiting.push_back(block.flows); });
    return out;
  }
  std::vector<fs::path> segments() const {
    std::vector<fs::path> out;
    for (const auto& entry : fs::directory_iterator(directory_.path() / "spool"))
      if (entry.path().extension() == ".spool") out.push_back(entry.path());
    std::ranges::sort(out);
    return out;
  }
  static void fill(Store& store, std::initializer_list<const char*> bodies) {
    for (const char* body : bodies) ASSERT_TRUE(store.append(*batch_block(1, body)));
  }
  /// What is handed out, and settled at once.
  static std::vector<std::string> drained(Store& store) {
    std::vector<std::string> out;
    while (const auto block = store.next()) {
      out.push_back(body_of(*block));
      store.done(block->spooled);
    }
    return out;
  }

  test::TempDirectory directory_;
};

TEST_F(SpoolStore, HandsOutInOrderAndLeavesNothing) {
  const auto it = open();
  EXPECT_TRUE(it->store->nothing_to_hand_out());
  fill(*it->store, {"a", "b", "c"});
  EXPECT_FALSE(it->store->nothing_to_hand_out());
  EXPECT_GT(it->store->oldest_s(), 0U);
  EXPECT_THAT(drained(*it->store), ElementsAre("a", "b", "c"));
  EXPECT_TRUE(it->store->nothing_to_hand_out());
  EXPECT_EQ(it->store->bytes(), 0U);
  EXPECT_THAT(segments(), testing::IsEmpty());
  fill(*it->store, {"d"});
  EXPECT_THAT(drained(*it->store), ElementsAre("d"));
}

TEST_F(SpoolStore, WhatComesBackIsHandedOutFirst) {
  const auto it = open();
  fill(*it->store, {"a", "b", "c", "d"});
  const auto a = it->store->next(), b = it->store->next(), c = it->store->next();
  EXPECT_EQ(it->store->handed_out(), 3U);
  EXPECT_TRUE(it->store->again(c->spooled));
  EXPECT_TRUE(it->store->again(a->spooled));
  it->store->done(b->spooled);
  EXPECT_THAT(drained(*it->store), ElementsAre("a", "c", "d"));
  EXPECT_FALSE(it->store->again(a->spooled)) << "it is settled";
}

TEST_F(SpoolStore, TheNextOneGoesOnWhereThisOneStopped) {
  {
    const auto it = open();
    fill(*it->store, {"a", "b", "c", "d"});
    const auto a = it->store->next(), b = it->store->next();
    it->store->done(b->spooled);  // a is under way: it comes again, rather than never
    EXPECT_EQ(a->flows, 1U);
  }
  const auto it = open();
  EXPECT_THAT(it->waiting, ElementsAre(1, 1, 1));
  fill(*it->store, {"e"});
  EXPECT_THAT(drained(*it->store), ElementsAre("a", "c", "d", "e"));
  EXPECT_THAT(segments(), testing::IsEmpty());
}

TEST_F(SpoolStore, BlocksComeBackAsTheyWere) {
  const auto rows = test::row_block({"first", "second", ""});
  const auto batch = batch_block(300, std::string(100, 'x'));
  {
    const auto it = open();
    ASSERT_TRUE(it->store->append(*rows));
    ASSERT_TRUE(it->store->append(*batch));
  }
  const auto it = open();
  EXPECT_TRUE(same(*it->store->next(), *rows));
  EXPECT_TRUE(same(*it->store->next(), *batch));
}

TEST_F(SpoolStore, CutAtEveryLengthItKeepsTheWholeBlocks) {
  std::vector<std::uint64_t> ends;
  {
    const auto it = open();
    for (const char* body : {"a", "bb", "ccc"}) {
      fill(*it->store, {body});
      ends.push_back(it->store->bytes());
    }
  }
  const std::string whole = test::content(segments().at(0));
  ASSERT_EQ(whole.size(), ends.back());
  const std::vector<std::string> bodies = {"a", "bb", "ccc"};
  const fs::path path = segments().at(0);
  for (std::size_t length = 0; length <= whole.size(); ++length) {
    SCOPED_TRACE(length);
    std::ofstream(path, std::ios::binary) << whole.substr(0, length);
    const auto it = open();
    const auto kept = static_cast<std::size_t>(
        std::ranges::count_if(ends, [&](std::uint64_t end) { return end <= length; }));
    ASSERT_EQ(it->waiting.size(), kept);
    fill(*it->store, {"new"});
    std::vector<std::string> expected(bodies.begin(), bodies.begin() + static_cast<std::ptrdiff_t>(kept));
    expected.emplace_back("new");
    ASSERT_EQ(drained(*it->store), expected);
    ASSERT_TRUE(it->found.error.empty());
    for (const auto& left : segments()) fs::remove(left);
  }
}

TEST_F(SpoolStore, WhicheverByteIsFlippedTheOtherBlocksComeBack) {
  std::uint64_t head = 0, first_end = 0, second_end = 0;
  {
    const auto it = open();
    head = segment_head("flows protobuf batch").size();
    fill(*it->store, {"a"});
    first_end = it->store->bytes();
    fill(*it->store, {"b"});
    second_end = it->store->bytes();
    fill(*it->store, {"c"});
  }
  const fs::path path = segments().at(0);
  const std::string whole = test::content(path);
  for (std::size_t at = head; at < whole.size(); ++at) {
    SCOPED_TRACE(at);
    std::string damaged = whole;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x11);
    std::ofstream(path, std::ios::binary) << damaged;
    const auto it = open();
    std::vector<std::string> expected = {"a", "b", "c"};
    const std::size_t in = at < first_end ? 0 : at < second_end ? 1 : 2;
    const std::size_t begin = in == 0 ? head : in == 1 ? first_end : second_end;
    const bool state = at - begin == kStateAt;  // what is not known to be done is sent
    if (!state) expected.erase(expected.begin() + static_cast<std::ptrdiff_t>(in));
    ASSERT_EQ(drained(*it->store), expected);
    ASSERT_TRUE(state || it->torn > 0 || it->damaged == 1);
    for (const auto& left : segments()) fs::remove(left);
  }
}

TEST_F(SpoolStore, DamageWhileItRunsCostsThatBlockAlone) {
  const auto it = open();
  fill(*it->store, {"a", "b", "c"});
  const fs::path path = segments().at(0);
  std::string bytes = test::content(path);
  const std::size_t second = bytes.find("SLBK", bytes.find("SLBK") + 1);
  {
    std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
    file.seekp(static_cast<std::streamoff>(second + 8));
    file.put('\x7f');  // of the length of the table
  }
  EXPECT_THAT(drained(*it->store), ElementsAre("a", "c"));
  EXPECT_GT(it->torn, 0U);
}

/// Several segments of 256 KB, of which the last alone is open.
std::uint64_t fill_segments(Store& store) {
  constexpr std::uint64_t kBlocks = 60;
  for (std::uint64_t i = 0; i < kBlocks; ++i)
    EXPECT_TRUE(store.append(*batch_block(300, std::string(100, 'x'))));
  return kBlocks;
}

std::size_t open_files(const fs::path& directory) {
  std::size_t out = 0;
  for (const auto& entry : fs::directory_iterator("/proc/self/fd")) {
    std::error_code gone;
    const fs::path target = fs::read_symlink(entry.path(), gone);
    if (target.parent_path() == directory && target.extension() == ".spool") ++out;
  }
  return out;
}

/// Files and directories, by name, that are on the disk for sure after sync() (and were not before).
class Synced {
 public:
  Synced() { ::synced = &names_; }
  ~Synced() { ::synced = nullptr; }
  Synced(const Synced&) = delete;
  Synced& operator=(const Synced&) = delete;

  std::set<std::string> now() { return std::exchange(names_, {}); }

 private:
  std::set<std::string> names_;
};

TEST_F(SpoolStore, WhatALossOfPowerMustNotTakeIsSynced) {
  Synced synced;
  const auto it = open(kSeveral);
  const std::string above = fs::canonical(directory_.path()), here = above + "/spool";
  EXPECT_THAT(synced.now(), ElementsAre(above)) << "the directory is new";

  fill(*it->store, {"a", "b"});
  EXPECT_EQ(it->store->sync(), 0);
  const std::string first = segments().at(0).filename();
  EXPECT_THAT(synced.now(), ElementsAre(here, here + "/" + first)) << "blocks, and the name of their file";
  EXPECT_EQ(it->store->sync(), 0);
  EXPECT_THAT(synced.now(), testing::IsEmpty()) << "nothing has changed";

  fill_segments(*it->store);
  ASSERT_GT(segments().size(), 2U);
  EXPECT_THAT(synced.now(), testing::Contains(here + "/" + first)) << "it is full";
  EXPECT_EQ(it->store->sync(), 0);
  synced.now();
  it->store->done(it->store->next()->spooled);
  EXPECT_EQ(it->store->sync(), 0);
  EXPECT_THAT(synced.now(), ElementsAre(here + "/" + first)) << "a block is done with";
  EXPECT_EQ(open_files(here), 2U) << "the one that is read, the one that is written";

  while (const auto block = it->store->next()) it->store->done(block->spooled);
  synced.now();
  EXPECT_EQ(it->store->sync(), 0);
  EXPECT_THAT(synced.now(), testing::Contains(here)) << "files have gone";
}

TEST_F(SpoolStore, TheOldestMakeRoomWithinTheBudget) {
  const auto it = open(kSmall);
  std::uint64_t appended = 0;
  for (int i = 0; i < 100; ++i) {
    const auto block = batch_block(300, std::string(100, 'x'));  // 30 KB and a table
    ASSERT_TRUE(it->store->append(*block));
    appended += block->flows;
    ASSERT_LE(it->store->bytes(), kSmall);
  }
  EXPECT_GT(it->dropped, 0U);
  std::uint64_t left = 0;
  while (const auto block = it->store->next()) {
    left += block->flows;
    it->store->done(block->spooled);
  }
  EXPECT_EQ(left + it->dropped, appended);
  EXPECT_GT(left * 110, kSmall / 2) << "not more than needed was dropped";
  EXPECT_EQ(it->torn + it->damaged, 0U);
}

TEST_F(SpoolStore, OrTheNewestFindsNone) {
  const auto it = open(kSmall, SpoolDrop::newest);
  std::uint64_t taken = 0;
  for (int i = 0; i < 100; ++i) {
    const auto stored =
        it->store->append(*batch_block(300, std::string(100, static_cast<char>('A' + i % 26))));
    if (stored)
      ++taken;
    else
      ASSERT_EQ(stored.error().trouble, Store::Trouble::no_room);
  }
  EXPECT_LT(taken, 40U);
  EXPECT_EQ(it->dropped, 0U);
  EXPECT_EQ(body_of(*it->store->next())[0], 'A');
}

TEST_F(SpoolStore, WhatIsHandedOutIsNotDroppedButCannotComeBack) {
  const auto it = open(kSmall);
  fill(*it->store, {"first"});
  const auto first = it->store->next();
  std::uint64_t appended = 0;
  for (int i = 0; i < 60; ++i) {
    const auto block = batch_block(300, std::string(100, 'x'));
    ASSERT_TRUE(it->store->append(*block));
    appended += block->flows;
  }
  EXPECT_FALSE(it->store->again(first->spooled)) << "whoever has it puts it away anew";
  std::uint64_t left = 0;
  while (const auto block = it->store->next()) {
    left += block->flows;
    it->store->done(block->spooled);
  }
  EXPECT_EQ(left + it->dropped, appended);
}

/// No file can be opened while it lives.
class NoDescriptors {
 public:
  NoDescriptors() {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    const rlimit none{0, before_.rlim_max};
    ::setrlimit(RLIMIT_NOFILE, &none);
  }
  ~NoDescriptors() { ::setrlimit(RLIMIT_NOFILE, &before_); }
  NoDescriptors(const NoDescriptors&) = delete;
  NoDescriptors& operator=(const NoDescriptors&) = delete;

 private:
  rlimit before_{};
};

TEST_F(SpoolStore, WhatCannotBeOpenedForAMomentIsHandedOutLater) {
  const auto it = open(kSeveral);
  const std::uint64_t blocks = fill_segments(*it->store);
  ASSERT_GT(segments().size(), 3U);
  std::uint64_t got = 0, failed = 0;
  const auto take = [&] {
    const auto block = it->store->next();
    if (block) ++got, it->store->done(block->spooled);
    return block != nullptr;
  };
  while (!it->store->nothing_to_hand_out()) {
    {
      const NoDescriptors none;
      while (take()) {  // of the file that is open already
      }
      if (!it->store->unreadable().empty()) {
        ++failed;
        EXPECT_THAT(it->store->unreadable(), testing::HasSubstr("Too many open files"));
        EXPECT_FALSE(it->store->each_waiting([](const Summary&) {}));
      }
    }
    take();
  }
  EXPECT_GT(failed, 3U);
  EXPECT_EQ(got, blocks);
  EXPECT_EQ(it->torn + it->damaged + it->dropped, 0U);
  EXPECT_EQ(it->store->next(), nullptr);
  EXPECT_EQ(it->store->unreadable(), "");
  EXPECT_THAT(segments(), testing::IsEmpty());
}

TEST_F(SpoolStore, WhatCameBackAndCannotBeOpenedIsNotForgotten) {
  const auto it = open(kSeveral);
  const std::uint64_t blocks = fill_segments(*it->store);
  const auto first = it->store->next();
  std::uint64_t got = 0;
  while (const auto block = it->store->next()) ++got, it->store->done(block->spooled);
  EXPECT_EQ(got + 1, blocks);
  ASSERT_TRUE(it->store->again(first->spooled));
  {
    const NoDescriptors none;
    EXPECT_EQ(it->store->next(), nullptr);
    EXPECT_NE(it->store->unreadable(), "");
  }
  const auto again = it->store->next();
  ASSERT_NE(again, nullptr);
  EXPECT_TRUE(same(*again, *first));
  EXPECT_EQ(it->torn + it->damaged, 0U);
}

TEST_F(SpoolStore, NoRoomIsMadeByWhatCannotBeTold) {
  const auto it = open(kSmall);
  std::uint64_t appended = 0;
  const auto block = batch_block(300, std::string(100, 'x'));
  while (it->store->bytes() + 2 * block->bytes.size() < kSmall) {
    ASSERT_TRUE(it->store->append(*block));
    appended += block->flows;
  }
  {
    const NoDescriptors none;
    for (int i = 0; i < 3; ++i)
      if (it->store->append(*block)) appended += block->flows;
  }
  EXPECT_EQ(it->dropped, 0U);
  std::uint64_t left = 0;
  while (const auto next = it->store->next()) left += next->flows;
  EXPECT_EQ(left, appended);
}

TEST_F(SpoolStore, LookingAtAllKeepsNoFilesOpen) {
  const auto it = open(kSeveral);
  const std::uint64_t blocks = fill_segments(*it->store);
  std::uint64_t seen = 0;
  EXPECT_TRUE(it->store->each_waiting([&](const Summary&) { ++seen; }));
  EXPECT_EQ(seen, blocks);
  EXPECT_EQ(open_files(fs::canonical(directory_.path() / "spool")), 1U) << "the one that is written";
}

TEST_F(SpoolStore, AFileThatSomebodyHasRemovedIsNoTroubleForTheOthers) {
  const auto it = open(kSeveral);
  const std::uint64_t blocks = fill_segments(*it->store);
  fs::remove(segments().at(1));
  std::uint64_t got = 0;
  while (const auto block = it->store->next()) ++got, it->store->done(block->spooled);
  EXPECT_GT(got, blocks / 2);
  EXPECT_LT(got, blocks);
  EXPECT_GT(it->torn, 0U);
  EXPECT_EQ(it->store->unreadable(), "");
}

TEST_F(SpoolStore, ABlockBeyondTheBudgetIsTooLarge) {
  const auto it = open(kSmall);
  const auto stored = it->store->append(*batch_block(20000, std::string(100, 'x')));
  ASSERT_FALSE(stored);
  EXPECT_EQ(stored.error().trouble, Store::Trouble::too_large);
}

TEST_F(SpoolStore, AnotherFormStaysAndIsNotHandedOut) {
  {
    fill(*open()->store, {"a"});
  }
  {
    const auto json = open(kPlenty, SpoolDrop::oldest, "flows json batch");
    EXPECT_EQ(json->found.foreign_segments, 1U);
    EXPECT_TRUE(json->store->nothing_to_hand_out());
    fill(*json->store, {"b"});
    EXPECT_THAT(drained(*json->store), ElementsAre("b"));
  }
  EXPECT_THAT(drained(*open()->store), ElementsAre("a"));
}

TEST_F(SpoolStore, IsOnesAtATime) {
  auto first = open();
  Store second(directory_.path() / "spool", "flows protobuf batch", kPlenty, SpoolDrop::oldest, {});
  auto locked = second.lock();
  ASSERT_TRUE(locked);
  EXPECT_FALSE(*locked);
  first->store.reset();
  locked = second.lock();
  EXPECT_TRUE(locked && *locked);
}

TEST_F(SpoolStore, TheLastTenthOfTheFileSystemIsNotItsOwn) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root: mounts a file system of 1 MB to fill";
  const fs::path disk = directory_.path() / "spool";
  fs::create_directory(disk);
  if (::mount("sluice-test", disk.c_str(), "tmpfs", 0, "size=1m") != 0)
    GTEST_SKIP() << "cannot mount a file system here: " << std::strerror(errno);
  const auto unmount = std::shared_ptr<void>(nullptr, [&](void*) { ::umount2(disk.c_str(), MNT_DETACH); });
  {
    const auto it = open(kPlenty, SpoolDrop::newest);
    for (int i = 0; i < 100; ++i) (void)it->store->append(*batch_block(300, std::string(100, 'x')));
    EXPECT_GT(it->store->bytes(), 800U << 10);
    EXPECT_LE(it->store->bytes(), 944U << 10);
  }
  // Others fill the rest: the spool keeps what it has, and grows no more.
  {
    std::ofstream(disk / "somebody", std::ios::binary) << std::string(2 << 20, 'x');
  }
  const auto it = open(kPlenty, SpoolDrop::newest);
  EXPECT_FALSE(it->store->append(*batch_block(300, std::string(100, 'x'))));
  EXPECT_THAT(it->waiting, testing::SizeIs(testing::Gt(20)));
}

/// What was written to a segment before it was full is tried again.
TEST_F(SpoolStore, ASegmentThatCannotBeSyncedIsNotForgotten) {
  const auto spool = open(kSmall);
  test::sync_fails = true;
  while (segments().size() < 2) fill(*spool->store, {"a", "b", "c"});
  EXPECT_EQ(spool->store->sync(), EIO);
  test::sync_fails = false;
  std::set<std::string> names;
  synced = &names;
  EXPECT_EQ(spool->store->sync(), 0);
  synced = nullptr;
  for (const auto& path : segments()) EXPECT_TRUE(names.contains(path)) << path;
}

}  // namespace
}  // namespace sluice::sink::spool
