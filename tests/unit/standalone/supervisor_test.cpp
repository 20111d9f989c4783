#include "standalone/supervisor.hpp"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <thread>
#include <utility>

namespace sluice::standalone {
namespace {

namespace fs = std::filesystem;

/// A supervisor in a process of its own, and files by which its parts and the test tell each other.
class SupervisorTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "sluice-standalone-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    directory_ = name;
  }
  void TearDown() override {
    if (pid_ > 0) ::kill(pid_, SIGKILL), ::waitpid(pid_, nullptr, 0);
    fs::remove_all(directory_);
  }

  Program shell(const std::string& script) const {
    return {"shell", {"/bin/sh", "-c", "cd " + directory_.string() + "; " + script}};
  }
  void start(const Plan& plan) {
    const Words words{.line = [](std::string_view) {},
                      .ready = [] {},
                      .status = [](const std::string&) {},
                      .alive = [] {},
                      .stopping = [](std::chrono::milliseconds) {}};
    pid_ = ::fork();
    ASSERT_GE(pid_, 0);
    if (pid_ == 0) ::_exit(supervise(plan, words));
  }
  int status() {
    int status = 0;
    EXPECT_GT(::waitpid(std::exchange(pid_, 0), &status, 0), 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }
  bool there(const char* name) const { return fs::exists(directory_ / name); }
  bool comes(const char* name) const {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (!there(name) && std::chrono::steady_clock::now() < end)
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    return there(name);
  }
  void make(const char* name) const { std::ofstream(directory_ / name) << "\n"; }

  fs::path directory_;
  pid_t pid_ = 0;
};

/// Says when it is told to end, and ends when the test lets it.
constexpr const char* kSlow =
    "trap ': >told; while ! test -e go; do sleep 0.02; done; : >ended; exit 0' TERM; : >up; "
    "while :; do sleep 0.02; done";
constexpr const char* kFails = "while ! test -e up; do sleep 0.02; done; exit 1";

TEST_F(SupervisorTest, TheFirstSignalKillsNobodyThoughAllIsEndingAlready) {
  start({.parts = {shell(kSlow), shell(kFails)}, .task = {}});
  ASSERT_TRUE(comes("told"));
  ASSERT_EQ(::kill(pid_, SIGTERM), 0);
  make("go");
  EXPECT_EQ(status(), 1);
  EXPECT_TRUE(there("ended"));
}

TEST_F(SupervisorTest, TheSecondSignalKills) {
  start({.parts = {shell(kSlow)}, .task = {}});
  ASSERT_TRUE(comes("up"));
  ASSERT_EQ(::kill(pid_, SIGTERM), 0);
  ASSERT_TRUE(comes("told"));
  ASSERT_EQ(::kill(pid_, SIGINT), 0);
  EXPECT_EQ(status(), 0);
  EXPECT_FALSE(there("ended"));
}

}  // namespace
}  // namespace sluice::standalone
