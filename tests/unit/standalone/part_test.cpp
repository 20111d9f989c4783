#include "standalone/part.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

namespace sluice::standalone {
namespace {

int status_of(const std::string& script, const GivenSockets& sockets = {}) {
  const auto pid = start({"shell", {"/bin/sh", "-c", script}}, "NOTIFY_SOCKET=@ours", sockets);
  EXPECT_TRUE(pid) << pid.error();
  int status = 0;
  EXPECT_EQ(::waitpid(*pid, &status, 0), *pid);
  return status;
}

TEST(Part, HasOurEnvironmentButWhatAServiceManagerToldUsAlone) {
  ::setenv("NOTIFY_SOCKET", "/run/systemd/notify", 1);
  ::setenv("WATCHDOG_PID", "1", 1);
  ::setenv("WATCHDOG_USEC", "30000000", 1);
  ::setenv("LISTEN_FDS", "7", 1);
  EXPECT_EQ(status_of("test \"$NOTIFY_SOCKET\" = @ours -a -z \"$WATCHDOG_PID$LISTEN_FDS$LISTEN_PID\" "
                      "-a \"$WATCHDOG_USEC\" = 30000000 -a -n \"$PATH\""),
            0);
}

TEST(Part, IsAGroupOfItsOwn) { EXPECT_EQ(status_of("test $(ps -o pgid= -p $$) = $$"), 0); }

TEST(Part, HasTheSocketsThatItIsGiven) {
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  GivenSockets sockets;
  sockets.emplace_back("write", UniqueFd(ends[1]));
  sockets.emplace_back("read", UniqueFd(ends[0]));
  EXPECT_EQ(status_of("test $LISTEN_PID = $$ -a $LISTEN_FDS = 2 -a $LISTEN_FDNAMES = write:read || exit 1; "
                      "echo hello >&3; read line <&4; test $line = hello",
                      sockets),
            0);
}

TEST(Part, ThatIsNotThereIsToldSo) {
  const auto pid = start({"nothing", {"/nowhere/program"}}, "");
  ASSERT_TRUE(pid);
  int status = 0;
  ASSERT_EQ(::waitpid(*pid, &status, 0), *pid);
  EXPECT_EQ(end_of(status), "is not there or cannot be run");
  EXPECT_EQ(end_of(status_of("exit 3")), "ended with status 3");
  EXPECT_EQ(end_of(status_of("kill -9 $$")), "was ended by signal 9");
}

}  // namespace
}  // namespace sluice::standalone
