#include "net/given_sockets.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/socket.h>

#include <map>

#include "net/datagram_batch.hpp"
#include "unit/net/loopback.hpp"

namespace sluice::net {
namespace {

using test::Sender;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

const IpAddress kHere = IpAddress::parse("127.0.0.1").value();

/// A group as a process before this one had it: the descriptors are copies, as a service manager keeps them.
struct Before {
  explicit Before(unsigned count) {
    auto opened = open_group({.address = kHere, .receive_buffer = 1 << 20}, count);
    EXPECT_TRUE(opened) << opened.error();
    group = std::move(*opened);
    port = group.front().local_port();
    if (count > 1) {
      EXPECT_TRUE(attach_steering(group.front(), count));
    }
  }
  GivenSocket copy(unsigned index, std::string name = {}) const {
    if (name.empty()) name = kept_name(kHere, port, index);
    return {UniqueFd(::fcntl(group[index].fd(), F_DUPFD_CLOEXEC, 0)), std::move(name)};
  }
  SocketOptions options() const { return {.address = kHere, .port = port, .receive_buffer = 1 << 20}; }
  /// One datagram of each of a hundred sources.
  void send() const {
    for (int source = 2; source < 102; ++source)
      EXPECT_TRUE(Sender("127.0.0." + std::to_string(source)).send("127.0.0.1", port, "flow"));
  }
  std::vector<UdpSocket> group;
  std::uint16_t port = 0;
};

template <class... Given>
GivenSockets given(Given... sockets) {
  std::vector<GivenSocket> list;
  (list.push_back(std::move(sockets)), ...);
  return GivenSockets(std::move(list));
}

/// Where each source's datagrams are.
std::map<IpAddress, unsigned> received(const std::vector<UdpSocket>& group) {
  std::map<IpAddress, unsigned> out;
  DatagramBatch batch;
  for (unsigned i = 0; i < group.size(); ++i)
    while (receive(group[i], batch) > 0)
      for (const Datagram& datagram : batch.datagrams()) out.emplace(datagram.source, i);
  return out;
}

TEST(GivenSockets, AreTakenInTheOrderOfTheirGroupWithWhatWaits) {
  Before before(3);
  before.send();
  auto kept = given(before.copy(2), before.copy(0), before.copy(1));
  before.group.clear();  // the process has ended
  before.send();         // and another hundred
  const auto group = kept.take(before.options(), 3);
  ASSERT_THAT(group, SizeIs(3));
  ASSERT_TRUE(attach_steering(group.front(), 3));
  before.send();
  std::size_t datagrams = 0;
  DatagramBatch batch;
  for (unsigned i = 0; i < 3; ++i)
    while (receive(group[i], batch) > 0)
      for (const Datagram& datagram : batch.datagrams()) {
        ++datagrams;
        EXPECT_EQ(steering_index(datagram.source, 3), i) << datagram.source.to_string();
      }
  EXPECT_EQ(datagrams, 300U);
  EXPECT_THAT(kept.close_rest(), SizeIs(0));
}

TEST(GivenSockets, WithoutAWorkerAreClosedAndTheirDatagramsCounted) {
  Before before(3);
  auto kept = given(before.copy(0), before.copy(1), before.copy(2));
  before.send();
  before.group.clear();
  const auto group = kept.take(before.options(), 2);
  ASSERT_THAT(group, SizeIs(2));
  before.send();  // none of these goes to the third any more
  const auto closed = kept.close_rest();
  ASSERT_THAT(closed, SizeIs(1));
  EXPECT_EQ(closed[0].what, "127.0.0.1:" + std::to_string(before.port));
  EXPECT_EQ(closed[0].name, kept_name(kHere, before.port, 2));
  std::uint64_t of_the_third = 0;
  for (int source = 2; source < 102; ++source)
    of_the_third += steering_index(IpAddress::parse("127.0.0." + std::to_string(source)).value(), 3) == 2;
  EXPECT_GT(of_the_third, 0U);
  EXPECT_EQ(closed[0].datagrams, of_the_third);
  EXPECT_THAT(received(group), SizeIs(100));
}

TEST(GivenSockets, AreJoinedByMore) {
  Before before(1);
  before.send();
  auto kept = given(before.copy(0));
  before.group.clear();
  const auto options = before.options();
  auto group = open_group(options, 3, kept.take(options, 3));
  ASSERT_TRUE(group) << group.error();
  ASSERT_THAT(*group, SizeIs(3));
  EXPECT_THAT(received(*group), SizeIs(100));
  ASSERT_TRUE(attach_steering(group->front(), 3));
  before.send();
  for (const auto& [source, index] : received(*group)) EXPECT_EQ(index, steering_index(source, 3));
}

TEST(GivenSockets, OfAnotherPortAreNotTaken) {
  Before before(1);
  Before other(1);
  auto kept = given(before.copy(0), other.copy(0));
  EXPECT_THAT(kept.take(other.options(), 1), SizeIs(1));
  const auto closed = kept.close_rest();
  ASSERT_THAT(closed, SizeIs(1));
  EXPECT_EQ(closed[0].name, kept_name(kHere, before.port, 0));
  EXPECT_EQ(closed[0].datagrams, 0U);
}

TEST(GivenSockets, ThatAreNoneAreNamed) {
  auto kept = given(GivenSocket{UniqueFd(::socket(AF_INET, SOCK_STREAM, 0)), "web"},
                    GivenSocket{UniqueFd(::open("/dev/null", O_RDONLY)), "file"},
                    GivenSocket{UniqueFd(::socket(AF_UNIX, SOCK_DGRAM, 0)), "local"});
  EXPECT_EQ(kept.per_listener().value(), std::nullopt);
  const auto closed = kept.close_rest();
  ASSERT_THAT(closed, SizeIs(3));
  for (const ClosedSocket& one : closed) EXPECT_EQ(one.what, "a descriptor that is no UDP socket");
}

TEST(GivenSockets, OfASocketUnitSayHowManyWorkersThereAre) {
  Before a(2);
  Before b(2);
  EXPECT_EQ(given(a.copy(0), a.copy(1)).per_listener().value(), std::nullopt);  // kept ones do not
  EXPECT_EQ(given(a.copy(0, "s"), b.copy(0, "s"), a.copy(1, "s"), b.copy(1, "s")).per_listener().value(), 2U);
  const auto uneven = given(a.copy(0, "s"), b.copy(0, "s"), a.copy(1, "s")).per_listener();
  ASSERT_FALSE(uneven);
  EXPECT_THAT(uneven.error(), HasSubstr("give as many of each"));
}

TEST(GivenSockets, BeginWithoutTheDropsOfTheirPast) {
  auto opened = open_group({.address = kHere, .receive_buffer = 4096}, 1);
  ASSERT_TRUE(opened);
  const std::uint16_t port = opened->front().local_port();
  const Sender sender("127.0.0.1");
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(sender.send("127.0.0.1", port, std::string(1000, 'x')));
  ASSERT_GT(opened->front().stats().drops, 0U);
  const UdpSocket adopted =
      UdpSocket::adopt(UniqueFd(::fcntl(opened->front().fd(), F_DUPFD_CLOEXEC, 0)), {.receive_buffer = 4096});
  EXPECT_EQ(adopted.stats().drops, 0U);
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(sender.send("127.0.0.1", port, std::string(1000, 'x')));
  EXPECT_EQ(adopted.stats().drops, 10U);
}

TEST(GivenSockets, AreSetUpAsTheyWouldBeOpened) {
  Before before(1);
  const int fd = before.group.front().fd();
  ASSERT_EQ(::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) & ~O_NONBLOCK), 0);  // as a socket unit has them
  SocketOptions options = before.options();
  options.receive_buffer = 100'000;
  const auto group = given(before.copy(0)).take(options, 1);
  ASSERT_THAT(group, SizeIs(1));
  EXPECT_NE(::fcntl(group[0].fd(), F_GETFL) & O_NONBLOCK, 0);
  EXPECT_EQ(group[0].receive_buffer_got(), 100'000U);
  EXPECT_EQ(group[0].local_port(), before.port);
}

TEST(GivenSockets, NamesHaveNoColon) {
  EXPECT_EQ(kept_name(IpAddress::parse("2001:db8::1").value(), 2055, 11), "sluice-udp-2055-11-2001.db8..1");
  EXPECT_TRUE(is_kept_name(kept_name(kHere, 1, 0)));
  EXPECT_FALSE(is_kept_name("sluice.socket"));
}

}  // namespace
}  // namespace sluice::net
