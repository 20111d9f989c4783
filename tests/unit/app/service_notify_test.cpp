#include "app/service_notify.hpp"

#include <gmock/gmock.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "util/unique_fd.hpp"

namespace sluice::app {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::MatchesRegex;

/// The service manager's end: a socket, and the environment that names it.
struct Manager : testing::Test {
  void SetUp() override {
    // An abstract address: nothing on disk to clean up.
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string name = "sluice-notify-" + std::to_string(::getpid());
    std::memcpy(address.sun_path + 1, name.data(), name.size());
    socket = UniqueFd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0));
    const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
    ASSERT_EQ(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), length), 0);
    ::setenv("NOTIFY_SOCKET", ("@" + name).c_str(), 1);
    ::unsetenv("WATCHDOG_USEC");
    ::unsetenv("WATCHDOG_PID");
  }
  void TearDown() override {
    for (const char* variable : {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"}) ::unsetenv(variable);
  }
  /// All that was sent since the last call.
  std::vector<std::string> received() {
    std::vector<std::string> out;
    char buffer[4096];
    for (ssize_t got; (got = ::recv(socket.get(), buffer, sizeof buffer, 0)) >= 0;)
      out.emplace_back(buffer, static_cast<std::size_t>(got));
    return out;
  }
  LogFn log() {
    return [this](LogLevel, const std::string& text) { logged.push_back(text); };
  }
  UniqueFd socket;
  std::vector<std::string> logged;
};

TEST_F(Manager, IsToldOfEachStep) {
  ServiceNotify service(log());
  EXPECT_TRUE(service.active());
  service.ready();
  service.status("12 exporters");
  EXPECT_THAT(received(), ElementsAre("READY=1", "STATUS=12 exporters"));
  service.reloading();
  service.ready();
  EXPECT_THAT(received(), ElementsAre(MatchesRegex("RELOADING=1\nMONOTONIC_USEC=[1-9][0-9]+"), "READY=1"));
  service.stopping(std::chrono::seconds(10));
  EXPECT_THAT(received(), ElementsAre(AllOf(HasSubstr("STOPPING=1\n"), HasSubstr("STATUS=Stopping"),
                                            HasSubstr("EXTEND_TIMEOUT_USEC=15000000"))));
  EXPECT_THAT(logged, IsEmpty());
}

TEST_F(Manager, WithoutAWatchdogIsNotFed) {
  ServiceNotify service(log());
  service.alive();
  EXPECT_THAT(received(), IsEmpty());
}

TEST_F(Manager, WithAWatchdogIsFed) {
  ::setenv("WATCHDOG_USEC", "30000000", 1);
  ServiceNotify service(log());
  service.alive();
  EXPECT_THAT(received(), ElementsAre("WATCHDOG=1"));
}

TEST_F(Manager, TheWatchdogOfAnotherProcessIsNotFed) {
  ::setenv("WATCHDOG_USEC", "30000000", 1);
  ::setenv("WATCHDOG_PID", "1", 1);
  ServiceNotify service(log());
  service.alive();
  EXPECT_THAT(received(), IsEmpty());
}

TEST_F(Manager, ThatIsGoneIsLogged) {
  ServiceNotify service(log());
  socket.reset();
  service.ready();
  EXPECT_THAT(logged, ElementsAre(HasSubstr("cannot be told anything: Connection refused")));
}

TEST_F(Manager, IsNobodyOutsideOfOne) {
  ::unsetenv("NOTIFY_SOCKET");
  ServiceNotify service(log());
  EXPECT_FALSE(service.active());
  service.ready();
  service.stopping(std::chrono::seconds(1));
  EXPECT_THAT(received(), IsEmpty());
  EXPECT_THAT(logged, IsEmpty());
}

}  // namespace
}  // namespace sluice::app
