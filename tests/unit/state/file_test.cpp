#include "state/file.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "unit/state/support.hpp"

namespace sluice::state {
namespace {

namespace fs = std::filesystem;

class StateFileOnDisk : public testing::Test {
 protected:
  StateFileOnDisk() { fs::create_directories(folder_); }
  ~StateFileOnDisk() override { fs::remove_all(folder_); }
  static std::string content(const fs::path& path) {
    std::ostringstream out;
    out << std::ifstream(path, std::ios::binary).rdbuf();
    return out.str();
  }
  const fs::path folder_ = fs::temp_directory_path() / ("sluice-state-file." + std::to_string(::getpid()));
  const std::string path_ = folder_ / "state";
};

TEST_F(StateFileOnDisk, TakesTheOldOnesPlaceWhenItIsWhole) {
  std::ofstream(path_) << "old";
  {
    NewFile file(path_);
    file.write("new ");
    file.write("content");
    EXPECT_EQ(content(path_), "old");
    EXPECT_EQ(file.size(), 11u);
    EXPECT_EQ(file.commit(), 0);
  }
  EXPECT_EQ(content(path_), "new content");
  EXPECT_FALSE(fs::exists(path_ + ".tmp"));
  struct stat facts{};
  ASSERT_EQ(::stat(path_.c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 0007U, 0u) << "not for everybody";
}

TEST_F(StateFileOnDisk, WithoutCommitNothingIsLeft) {
  std::ofstream(path_) << "old";
  {
    NewFile(path_).write("new");
  }
  EXPECT_EQ(content(path_), "old");
  EXPECT_FALSE(fs::exists(path_ + ".tmp"));
}

TEST_F(StateFileOnDisk, ALeftoverOfAKilledProcessIsNoObstacle) {
  std::ofstream(path_ + ".tmp") << "half of something that was longer";
  NewFile file(path_);
  file.write("new");
  EXPECT_EQ(file.commit(), 0);
  EXPECT_EQ(content(path_), "new");
}

TEST_F(StateFileOnDisk, ErrorsComeBack) {
  NewFile file(folder_ / "no" / "state");
  EXPECT_EQ(file.error(), ENOENT);
  file.write("x");
  EXPECT_EQ(file.commit(), ENOENT);
  fs::create_directory(path_);
  NewFile onto_directory(path_);
  onto_directory.write("x");
  EXPECT_NE(onto_directory.commit(), 0);
}

TEST_F(StateFileOnDisk, IsReadWhole) {
  EXPECT_EQ(read_file(path_).error(), ENOENT);
  std::ofstream(path_) << std::string(100000, 'x');
  EXPECT_EQ(read_file(path_)->size(), 100000u);
  fs::create_directory(folder_ / "d");
  EXPECT_EQ(read_file(folder_ / "d").error(), EISDIR);
  ASSERT_EQ(::mkfifo((path_ + ".fifo").c_str(), 0600), 0);
  EXPECT_EQ(read_file(path_ + ".fifo").error(), EINVAL) << "and does not wait for a writer";
  fs::resize_file(path_, kMaxFileBytes + 1);
  EXPECT_EQ(read_file(path_).error(), EFBIG);
}

TEST_F(StateFileOnDisk, SetAsideReplacesWhatWasSetAsideBefore) {
  std::ofstream(path_ + ".bad") << "older";
  std::ofstream(path_) << "newer";
  EXPECT_EQ(set_aside(path_), 0);
  EXPECT_FALSE(fs::exists(path_));
  EXPECT_EQ(content(path_ + ".bad"), "newer");
  EXPECT_EQ(set_aside(path_), ENOENT);
}

}  // namespace
}  // namespace sluice::state
