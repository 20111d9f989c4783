#include "net/datagram_batch.hpp"

#include <gmock/gmock.h>
#include <netinet/udp.h>
#include <time.h>

#include "unit/net/loopback.hpp"

namespace sluice::net {
namespace {

using test::Sender;

std::string text(const Datagram& datagram) {
  return {reinterpret_cast<const char*>(datagram.payload.data()), datagram.payload.size()};
}

/// A text of n bytes in which no two places look alike.
std::string pattern(std::size_t n, unsigned seed) {
  std::string out(n, '\0');
  std::uint32_t state = seed * 2654435761U + 1;
  for (char& c : out) {
    state = state * 1664525U + 1013904223U;
    c = static_cast<char>(state >> 24);
  }
  return out;
}

class DatagramBatchTest : public ::testing::Test {
 protected:
  void open(const char* address, bool gro = false) {
    auto socket = UdpSocket::open(
        {.address = IpAddress::parse(address).value(), .receive_buffer = 16 << 20, .gro = gro});
    ASSERT_TRUE(socket) << socket.error();
    socket_ = std::make_unique<UdpSocket>(std::move(*socket));
  }
  std::uint16_t port() const { return socket_->local_port(); }
  std::unique_ptr<UdpSocket> socket_;
};

TEST_F(DatagramBatchTest, NothingWaitsNothingComes) {
  open("127.0.0.1");
  DatagramBatch batch;
  EXPECT_EQ(receive(*socket_, batch), 0);
  EXPECT_EQ(batch.size(), 0U);
  EXPECT_FALSE(batch.full());
}

TEST_F(DatagramBatchTest, KeepsOrderBytesAndSource) {
  open("127.0.0.1");
  const Sender a("127.0.0.2");
  const Sender b("127.0.0.3");
  ASSERT_TRUE(a.send("127.0.0.1", port(), "one"));
  ASSERT_TRUE(b.send("127.0.0.1", port(), "two"));
  ASSERT_TRUE(a.send("127.0.0.1", port(), ""));
  DatagramBatch batch;
  ASSERT_EQ(receive(*socket_, batch), 3);
  const auto datagrams = batch.datagrams();
  EXPECT_EQ(text(datagrams[0]), "one");
  EXPECT_EQ(text(datagrams[1]), "two");
  EXPECT_EQ(text(datagrams[2]), "");
  EXPECT_EQ(datagrams[0].source, a.source());
  EXPECT_EQ(datagrams[1].source, b.source());
  EXPECT_EQ(datagrams[0].source_port, a.port());
  EXPECT_EQ(datagrams[1].source_port, b.port());
  EXPECT_EQ(receive(*socket_, batch), 0);
  EXPECT_EQ(batch.size(), 0U);
}

TEST_F(DatagramBatchTest, DualStackSourcesAreUnmapped) {
  if (!test::has_ipv6()) GTEST_SKIP() << "no IPv6 on this machine";
  open("::");
  const Sender v4("127.0.0.9");
  const Sender v6("::1");
  ASSERT_TRUE(v4.send("127.0.0.1", port(), "four"));
  ASSERT_TRUE(v6.send("::1", port(), "six"));
  ASSERT_TRUE(v4.send("127.0.0.1", port(), "four"));
  DatagramBatch batch;
  ASSERT_EQ(receive(*socket_, batch), 3);
  EXPECT_EQ(batch.datagrams()[0].source, v4.source());
  EXPECT_EQ(batch.datagrams()[0].source_port, v4.port());
  EXPECT_EQ(batch.datagrams()[1].source, v6.source());
  EXPECT_EQ(batch.datagrams()[1].source_port, v6.port());
  EXPECT_EQ(batch.datagrams()[2].source, v4.source()) << "a slot that IPv6 used must not colour IPv4";
}

TEST_F(DatagramBatchTest, LargestDatagramsArriveWholeBesideSmallOnes) {
  open("127.0.0.1");
  const Sender sender("127.0.0.1");
  constexpr std::size_t kLargest = 65507;  // 65535 less IPv4 and UDP headers
  const std::size_t sizes[] = {1400, kLargest, 1, 2047, 2048, 2049, 9000, kLargest, 1400};
  unsigned seed = 0;
  for (const std::size_t size : sizes) ASSERT_TRUE(sender.send("127.0.0.1", port(), pattern(size, ++seed)));
  DatagramBatch batch;
  ASSERT_EQ(receive(*socket_, batch), static_cast<int>(std::size(sizes)));
  seed = 0;
  for (const auto& datagram : batch.datagrams()) {
    ++seed;
    EXPECT_EQ(datagram.payload.size(), sizes[seed - 1]);
    EXPECT_EQ(text(datagram), pattern(sizes[seed - 1], seed)) << "datagram " << seed;
  }
  EXPECT_EQ(batch.truncated(), 0U);
}

TEST_F(DatagramBatchTest, LargestIpv6DatagramArrivesWhole) {
  if (!test::has_ipv6()) GTEST_SKIP() << "no IPv6 on this machine";
  open("::1");
  const std::string payload = pattern(65527, 1);  // 65535 less the UDP header, RFC 8200 section 3
  ASSERT_TRUE(Sender("::1").send("::1", port(), payload));
  DatagramBatch batch;
  ASSERT_EQ(receive(*socket_, batch), 1);
  EXPECT_EQ(text(batch.datagrams()[0]), payload);
}

TEST_F(DatagramBatchTest, TooLargeIsCutAndCounted) {
  open("127.0.0.1");
  const Sender sender("127.0.0.1");
  const std::string payload = pattern(1001, 7);
  ASSERT_TRUE(sender.send("127.0.0.1", port(), payload));
  ASSERT_TRUE(sender.send("127.0.0.1", port(), payload.substr(0, 1000)));
  DatagramBatch batch({.largest = 1000});
  ASSERT_EQ(receive(*socket_, batch), 2);
  EXPECT_EQ(batch.truncated(), 1U);
  EXPECT_EQ(text(batch.datagrams()[0]), payload.substr(0, 1000));
  EXPECT_EQ(text(batch.datagrams()[1]), payload.substr(0, 1000));
  EXPECT_EQ(receive(*socket_, batch), 0);
  EXPECT_EQ(batch.truncated(), 0U) << "counted for one batch only";
}

TEST_F(DatagramBatchTest, FullSaysThatMoreMayWait) {
  open("127.0.0.1");
  const Sender sender("127.0.0.1");
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(sender.send("127.0.0.1", port(), std::to_string(i)));
  DatagramBatch batch({.datagrams = 4});
  std::string all;
  std::vector<bool> full;
  while (receive(*socket_, batch) > 0) {
    for (const auto& datagram : batch.datagrams()) all += text(datagram);
    full.push_back(batch.full());
  }
  EXPECT_EQ(all, "0123456789");
  EXPECT_EQ(full, (std::vector<bool>{true, true, false}));
}

TEST_F(DatagramBatchTest, ReceiveTimeIsNow) {
  open("127.0.0.1");
  ASSERT_TRUE(Sender("127.0.0.1").send("127.0.0.1", port(), "x"));
  const auto now = [] {
    timespec t{};
    ::clock_gettime(CLOCK_REALTIME, &t);
    return static_cast<std::uint64_t>(t.tv_sec) * 1000000000U + static_cast<std::uint64_t>(t.tv_nsec);
  };
  DatagramBatch batch;
  const std::uint64_t before = now();
  ASSERT_EQ(receive(*socket_, batch), 1);
  EXPECT_GE(batch.received_ns(), before);
  EXPECT_LE(batch.received_ns(), now());
}

TEST_F(DatagramBatchTest, FailureOfTheSocketIsTold) {
  // The descriptor now is a pipe's, from which recvmmsg cannot read.
  open("127.0.0.1");
  int ends[2] = {-1, -1};
  ASSERT_EQ(::pipe(ends), 0);
  ASSERT_EQ(::dup2(ends[0], socket_->fd()), socket_->fd());
  DatagramBatch batch;
  EXPECT_EQ(receive(*socket_, batch), -ENOTSOCK);
  EXPECT_EQ(batch.size(), 0U);
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST_F(DatagramBatchTest, JoinedSegmentsComeApartAgain) {
  open("127.0.0.1", true);
  if (!socket_->gro()) GTEST_SKIP() << "no UDP_GRO in this kernel";
  const Sender sender("127.0.0.5");
  const int segment = 100;
  if (::setsockopt(sender.fd(), SOL_UDP, UDP_SEGMENT, &segment, sizeof segment) != 0)
    GTEST_SKIP() << "no UDP_SEGMENT in this kernel";
  const std::string payload = pattern(1050, 3);
  ASSERT_TRUE(sender.send("127.0.0.1", port(), payload));
  DatagramBatch batch({.datagrams = 4, .gro = true});
  ASSERT_EQ(receive(*socket_, batch), 11) << "in one message";
  std::string joined;
  for (const auto& datagram : batch.datagrams()) {
    EXPECT_EQ(datagram.source, sender.source());
    EXPECT_EQ(datagram.source_port, sender.port());
    EXPECT_LE(datagram.payload.size(), 100U);
    joined += text(datagram);
  }
  EXPECT_EQ(joined, payload);
  EXPECT_FALSE(batch.full()) << "one message of four";
  const Sender plain("127.0.0.6");
  ASSERT_TRUE(plain.send("127.0.0.1", port(), "single"));
  ASSERT_EQ(receive(*socket_, batch), 1);
  EXPECT_EQ(text(batch.datagrams()[0]), "single");
}

}  // namespace
}  // namespace sluice::net
