#include "net/wait.hpp"

#include <gtest/gtest.h>

#include <thread>

#include "net/datagram_batch.hpp"
#include "unit/net/loopback.hpp"

namespace sluice::net {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;
constexpr milliseconds kLong{60000};  // never waited out: only a test that fails does

class WaitTest : public ::testing::Test {
 protected:
  WaitTest() : socket_(UdpSocket::open({.address = IpAddress::parse("127.0.0.1").value()}).value()) {}
  UdpSocket socket_;
  WakeUp wake_;
};

TEST_F(WaitTest, TimeoutEndsIt) {
  const int fd = socket_.fd();
  const auto start = steady_clock::now();
  EXPECT_EQ(wait_readable({&fd, 1}, milliseconds(20), wake_), 0);
  EXPECT_GE(steady_clock::now() - start, milliseconds(19));
  EXPECT_EQ(wait_readable({}, milliseconds(0), wake_), 0);
}

TEST_F(WaitTest, DatagramEndsIt) {
  const auto other = UdpSocket::open({.address = IpAddress::parse("127.0.0.1").value()}).value();
  const int fds[] = {other.fd(), socket_.fd()};
  ASSERT_TRUE(test::Sender("127.0.0.1").send("127.0.0.1", socket_.local_port(), "x"));
  EXPECT_EQ(wait_readable(fds, kLong, wake_), 1);
  DatagramBatch batch;
  ASSERT_EQ(receive(socket_, batch), 1);
  EXPECT_EQ(wait_readable(fds, milliseconds(0), wake_), 0);
}

TEST_F(WaitTest, WakeUpFromAnotherThreadEndsIt) {
  const int fd = socket_.fd();
  std::thread other([&] { wake_.notify(); });
  EXPECT_EQ(wait_readable({&fd, 1}, kLong, wake_), 0);
  other.join();
}

TEST_F(WaitTest, WakeUpBeforeTheWaitIsNotMissedUntilCleared) {
  const int fd = socket_.fd();
  wake_.notify();
  wake_.notify();
  EXPECT_EQ(wait_readable({&fd, 1}, kLong, wake_), 0);
  EXPECT_EQ(wait_readable({&fd, 1}, milliseconds(-1), wake_), 0);
  wake_.clear();
  const auto start = steady_clock::now();
  EXPECT_EQ(wait_readable({&fd, 1}, milliseconds(20), wake_), 0);
  EXPECT_GE(steady_clock::now() - start, milliseconds(19));
}

}  // namespace
}  // namespace sluice::net
