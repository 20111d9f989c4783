#include "net/udp_socket.hpp"

#include <gmock/gmock.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include <fstream>

#include "unit/net/loopback.hpp"

namespace sluice::net {
namespace {

using test::in_child;
using test::Sender;
using ::testing::HasSubstr;

IpAddress address(const char* text) { return IpAddress::parse(text).value(); }
SocketOptions on(const char* text, std::uint16_t port = 0) {
  return {.address = address(text), .port = port};
}

std::uint64_t rmem_max() {
  std::uint64_t value = 0;
  std::ifstream("/proc/sys/net/core/rmem_max") >> value;
  return value;
}

bool drop_rights() { return ::setresgid(65534, 65534, 65534) == 0 && ::setresuid(65534, 65534, 65534) == 0; }

TEST(UdpSocket, TellsItsPortAndName) {
  const auto socket = UdpSocket::open(on("127.0.0.1"));
  ASSERT_TRUE(socket) << socket.error();
  EXPECT_NE(socket->local_port(), 0);
  EXPECT_EQ(socket->local_name(), "127.0.0.1:" + std::to_string(socket->local_port()));
}

TEST(UdpSocket, DualStackNameHasBrackets) {
  if (!test::has_ipv6()) GTEST_SKIP() << "no IPv6 on this machine";
  const auto socket = UdpSocket::open(on("::"));
  ASSERT_TRUE(socket) << socket.error();
  EXPECT_EQ(socket->local_name(), "[::]:" + std::to_string(socket->local_port()));
}

TEST(UdpSocket, ASpecificIpv6AddressLeavesTheIpv4PortFree) {
  if (!test::has_ipv6()) GTEST_SKIP() << "no IPv6 on this machine";
  const auto v6 = UdpSocket::open(on("::1"));
  ASSERT_TRUE(v6) << v6.error();
  const auto v4 = UdpSocket::open(on("127.0.0.1", v6->local_port()));
  EXPECT_TRUE(v4) << v4.error();
}

TEST(UdpSocket, TakenPortIsOneSentence) {
  const auto first = UdpSocket::open(on("127.0.0.1"));
  ASSERT_TRUE(first) << first.error();
  const auto second = UdpSocket::open(on("127.0.0.1", first->local_port()));
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error(), "cannot listen on UDP 127.0.0.1:" + std::to_string(first->local_port()) +
                                ": Address already in use; another collector may be running");
}

TEST(UdpSocket, ForeignAddressIsOneSentence) {
  const auto socket = UdpSocket::open(on("192.0.2.1", 2055));
  ASSERT_FALSE(socket);
  EXPECT_EQ(socket.error(),
            "cannot listen on UDP 192.0.2.1:2055: Cannot assign requested address; "
            "no interface of this machine has that address");
}

TEST(UdpSocket, PrivilegedPortNamesTheCapability) {
  int first_free_port = 1024;
  std::ifstream("/proc/sys/net/ipv4/ip_unprivileged_port_start") >> first_free_port;
  if (::geteuid() != 0 || first_free_port <= 514)
    GTEST_SKIP() << "rights cannot be given up here, or need not be had";
  const std::string text = in_child([] {
    if (!drop_rights()) return std::string("rights stay");
    const auto socket = UdpSocket::open(on("127.0.0.1", 514));
    return socket ? "opened" : socket.error();
  });
  EXPECT_EQ(text,
            "cannot listen on UDP 127.0.0.1:514: Permission denied; "
            "a port below 1024 needs the capability CAP_NET_BIND_SERVICE");
}

TEST(UdpSocket, GetsTheReceiveBufferItCanHave) {
  SocketOptions options = on("127.0.0.1");
  options.receive_buffer = rmem_max() / 2;
  const auto socket = UdpSocket::open(options);
  ASSERT_TRUE(socket) << socket.error();
  EXPECT_EQ(socket->receive_buffer_got(), options.receive_buffer);
  EXPECT_TRUE(socket->warnings().empty());
  EXPECT_EQ(socket->stats().queue_limit, 2 * options.receive_buffer);
}

TEST(UdpSocket, SmallerReceiveBufferThanAskedIsAWarning) {
  if (::geteuid() != 0) GTEST_SKIP() << "rights cannot be given up here";
  const std::uint64_t asked = rmem_max() * 2;
  const std::string text = in_child([asked] {
    if (!drop_rights()) return std::string("rights stay");
    SocketOptions options = on("127.0.0.1");
    options.receive_buffer = asked;
    const auto socket = UdpSocket::open(options);
    if (!socket) return socket.error();
    return socket->warnings().empty() ? "no warning" : socket->warnings().front();
  });
  EXPECT_EQ(text, "asked for a receive buffer of " + std::to_string(asked) + " bytes and got " +
                      std::to_string(rmem_max()) + "; `sysctl -w net.core.rmem_max=" + std::to_string(asked) +
                      "` or the capability CAP_NET_ADMIN would give it");
}

TEST(UdpSocket, ForcesTheReceiveBufferWhereItMay) {
  SocketOptions options = on("127.0.0.1");
  options.receive_buffer = rmem_max() * 2;
  const auto socket = UdpSocket::open(options);
  ASSERT_TRUE(socket) << socket.error();
  if (::geteuid() != 0 || !socket->warnings().empty()) GTEST_SKIP() << "no CAP_NET_ADMIN here";
  EXPECT_EQ(socket->receive_buffer_got(), options.receive_buffer);
}

/// From here on this process has no IPv6: socket(AF_INET6) fails as on a kernel without it.
bool take_away_ipv6() {
  const auto op = [](int code, std::uint32_t k) {
    return sock_filter{static_cast<std::uint16_t>(code), 0, 0, k};
  };
  const auto unless = [](std::uint32_t k, std::uint8_t skip) {
    return sock_filter{BPF_JMP | BPF_JEQ | BPF_K, 0, skip, k};
  };
  sock_filter program[] = {
      op(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),   unless(SYS_socket, 3),
      op(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, args)), unless(AF_INET6, 1),
      op(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EAFNOSUPPORT),      op(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog filter{.len = std::size(program), .filter = program};
  return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0;
}

TEST(UdpSocket, AnyAddressFallsBackToIpv4WhereThereIsNoIpv6) {
  const std::string text = in_child([] {
    if (!take_away_ipv6()) return std::string("no seccomp");
    const auto group = open_group(on("::"), 2);
    if (!group) return group.error();
    return group->at(0).local_address().to_string() + " " + group->at(1).local_address().to_string();
  });
  if (text == "no seccomp") GTEST_SKIP() << "seccomp cannot be used here";
  EXPECT_EQ(text, "0.0.0.0 0.0.0.0");
}

TEST(UdpSocket, SpecificIpv6AddressWithoutIpv6IsOneSentence) {
  const std::string text = in_child([] {
    if (!take_away_ipv6()) return std::string("no seccomp");
    const auto socket = UdpSocket::open(on("::1", 2055));
    return socket ? "opened" : socket.error();
  });
  if (text == "no seccomp") GTEST_SKIP() << "seccomp cannot be used here";
  EXPECT_EQ(text,
            "cannot listen on UDP [::1]:2055: Address family not supported by protocol; "
            "this machine has no IPv6, use an IPv4 address");
}

TEST(UdpSocketGroup, SharesOnePort) {
  const auto group = open_group(on("127.0.0.1"), 3);
  ASSERT_TRUE(group) << group.error();
  ASSERT_EQ(group->size(), 3U);
  for (const auto& socket : *group) EXPECT_EQ(socket.local_port(), group->front().local_port());
}

TEST(UdpSocketGroup, SecondGroupOnThePortIsRefused) {
  const auto first = open_group(on("::"), 2);
  ASSERT_TRUE(first) << first.error();
  const std::uint16_t port = first->front().local_port();
  for (const unsigned count : {1U, 2U}) {
    const auto second = open_group(on("::", port), count);
    ASSERT_FALSE(second);
    EXPECT_THAT(second.error(), HasSubstr("Address already in use; another collector may be running"));
  }
  const auto v4 = open_group(on("0.0.0.0", port), 2);
  EXPECT_FALSE(v4);
}

TEST(UdpSocketGroup, PortIsFreeAgainAfterwards) {
  std::uint16_t port = 0;
  {
    const auto group = open_group(on("127.0.0.1"), 2);
    ASSERT_TRUE(group) << group.error();
    port = group->front().local_port();
  }
  const auto again = open_group(on("127.0.0.1", port), 2);
  EXPECT_TRUE(again) << again.error();
}

TEST(UdpSocketStats, CountsWhatWaitsAndWhatTheKernelDropped) {
  SocketOptions options = on("127.0.0.1");
  options.receive_buffer = 65536;
  const auto socket = UdpSocket::open(options);
  ASSERT_TRUE(socket) << socket.error();
  EXPECT_EQ(socket->stats().queued_bytes, 0U);
  EXPECT_EQ(socket->stats().drops, 0U);
  const Sender sender("127.0.0.1");
  const std::string payload(1400, 'x');
  constexpr std::uint64_t kSent = 500;
  for (std::uint64_t i = 0; i < kSent; ++i)
    ASSERT_TRUE(sender.send("127.0.0.1", socket->local_port(), payload));
  const SocketStats stats = socket->stats();
  EXPECT_GT(stats.fill(), 0.9);
  // Loopback delivers within the send, so what is not queued was dropped, exactly.
  std::uint64_t queued = 0;
  char buffer[2048];
  while (::recv(socket->fd(), buffer, sizeof buffer, 0) > 0) ++queued;
  EXPECT_GT(queued, 0U);
  EXPECT_EQ(stats.drops, kSent - queued);
  EXPECT_EQ(socket->stats().queued_bytes, 0U);
  EXPECT_EQ(socket->stats().drops, kSent - queued);
}

}  // namespace
}  // namespace sluice::net
