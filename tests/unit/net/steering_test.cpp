#include <gmock/gmock.h>

#include <map>
#include <set>

#include "net/datagram_batch.hpp"
#include "net/udp_socket.hpp"
#include "unit/net/loopback.hpp"

namespace sluice::net {
namespace {

using test::Sender;

/// Which sockets of the group each source was seen at.
using Seen = std::map<IpAddress, std::set<unsigned>>;

Seen drain(const std::vector<UdpSocket>& group) {
  Seen seen;
  DatagramBatch batch;
  for (unsigned i = 0; i < group.size(); ++i)
    while (receive(group[i], batch) > 0)
      for (const auto& datagram : batch.datagrams()) seen[datagram.source].insert(i);
  return seen;
}

constexpr int kSources = 100;
constexpr int kPorts = 4;

Seen send_from_many(const std::vector<UdpSocket>& group) {
  for (int source = 2; source < 2 + kSources; ++source)
    for (int port = 0; port < kPorts; ++port) {
      const Sender sender("127.0.0." + std::to_string(source));
      EXPECT_TRUE(sender.send("127.0.0.1", group.front().local_port(), "flow"));
    }
  return drain(group);
}

std::size_t split(const Seen& seen) {
  return static_cast<std::size_t>(
      std::count_if(seen.begin(), seen.end(), [](const auto& entry) { return entry.second.size() > 1; }));
}

void expect_steered(const Seen& seen, unsigned count) {
  EXPECT_EQ(seen.size(), static_cast<std::size_t>(kSources));
  EXPECT_EQ(split(seen), 0U);
  std::set<unsigned> used;
  for (const auto& [source, sockets] : seen) {
    EXPECT_EQ(*sockets.begin(), steering_index(source, count)) << source.to_string();
    used.insert(*sockets.begin());
  }
  EXPECT_EQ(used.size(), count) << "a socket that gets nothing";
}

Result<std::vector<UdpSocket>, std::string> steered_group(const char* address, unsigned count) {
  auto group = open_group({.address = IpAddress::parse(address).value(), .receive_buffer = 4 << 20}, count);
  if (!group) return group;
  if (const auto attached = attach_steering(group->front(), count); !attached)
    return failure(attached.error());
  return group;
}

TEST(Steering, WithoutItTheKernelSplitsSources) {
  const auto group =
      open_group({.address = IpAddress::parse("127.0.0.1").value(), .receive_buffer = 4 << 20}, 2);
  ASSERT_TRUE(group) << group.error();
  EXPECT_GT(split(send_from_many(*group)), 0U) << "then this test proves nothing about the others";
}

TEST(Steering, KeepsEachIpv4SourceOnOneSocket) {
  for (const unsigned count : {2U, 3U}) {
    const auto group = steered_group("127.0.0.1", count);
    ASSERT_TRUE(group) << group.error();
    expect_steered(send_from_many(*group), count);
  }
}

TEST(Steering, KeepsEachIpv4SourceOnOneDualStackSocket) {
  if (!test::has_ipv6()) GTEST_SKIP() << "no IPv6 on this machine";
  const auto group = steered_group("::", 2);
  ASSERT_TRUE(group) << group.error();
  expect_steered(send_from_many(*group), 2);
}

TEST(Steering, KeepsAnIpv6SourceOnTheSocketForetold) {
  if (!test::has_ipv6()) GTEST_SKIP() << "no IPv6 on this machine";
  // ::1 is the one IPv6 source every machine has, so the number of sockets varies instead.
  for (const unsigned count : {2U, 3U, 5U, 7U}) {
    const auto group = steered_group("::", count);
    ASSERT_TRUE(group) << group.error();
    for (int port = 0; port < 50; ++port)
      ASSERT_TRUE(Sender("::1").send("::1", group->front().local_port(), "flow"));
    const Seen seen = drain(*group);
    ASSERT_EQ(seen.size(), 1U);
    EXPECT_THAT(seen.begin()->second, ::testing::ElementsAre(steering_index(seen.begin()->first, count)));
  }
}

TEST(Steering, OneSocketNeedsNone) {
  const auto group = steered_group("127.0.0.1", 1);
  ASSERT_TRUE(group) << group.error();
  EXPECT_EQ(steering_index(IpAddress::parse("192.0.2.1").value(), 1), 0U);
}

TEST(Steering, SocketThatSharesNothingIsOneSentence) {
  const auto alone = UdpSocket::open({.address = IpAddress::parse("127.0.0.1").value()});
  ASSERT_TRUE(alone) << alone.error();
  const auto attached = attach_steering(*alone, 2);
  ASSERT_FALSE(attached);
  EXPECT_EQ(attached.error(),
            "cannot steer datagrams of " + alone->local_name() +
                " by source address: Invalid argument; the kernel spreads them by address and "
                "port instead");
}

TEST(Steering, EveryWordOfAnIpv6AddressCounts) {
  const IpAddress base = IpAddress::parse("2001:db8::1").value();
  for (const std::size_t word : {0U, 1U, 2U, 3U}) {
    std::set<unsigned> indexes;
    for (unsigned value = 0; value < 64; ++value) {
      IpAddress address = base;
      address.bytes[word * 4 + 3] = static_cast<std::uint8_t>(value);
      indexes.insert(steering_index(address, 4));
    }
    EXPECT_EQ(indexes.size(), 4U) << "word " << word;
  }
}

}  // namespace
}  // namespace sluice::net
