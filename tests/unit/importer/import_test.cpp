// Archives into a sink that writes files, read back.
#include "importer/import.hpp"

#include <gmock/gmock.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "unit/nfdump/archive_support.hpp"
#include "util/clock.hpp"

namespace sluice::importer::test {
namespace {

namespace fs = std::filesystem;
using nfdump::test::element;
using nfdump::test::HostBytes;
using nfdump::test::NfdumpFile;
using testing::ElementsAre;
using testing::HasSubstr;

class Importing : public testing::Test {
 protected:
  Importing() : root_(fs::path(testing::TempDir()) / ("import_" + std::to_string(getpid()))) {
    fs::create_directories(root_);
    sink::Settings files;
    files.format = encode::Format::json;
    sink::FileSettings own;
    own.path = (root_ / "out").string();
    files.own = own;
    config_.sinks = {{"files", files}};
    request_.sinks = {"files"};
    request_.state = (root_ / "state").string();
  }
  ~Importing() override { fs::remove_all(root_); }

  /// A file of so many flows, told apart by their bytes from `first` on, received on consecutive days from
  /// this one on, or all on it.
  std::string add(const std::string& name, std::uint64_t first, std::uint64_t flows,
                  bool days = false) const {
    NfdumpFile file(2);
    for (std::uint64_t i = 0; i < flows; ++i) {
      const std::uint64_t ms = 1'700'000'000'000 + (days ? i * 86'400'000 : 0);
      HostBytes generic = file.host().u64(ms).u64(ms).u64(ms).u64(1).u64(first + i).u16(1).u16(2);
      generic.u8(6).u8(0).u8(0).u8(0);
      HostBytes body = element(file.host(), 1, generic);
      body = element(body, 2, nfdump::test::v4_pair(file.host()));
      file.record(11, nfdump::test::flow2(file, 2, body));
    }
    const auto bytes = file.block().bytes();
    const fs::path path = root_ / name;
    std::ofstream(path, std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    return path.string();
  }
  Result<Outcome, std::string> run(const std::vector<std::string>& paths) {
    auto found = find_archives(paths);
    EXPECT_TRUE(found);
    request_.files = found->files;
    return import_archives(
        config_, request_, [this](LogLevel, const std::string& text) { log_ += text + '\n'; }, stop_);
  }
  /// The bytes of the flows that were written, in their order, over all files by their names.
  std::vector<int> written() const {
    std::vector<fs::path> files;
    if (fs::exists(root_ / "out"))
      for (const auto& entry : fs::directory_iterator(root_ / "out")) files.push_back(entry.path());
    std::ranges::sort(files);
    std::vector<int> out;
    for (const fs::path& path : files) {
      std::ifstream file(path);
      for (std::string line; std::getline(file, line);) {
        const std::size_t at = line.find("\"bytes\":");
        out.push_back(std::stoi(line.substr(at + 8)));
      }
    }
    return out;
  }

  fs::path root_;
  config::Config config_;
  Request request_;
  std::string log_;
  std::atomic<bool> stop_{false};
};

TEST_F(Importing, GoesInTheOrderOfTimeAndOnlyOnce) {
  add("nfcapd.202611281005", 3, 2);
  add("nfcapd.202611281000", 1, 2);
  const auto first = run({root_.string()});
  ASSERT_TRUE(first) << first.error();
  EXPECT_EQ(first->error, "");
  EXPECT_EQ(first->progress.flows, 4U);
  EXPECT_EQ(first->progress.files, 2U);
  EXPECT_THAT(written(), ElementsAre(1, 2, 3, 4));

  add("nfcapd.202611281010", 5, 1);
  const auto second = run({root_.string()});
  ASSERT_TRUE(second) << second.error();
  EXPECT_EQ(second->files_before, 2U);
  EXPECT_EQ(second->progress.flows, 1U);
  EXPECT_EQ(written().size(), 5U);
}

TEST_F(Importing, AFileThatHasGrownIsReadOnFromWhereItEnded) {
  const std::string file = add("growing", 1, 3);
  ASSERT_TRUE(run({file}));
  add("growing", 1, 5);
  const auto again = run({file});
  ASSERT_TRUE(again);
  EXPECT_EQ(again->progress.flows, 2U);
  std::vector<int> all = written();
  std::ranges::sort(all);
  EXPECT_THAT(all, ElementsAre(1, 2, 3, 4, 5));
}

TEST_F(Importing, WhatIsStoppedGoesOnFromThere) {
  const std::string file = add("long", 1, 3000);
  // The first look at the progress is between two batches.
  request_.show = [this](const Progress&) { stop_ = true; };
  const auto first = run({file});
  ASSERT_TRUE(first);
  EXPECT_EQ(first->error, "was stopped");
  const std::size_t so_far = written().size();
  EXPECT_EQ(so_far, first->progress.flows);
  EXPECT_GT(so_far, 0U);
  EXPECT_LT(so_far, 3000U);
  stop_ = false;
  request_.show = nullptr;
  const auto second = run({file});
  ASSERT_TRUE(second);
  EXPECT_EQ(second->error, "");
  std::vector<int> all = written();
  std::ranges::sort(all);
  ASSERT_EQ(all.size(), 3000U);
  for (int i = 0; i < 3000; ++i) EXPECT_EQ(all[static_cast<std::size_t>(i)], i + 1);
}

TEST_F(Importing, WhatIsTooOldIsRefusedBeforeAnythingIsDone) {
  const std::string file = add("old", 1, 1);  // of November 2023
  request_.retention_days = 30;
  const auto refused = run({file});
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error(), HasSubstr("1 file is older than 30 days"));
  EXPECT_THAT(refused.error(), HasSubstr("the oldest is of 2023-11-14"));
  EXPECT_TRUE(written().empty());
  request_.retention_days = 100'000;
  EXPECT_TRUE(run({file}));
  // What was imported is not asked again.
  request_.retention_days = 30;
  EXPECT_TRUE(run({file}));
}

TEST_F(Importing, AFileWithoutATimeIsNotTooOld) {
  request_.retention_days = 30;
  const std::string damaged = add("damaged", 1, 1), none = add("none", 1, 0);
  fs::resize_file(damaged, fs::file_size(damaged) - 40);
  const auto outcome = run({damaged, none});
  ASSERT_TRUE(outcome) << outcome.error();
  EXPECT_EQ(outcome->progress.files, 2U);
  EXPECT_EQ(outcome->progress.flows, 0U);
}

TEST_F(Importing, ManyDaysComeWhole) {
  const std::string file = add("days", 1, 250, true);
  const auto outcome = run({file});
  ASSERT_TRUE(outcome) << outcome.error();
  EXPECT_EQ(outcome->error, "");
  std::vector<int> all = written();
  std::ranges::sort(all);
  ASSERT_EQ(all.size(), 250U);
  for (int i = 0; i < 250; ++i) EXPECT_EQ(all[static_cast<std::size_t>(i)], i + 1);
}

TEST_F(Importing, ADamagedFileCostsWhatCannotBeRead) {
  const std::string file = add("damaged", 1, 3);
  fs::resize_file(file, fs::file_size(file) - 100);
  const std::string whole = add("whole", 11, 2);
  const auto outcome = run({file, whole});
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->error, "");
  ASSERT_EQ(outcome->warnings.size(), 1U);
  EXPECT_THAT(outcome->warnings[0], HasSubstr("cut short"));
  EXPECT_THAT(written(), ElementsAre(11, 12));
}

TEST_F(Importing, ExportersGetTheirConfiguredNames) {
  config::ExporterRule rule;
  rule.prefix = "127.0.0.0/8";
  rule.settings.name = "edge1";
  config_.exporters = {rule};
  config_.collector_id = "archive";
  NfdumpFile file(2);
  file.record(7, nfdump::test::exporter_record(file)).record(11, nfdump::test::plain_flow2(file)).block();
  const nfdump::test::Written archive(file.bytes());
  ASSERT_TRUE(run({archive.path()}));
  std::string line;
  std::getline(std::ifstream(fs::directory_iterator(root_ / "out")->path()), line);
  EXPECT_THAT(line, HasSubstr("\"exporter_name\":\"edge1\""));
  EXPECT_THAT(line, HasSubstr("\"collector_id\":\"archive\""));
}

}  // namespace
}  // namespace sluice::importer::test
