#include "state/keeper.hpp"

#include <gmock/gmock.h>
#include <time.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>

#include "unit/state/support.hpp"

namespace sluice::state {
namespace {

namespace fs = std::filesystem;
using sluice::test::DecodeFixture;
using sluice::test::SetMessage;
using sluice::test::WireBytes;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::uint64_t now_ns() {
  return static_cast<std::uint64_t>(std::chrono::system_clock::now().time_since_epoch() /
                                    std::chrono::nanoseconds(1));
}

bool wait_for(const std::function<bool()>& what) {
  for (int i = 0; i < 10000; ++i) {
    if (what()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return false;
}

class KeeperTest : public testing::Test {
 protected:
  KeeperTest() { fs::create_directories(folder_); }
  ~KeeperTest() override { fs::remove_all(folder_); }

  std::unique_ptr<Keeper> keeper(DecodeFixture& of, const std::string& path = "") {
    return std::make_unique<Keeper>(path.empty() ? path_ : path, of.exporters,
                                    [this](LogLevel level, std::string text) {
                                      const std::lock_guard lock(mutex_);
                                      if (level == LogLevel::warning) warnings_.push_back(std::move(text));
                                    });
  }
  static decode::DecodeReport send(DecodeFixture& to, SetMessage message) {
    return to(message.bytes(), now_ns());
  }
  static bool written(const Keeper& keeper) {
    return keeper.stats().counts[StateCount::writes] > 0 &&
           keeper.stats().counts[StateCount::unwritten_changes] == 0;
  }

  const fs::path folder_ = fs::temp_directory_path() / ("sluice-keeper." + std::to_string(::getpid()));
  const std::string path_ = folder_ / "state";
  std::mutex mutex_;
  std::vector<std::string> warnings_;
};

const auto kTemplate = [] { return SetMessage::ipfix().tmpl(256, {{1, 4}}); };
const auto kData = [] { return SetMessage::ipfix().data(256, WireBytes().u32(5)); };

TEST_F(KeeperTest, WritesWhatChangedAndTheNextOneReadsIt) {
  DecodeFixture first;
  const auto writer = keeper(first);
  writer->start();
  send(first, kTemplate());
  EXPECT_EQ(writer->stats().counts[StateCount::unwritten_changes], 1u);
  ASSERT_TRUE(wait_for([&] { return written(*writer); }));
  EXPECT_GT(writer->stats().last_write_ns, now_ns() - 60000000000U);
  EXPECT_EQ(writer->stats().counts[StateCount::bytes], fs::file_size(path_));

  // The first one is not stopped: what is on the disk now is what a kill would leave.
  DecodeFixture second;
  const auto reader = keeper(second);
  EXPECT_EQ(reader->stats().restored[StateKind::templates], 1u);
  EXPECT_EQ(send(second, kData()).count(decode::DecodeCount::flows), 1u);
  EXPECT_THAT(warnings_, IsEmpty());
}

TEST_F(KeeperTest, WithoutAChangeNothingIsWritten) {
  DecodeFixture decode;
  const auto writer = keeper(decode);
  writer->start();
  send(decode, kTemplate());
  ASSERT_TRUE(wait_for([&] { return written(*writer); }));
  const std::uint64_t writes = writer->stats().counts[StateCount::writes];
  for (int i = 0; i < 100; ++i) {
    send(decode, kTemplate());
    send(decode, kData());
  }
  EXPECT_EQ(writer->stats().counts[StateCount::unwritten_changes], 0u);
  send(decode, SetMessage::ipfix().tmpl(257, {{1, 4}}));
  ASSERT_TRUE(wait_for([&] { return writer->stats().counts[StateCount::writes] > writes; }));
  EXPECT_EQ(writer->stats().counts[StateCount::writes], writes + 1);
}

TEST_F(KeeperTest, AtTheEndTheTimesAreWrittenToo) {
  DecodeFixture decode;
  const auto writer = keeper(decode);
  writer->start();
  decode(kTemplate().bytes(), now_ns() - 23 * test::kHour);
  ASSERT_TRUE(wait_for([&] { return written(*writer); }));
  send(decode, kData());  // a use, which is no change
  writer->stop();
  DecodeFixture next;
  const auto reader = keeper(next);
  next.exporters.expire(now_ns() + 12 * test::kHour);
  EXPECT_EQ(send(next, kData()).count(decode::DecodeCount::flows), 1u);
}

decode::SequenceCounts numbers(const DecodeFixture& of) {
  return test::only_exporter(of.exporters).counters_of(decode::Protocol::ipfix).sequence;
}

TEST_F(KeeperTest, WhatIsSentBetweenStopAndStartWasLostWhileDown) {
  const auto data = [](std::uint32_t sequence) {
    return SetMessage::ipfix(1, sequence).data(256, WireBytes().u32(5));
  };
  DecodeFixture first;
  const auto writer = keeper(first);
  writer->start();
  send(first, SetMessage::ipfix(1, 10).tmpl(256, {{1, 4}}).data(256, WireBytes().u32(5)));
  send(first, data(11));
  writer->stop();

  DecodeFixture second;
  const auto reader = keeper(second);
  reader->start();
  send(second, data(20));
  EXPECT_EQ(numbers(second).while_down, 8u);
  EXPECT_EQ(numbers(second).lost(), 0u);

  // The file is written anew at once: after a crash nobody knows where streams stood, and nothing is told.
  ASSERT_TRUE(wait_for([&] { return reader->stats().counts[StateCount::writes] > 0; }));
  DecodeFixture third;
  const auto after_crash = keeper(third);
  send(third, data(40));
  EXPECT_EQ(numbers(third).while_down, 0u);
  EXPECT_EQ(numbers(third).in_order, 1u);
}

TEST_F(KeeperTest, ADamagedFileIsSetAsideWithOneWarning) {
  std::ofstream(path_) << "this is no state";
  DecodeFixture decode;
  const auto writer = keeper(decode);
  EXPECT_THAT(warnings_, ElementsAre("state.file " + path_ + " is no state file; it is set aside as " +
                                     path_ + ".bad, and exporters have to send their templates again"));
  EXPECT_EQ(writer->stats().counts[StateCount::set_aside], 1u);
  EXPECT_EQ(writer->stats().restored[StateKind::templates], 0u);
  EXPECT_TRUE(fs::exists(path_ + ".bad"));
  writer->start();
  send(decode, kTemplate());
  ASSERT_TRUE(wait_for([&] { return written(*writer); }));
  DecodeFixture next;
  EXPECT_EQ(keeper(next)->stats().restored[StateKind::templates], 1u);
}

TEST_F(KeeperTest, AFileThatIsEmptyIsDamagedToo) {
  std::ofstream{path_};
  DecodeFixture decode;
  EXPECT_EQ(keeper(decode)->stats().counts[StateCount::set_aside], 1u);
}

TEST_F(KeeperTest, APlaceThatCannotBeWrittenIsAMistake) {
  DecodeFixture decode;
  const auto mistake = [&](const std::string& path) -> std::string {
    try {
      keeper(decode, path);
    } catch (const SetupError& e) {
      return e.what();
    }
    return "";
  };
  EXPECT_THAT(mistake(folder_ / "no" / "state"),
              HasSubstr("state.file: cannot write " + (folder_ / "no" / "state").string() +
                        ".tmp: No such file or directory"));
  EXPECT_THAT(mistake(folder_), HasSubstr("is a directory; name a file in it"));
}

TEST_F(KeeperTest, WriteErrorsAreCountedAndTold) {
  DecodeFixture decode;
  const auto writer = keeper(decode);
  writer->start();
  fs::remove_all(folder_);
  send(decode, kTemplate());
  ASSERT_TRUE(wait_for([&] { return writer->stats().counts[StateCount::write_errors] > 0; }));
  EXPECT_EQ(writer->stats().counts[StateCount::unwritten_changes], 1u);
  EXPECT_EQ(writer->stats().counts[StateCount::writes], 0u);
  ASSERT_TRUE(wait_for([&] {
    const std::lock_guard lock(mutex_);
    return !warnings_.empty();
  })) << "told after it was counted";
  const std::lock_guard lock(mutex_);
  EXPECT_THAT(warnings_, testing::Contains(HasSubstr("cannot be written: No such file or directory")));
}

TEST_F(KeeperTest, NothingKnownIsNothingWritten) {
  DecodeFixture decode;
  const auto writer = keeper(decode);
  writer->start();
  writer->stop();
  EXPECT_EQ(writer->stats().counts[StateCount::writes], 0u);
  EXPECT_FALSE(fs::exists(path_));
}

/// Workers go on while all of it is written again and again.
/// Somebody else's messages in the file.
struct Guest {
  Section section() {
    return {.field = 6,
            .changes = [this] { return changes.load(); },
            .write =
                [this](const std::function<void(const std::string&)>& put) {
                  for (const std::string& one : kept) put(one);
                },
            .restore =
                [this](Bytes message) {
                  kept.emplace_back(reinterpret_cast<const char*>(message.data()), message.size());
                  return kept.back() != "refused";
                }};
  }
  std::vector<std::string> kept{};
  std::atomic<std::uint64_t> changes{0};
};

TEST_F(KeeperTest, SectionsAreWrittenWhereTheyChangedAndReadAgain) {
  DecodeFixture decode;
  Guest before;
  before.kept = {"one", std::string(3000, 'x'), "refused"};
  {
    Keeper keeper(path_, decode.exporters, [](LogLevel, const std::string&) {}, {before.section()});
    keeper.start();
    ++before.changes;
    EXPECT_TRUE(wait_for([&] { return written(keeper); }));
  }
  Guest after;
  DecodeFixture fresh;
  const Keeper again(path_, fresh.exporters, [](LogLevel, const std::string&) {}, {after.section()});
  EXPECT_EQ(after.kept, before.kept);
  EXPECT_EQ(again.stats().counts[StateCount::refused], 1U);
  EXPECT_EQ(again.stats().counts[StateCount::unwritten_changes], 0U) << "what is on disk is no news";
}

TEST_F(KeeperTest, WhoDoesNotKnowASectionPassesItOver) {
  DecodeFixture decode;
  Guest guest;
  guest.kept = {"one", "two"};
  {
    Keeper keeper(path_, decode.exporters, [](LogLevel, const std::string&) {}, {guest.section()});
    keeper.start();
    send(decode, SetMessage::v9(1).tmpl(256, {{8, 4}}));
    EXPECT_TRUE(wait_for([&] { return written(keeper); }));
  }
  DecodeFixture fresh;
  const auto again = keeper(fresh);
  EXPECT_EQ(again->stats().restored[StateKind::templates], 1U);
  EXPECT_EQ(again->stats().counts[StateCount::set_aside], 0U);
  EXPECT_THAT(warnings_, IsEmpty());
}

TEST_F(KeeperTest, WritesBesideADecoder) {
  DecodeFixture decode;
  const auto writer = keeper(decode);
  writer->start();
  std::uint16_t id = 256;
  ASSERT_TRUE(wait_for([&] {
    for (int i = 0; i < 20; ++i) send(decode, SetMessage::ipfix().tmpl(id++, {{1, 4}, {2, 8}}));
    return writer->stats().counts[StateCount::writes] >= 3;
  }));
  writer->stop();
  DecodeFixture next;
  EXPECT_EQ(keeper(next)->stats().restored[StateKind::templates],
            test::only_exporter(decode.exporters).templates.size());
}

}  // namespace
}  // namespace sluice::state
