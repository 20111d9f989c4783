#include "importer/files.hpp"

#include <gmock/gmock.h>
#include <unistd.h>

#include <filesystem>

#include "unit/nfdump/archive_support.hpp"

namespace sluice::importer::test {
namespace {

namespace fs = std::filesystem;
using nfdump::test::NfdumpFile;
using nfdump::test::plain_flow2;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr std::uint64_t kSecond = 1'000'000'000;

TEST(TimeOfName, IsThatOfNfcapd) {
  EXPECT_EQ(time_of_name("nfcapd.202611281000+0000"), 1795860000 * kSecond);
  EXPECT_EQ(time_of_name("nfcapd.20261128100005+0100"), (1795860005 - 3600) * kSecond);
  EXPECT_EQ(time_of_name("nfcapd.202611281000-0330"), (1795860000 + 12600) * kSecond);
  EXPECT_EQ(*time_of_name("nfcapd.202611281005") - *time_of_name("nfcapd.202611281000"), 300 * kSecond);
}

TEST(TimeOfName, IsNoneWhereTheNameSaysNone) {
  for (const char* name : {"", "nfcapd", "nfcapd.", "nfcapd.current", "nfcapd.2026", "nfcapd.202613281000",
                           "nfcapd.202611281000x", "nfcapd.202611289900", "nfcapd.202611281000+01x0",
                           "nfcapd.255401010000", "v1.nf"})
    EXPECT_EQ(time_of_name(name), std::nullopt) << name;
}

class Tree : public testing::Test {
 protected:
  Tree() : root_(fs::path(testing::TempDir()) / ("tree_" + std::to_string(getpid()))) {
    fs::create_directories(root_);
  }
  ~Tree() override { fs::remove_all(root_); }

  std::string add(const std::string& name, const std::vector<std::byte>& bytes) const {
    const fs::path path = root_ / name;
    fs::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    return path.string();
  }
  static std::vector<std::byte> archive() {
    NfdumpFile file(2);
    return file.record(11, plain_flow2(file)).block().bytes();
  }
  std::vector<std::string> names(const Found& found) const {
    std::vector<std::string> out;
    for (const ArchiveFile& file : found.files) out.push_back(fs::relative(file.path, root_).string());
    return out;
  }
  fs::path root_;
};

TEST_F(Tree, IsSearchedToItsDepthsAndPutInTheOrderOfTime) {
  add("b/2026/nfcapd.202611281000", archive());
  add("a/2026/nfcapd.202611281005", archive());
  add("a/2026/nfcapd.202611280955", archive());
  add("by_hand", archive());  // its flow was received in November 2023
  add("a/2026/nfcapd.current.17", archive());
  add("README", {std::byte{'h'}, std::byte{'i'}});
  add("empty", {});
  const auto found = find_archives({root_.string()});
  ASSERT_TRUE(found) << found.error();
  EXPECT_THAT(names(*found), ElementsAre("by_hand", "a/2026/nfcapd.202611280955",
                                         "b/2026/nfcapd.202611281000", "a/2026/nfcapd.202611281005"));
  EXPECT_EQ(found->files[0].time_ns, 1'700'000'004'003'000'000U);
  EXPECT_EQ(found->files[0].size, archive().size());
  EXPECT_EQ(found->others, 2U);
  EXPECT_EQ(found->being_written.size(), 1U);
}

TEST_F(Tree, WhatIsNamedTwiceIsImportedOnce) {
  const std::string file = add("a/nfcapd.202611281000", archive());
  const auto found = find_archives({root_.string(), file, (root_ / "a" / ".." / "a").string()});
  ASSERT_TRUE(found);
  EXPECT_EQ(found->files.size(), 1U);
}

TEST_F(Tree, AFileThatIsNamedIsTakenAsItIs) {
  const std::string current = add("nfcapd.current", archive()), text = add("text", {std::byte{'x'}});
  const auto found = find_archives({current});
  ASSERT_TRUE(found);
  EXPECT_EQ(found->files.size(), 1U);
  EXPECT_THAT(find_archives({text}).error(), HasSubstr("is no file of nfdump"));
  EXPECT_THAT(find_archives({(root_ / "nowhere").string()}).error(), HasSubstr("no such file or directory"));
}

}  // namespace
}  // namespace sluice::importer::test
