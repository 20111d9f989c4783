#include "store/data_directory.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <fstream>
#include <future>

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

TEST_F(DataDirectoryTest, WaitsForOneThatIsGoing) {
  auto first = std::make_unique<Result<DataDirectory, std::string>>(DataDirectory::open(root_));
  ASSERT_TRUE(*first);
  std::promise<std::string> waiting;
  auto second = std::async(std::launch::async, [&] {
    return DataDirectory::open(
        root_, {.longest = std::chrono::minutes(1),
                .told = [&](std::string_view line) { waiting.set_value(std::string(line)); }});
  });
  EXPECT_EQ(waiting.get_future().get(), root_.string() + " is in use by another sluice store (process " +
                                            std::to_string(::getpid()) +
                                            "); waiting up to 60 s for it to end");
  first.reset();
  EXPECT_TRUE(second.get());
}

TEST_F(DataDirectoryTest, WaitsNoLongerThanItIsLet) {
  const auto first = DataDirectory::open(root_);
  std::stop_source stop;
  const auto told = [&](std::string_view) { stop.request_stop(); };
  const auto stopped =
      DataDirectory::open(root_, {.longest = std::chrono::hours(1), .stop = stop.get_token(), .told = told});
  ASSERT_FALSE(stopped);
  EXPECT_THAT(stopped.error(), HasSubstr("in use by another sluice store"));
  EXPECT_FALSE(DataDirectory::open(root_, {.longest = std::chrono::milliseconds(1)}));
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
