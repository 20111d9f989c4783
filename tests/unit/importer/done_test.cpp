#include "importer/done.hpp"

#include <gmock/gmock.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

namespace sluice::importer::test {
namespace {

using testing::HasSubstr;

class State : public testing::Test {
 protected:
  State() : path_(testing::TempDir() + "state_" + std::to_string(getpid())) {
    std::filesystem::remove(path_);
  }
  ~State() override { std::filesystem::remove(path_); }
  Done open(const std::string& sinks = "files") const {
    auto done = Done::open(path_, sinks);
    EXPECT_TRUE(done) << done.error();
    return std::move(*done);
  }
  std::string text() const {
    std::ostringstream out;
    out << std::ifstream(path_).rdbuf();
    return out.str();
  }
  void add(const std::string& more) const { std::ofstream(path_, std::ios::app) << more; }
  const std::string path_;
};

TEST_F(State, IsReadBackAndTheLastLineOfAFileCounts) {
  {
    Done done = open();
    done.note("/a b\n%", {.size = 10, .flows = 3, .whole = false});
    done.note("/a b\n%", {.size = 20, .flows = 7, .whole = true});
    ASSERT_TRUE(done.save());
    done.note("/c", {.size = 1, .flows = 1, .whole = false});  // not saved
  }
  const Done again = open();
  EXPECT_EQ(again.of("/a b\n%").flows, 7U);
  EXPECT_EQ(again.of("/a b\n%").size, 20U);
  EXPECT_TRUE(again.of("/a b\n%").whole);
  EXPECT_EQ(again.of("/c").flows, 0U);
}

TEST_F(State, ALineThatIsCutShortCountsForNothing) {
  {
    Done done = open();
    done.note("/a", {.size = 10, .flows = 3, .whole = true});
    ASSERT_TRUE(done.save());
  }
  add("whole 20 9 /half a na");
  {
    Done done = open();
    EXPECT_EQ(done.of("/half a na").flows, 0U);
    done.note("/b", {.size = 1, .flows = 2, .whole = true});
    ASSERT_TRUE(done.save());
  }
  EXPECT_EQ(open().of("/b").flows, 2U) << text();
}

TEST_F(State, OfAnotherImportIsRefused) {
  ASSERT_TRUE(open("files").save());
  EXPECT_THAT(Done::open(path_, "kafka").error(),
              HasSubstr("is the state of an import to files, and this one is to kafka"));
  std::ofstream(path_) << "something else\n";
  EXPECT_THAT(Done::open(path_, "files").error(), HasSubstr("is no state of an import"));
  EXPECT_EQ(text(), "something else\n") << "and left as it was";
}

TEST_F(State, IsOneImportsAtATime) {
  const Done first = open();
  EXPECT_THAT(Done::open(path_, "files").error(), HasSubstr("another import goes on"));
}

TEST_F(State, ThatCannotBeKeptIsToldBefore) {
  EXPECT_THAT(Done::open("/nowhere/state", "files").error(), HasSubstr("cannot be opened or made"));
}

}  // namespace
}  // namespace sluice::importer::test
