#include "store/data_directory.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <fstream>

namespace sluice::store {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class DataDirectoryTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = testing::TempDir() + "store-XXXXXX";
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    root_ = name;
  }
  void TearDown() override { fs::remove_all(root_); }

  fs::path root_;
};

TEST_F(DataDirectoryTest, IsMadeWithAllThatBelongsIntoIt) {
  const auto directory = DataDirectory::open(root_ / "a" / "b");
  ASSERT_TRUE(directory) << directory.error();
  EXPECT_TRUE(fs::is_directory(root_ / "a/b/data"));
  EXPECT_TRUE(fs::is_directory(root_ / "a/b/files"));
}

TEST_F(DataDirectoryTest, IsHeldByOneAtATime) {
  {
    const auto first = DataDirectory::open(root_);
    ASSERT_TRUE(first);
    const auto second = DataDirectory::open(root_);
    ASSERT_FALSE(second);
    EXPECT_THAT(second.error(),
                HasSubstr("in use by another sluice store (process " + std::to_string(::getpid())));
  }
  EXPECT_TRUE(DataDirectory::open(root_));
}

TEST_F(DataDirectoryTest, SaysWhatStandsInTheWay) {
  std::ofstream(root_ / "file") << "x";
  const auto directory = DataDirectory::open(root_ / "file");
  ASSERT_FALSE(directory);
  EXPECT_THAT(directory.error(), HasSubstr("cannot make the directory " + (root_ / "file").string()));
}

TEST_F(DataDirectoryTest, KeepsItsKafkaInstanceId) {
  const auto first = DataDirectory::open(root_ / "a");
  const auto other = DataDirectory::open(root_ / "b");
  ASSERT_TRUE(first && other);
  const auto id = first->kafka_instance_id();
  ASSERT_TRUE(id) << id.error();
  EXPECT_THAT(*id, testing::StartsWith("sluice-store-"));
  EXPECT_EQ(first->kafka_instance_id(), id);
  EXPECT_NE(other->kafka_instance_id(), id);
}

}  // namespace
}  // namespace sluice::store
