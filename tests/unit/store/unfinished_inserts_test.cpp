#include "store/unfinished_inserts.hpp"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <fstream>
#include <iterator>

namespace sluice::store {
namespace {

namespace fs = std::filesystem;

class UnfinishedInserts : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = testing::TempDir() + "inserts-XXXXXX";
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    root_ = name;
    fs::create_directories(table() / "deduplication_logs");
  }
  void TearDown() override { fs::remove_all(root_); }

  fs::path table() const { return root_ / "store/24c/24c49e73-6866-462f-b5a2-e63c791ef408"; }
  fs::path log(int number) const {
    return table() / "deduplication_logs" / ("deduplication_log_" + std::to_string(number) + ".txt");
  }
  void part(const std::string& name) const { fs::create_directory(table() / name); }
  static void write(const fs::path& file, const std::string& text) { std::ofstream(file) << text; }
  static std::string read(const fs::path& file) {
    std::ifstream in(file);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  std::size_t forgotten() const {
    const auto result = forget_unfinished_inserts(root_);
    EXPECT_TRUE(result) << result.error();
    return result.value_or(999);
  }

  fs::path root_;
};

TEST_F(UnfinishedInserts, AreThoseWhosePartIsNotThere) {
  part("20261121_1_1_0");
  const std::string before = "1\t20261121_1_1_0\ta\n1\t20261121_2_2_0\tb\n";
  write(log(1), before);
  EXPECT_EQ(forgotten(), 1u);
  EXPECT_EQ(read(log(1)), before + "2\t20261121_2_2_0\tb\n");
  EXPECT_EQ(forgotten(), 0u);
}

TEST_F(UnfinishedInserts, AreNotThoseThatWereMergedOrChanged) {
  part("20261121_1_7_2");
  part("20261121_8_8_0_12");
  const std::string before = "1\t20261121_1_1_0\ta\n1\t20261121_7_7_0\tb\n1\t20261121_8_8_0\tc\n";
  write(log(1), before);
  EXPECT_EQ(forgotten(), 0u);
  EXPECT_EQ(read(log(1)), before);
}

TEST_F(UnfinishedInserts, AreSoughtInTheirPartition) {
  part("20261121_1_9_1");
  write(log(1), "1\t20261122_2_2_0\ta\n");
  EXPECT_EQ(forgotten(), 1u);
}

TEST_F(UnfinishedInserts, WhatWasBeingWrittenIsNoPart) {
  part("tmp_insert_20261121_1_1_0");
  part("delete_tmp_20261121_1_1_0");
  part("detached");
  write(log(1), "1\t20261121_1_1_0\ta\n");
  EXPECT_EQ(forgotten(), 1u);
}

TEST_F(UnfinishedInserts, AllLogsAreReadInOrderAndTheNewestGrows) {
  part("20261121_3_3_0");
  write(log(9), "1\t20261121_1_1_0\ta\n1\t20261121_2_2_0\tb\n");
  write(log(10), "2\t20261121_1_1_0\ta\n1\t20261121_3_3_0\tc\n");
  EXPECT_EQ(forgotten(), 1u);
  EXPECT_TRUE(read(log(10)).ends_with("c\n2\t20261121_2_2_0\tb\n")) << read(log(10));
}

TEST_F(UnfinishedInserts, ALineThatWasCutOffIsRemoved) {
  part("20261121_1_1_0");
  write(log(1), "1\t20261121_1_1_0\ta\n1\t20261121_2_2");
  EXPECT_EQ(forgotten(), 0u);
  EXPECT_EQ(read(log(1)), "1\t20261121_1_1_0\ta\n");
}

TEST_F(UnfinishedInserts, OfADirectoryWithoutTablesThereAreNone) {
  fs::remove_all(root_ / "store");
  EXPECT_EQ(forgotten(), 0u);
}

TEST_F(UnfinishedInserts, LinesOfOtherKindsAreLeftAlone) {
  const std::string strange =
      "\n1\n1\tall\tx\n3\tall_1_1_0\ty\n1\tall_2_1_0\tz\n1\tall_18446744073709551616_1_0\tz\n";
  write(log(1), strange);
  EXPECT_EQ(forgotten(), 0u);
  EXPECT_EQ(read(log(1)), strange);
}

}  // namespace
}  // namespace sluice::store
