#include "bmp/station.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <functional>

#include "support/bmp_builder.hpp"

namespace sluice::bmp {
namespace {

using namespace std::chrono_literals;
using test::BgpUpdate;

bool soon(const std::function<bool()>& is) {
  const auto until = std::chrono::steady_clock::now() + 20s;
  while (!is()) {
    if (std::chrono::steady_clock::now() > until) return false;
    std::this_thread::sleep_for(1ms);
  }
  return true;
}

/// A router's end of a session, from an address of its own.
class Router {
 public:
  Router(std::uint16_t port, std::uint32_t from = INADDR_LOOPBACK) : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
    const SocketAddress own({IpAddress::v4(from), 0});
    EXPECT_EQ(::bind(fd_.get(), own.get(), own.size()), 0);
    const SocketAddress at({IpAddress::v4(INADDR_LOOPBACK), port});
    EXPECT_EQ(::connect(fd_.get(), at.get(), at.size()), 0);
  }
  Router& send(Bytes bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) break;
      bytes = bytes.subspan(static_cast<std::size_t>(sent));
    }
    return *this;
  }
  Router& hello() { return send(test::bmp_initiation("edge-1")); }
  Router& route(const std::string& prefix, std::uint32_t origin) {
    return send(
        test::bmp_route({}, BgpUpdate().path({64501, origin}).next_hop("192.0.2.9").announce(prefix)));
  }
  void close() { fd_.reset(); }
  /// Until the station closes it.
  bool ended() {
    char byte = 0;
    return ::recv(fd_.get(), &byte, 1, 0) <= 0;
  }

 private:
  UniqueFd fd_;
};

class StationTest : public testing::Test {
 protected:
  Settings settings;
  Routes routes;
  std::optional<RouteReader> reader;
  std::unique_ptr<Station> station;
  std::uint16_t port = 0;

  void start() {
    auto listener = net::TcpListener::open({IpAddress::v4(INADDR_LOOPBACK), 0});
    ASSERT_TRUE(listener);
    port = listener->at().port;
    reader.emplace(routes);
    station = std::make_unique<Station>(settings, std::move(*listener), routes, Station::Say{});
    station->start();
  }
  std::uint32_t origin(const std::string& address, const std::string& exporter = "127.0.0.1") {
    const RouteReader::Look look(*reader);
    const auto route = look.find(*IpAddress::parse(exporter), *IpAddress::parse(address));
    return route ? route->origin_as : 0;
  }
  /// That are asked for an exporter.
  std::size_t tables(const std::string& exporter = "127.0.0.1") {
    const RouteReader::Look look(*reader);
    return look.tables_for(*IpAddress::parse(exporter)).size();
  }
  bool ended(BmpEnd why, std::uint64_t times = 1) {
    return soon([&] { return station->counters().ends[why].get() >= times; });
  }
  std::uint64_t count(BmpCount which) const { return station->counters().counts[which].get(); }
};

TEST_F(StationTest, RoutesComeAndGoWithTheirSession) {
  start();
  Router router(port);
  router.hello().route("10.0.0.0/8", 1);
  EXPECT_TRUE(soon([&] { return origin("10.0.0.1") == 1; }));
  EXPECT_EQ(origin("10.0.0.1", "192.0.2.1"), 0U) << "an exporter without a session, and no default";
  EXPECT_TRUE(soon([&] { return count(BmpCount::routes) == 1 && count(BmpCount::peers) == 1; }));
  ASSERT_TRUE(soon([&] { return station->routers().size() == 1; }));
  EXPECT_EQ(station->routers()[0].name, "edge-1");
  router.close();
  EXPECT_TRUE(soon([&] { return origin("10.0.0.1") == 0; }));
  EXPECT_TRUE(soon([&] { return count(BmpCount::routes) == 0 && count(BmpCount::away) == 1; }));
  EXPECT_EQ(count(BmpCount::removed), 1U);
  EXPECT_TRUE(ended(BmpEnd::by_router));
  EXPECT_EQ(station->routers()[0].counts[RouterCount::sessions], 0U);
  EXPECT_GT(station->routers()[0].counts[RouterCount::since_seconds], 0U);
}

TEST_F(StationTest, ADefaultServesWhoHasNone) {
  settings.defaults = {*IpAddress::parse("127.0.0.1")};
  start();
  EXPECT_EQ(count(BmpCount::away), 1U) << "it is waited for";
  Router router(port);
  router.hello().route("10.0.0.0/8", 1);
  EXPECT_TRUE(soon([&] { return origin("10.0.0.1", "192.0.2.1") == 1; }));
  EXPECT_TRUE(soon([&] { return count(BmpCount::away) == 0; }));
}

TEST_F(StationTest, RoutesAreKeptForAsLongAsIsSaid) {
  settings.keep = 1h;
  start();
  Router first(port);
  first.hello().route("10.0.0.0/8", 1).route("11.0.0.0/8", 1);
  ASSERT_TRUE(soon([&] { return origin("11.0.0.1") == 1; }));
  first.close();
  ASSERT_TRUE(ended(BmpEnd::by_router));
  EXPECT_TRUE(soon([&] { return count(BmpCount::kept_routes) == 2; }));
  EXPECT_EQ(origin("10.0.0.1"), 1U);
  Router second(port);
  second.hello().route("10.0.0.0/8", 2);
  EXPECT_TRUE(soon([&] { return origin("10.0.0.1") == 2; })) << "the newer session's counts";
  EXPECT_EQ(origin("11.0.0.1"), 1U);
}

TEST_F(StationTest, KeptRoutesGoWhenTheirTimeIsOver) {
  settings.keep = 50ms;
  start();
  Router router(port);
  router.hello().route("10.0.0.0/8", 1);
  ASSERT_TRUE(soon([&] { return origin("10.0.0.1") == 1; }));
  router.close();
  EXPECT_TRUE(soon([&] { return origin("10.0.0.1") == 0 && count(BmpCount::routes) == 0; }));
}

TEST_F(StationTest, WhoComesAndGoesHasOneKeptTable) {
  settings.keep = 1h;
  start();
  const auto kept = [&](std::uint64_t removed) {
    return soon([&] { return count(BmpCount::kept_routes) == 1 && count(BmpCount::removed) == removed; });
  };
  Router(port).hello().route("10.0.0.0/8", 1).close();
  ASSERT_TRUE(ended(BmpEnd::by_router));
  EXPECT_TRUE(kept(0));
  Router(port).hello().close();
  ASSERT_TRUE(ended(BmpEnd::by_router, 2));
  Router other(port, 0x7f000002);
  other.hello().route("12.0.0.0/8", 3);
  EXPECT_TRUE(soon([&] { return origin("12.0.0.1", "127.0.0.2") == 3; }));
  EXPECT_EQ(tables(), 1U) << "of a session that told nothing nothing is kept";
  EXPECT_EQ(origin("10.0.0.1"), 1U) << "and it costs nothing";
  for (std::uint32_t i = 1; i <= 5; ++i) {
    Router(port).hello().route("11.0.0.0/8", 10 + i).close();
    ASSERT_TRUE(ended(BmpEnd::by_router, 2 + i));
    EXPECT_TRUE(kept(i)) << "the one before goes";
    EXPECT_TRUE(soon([&] { return origin("11.0.0.1") == 10 + i && origin("10.0.0.1") == 0; }));
    EXPECT_EQ(tables(), 1U);
  }
  EXPECT_EQ(tables("127.0.0.2"), 1U) << "of others' there is nothing to do";
}

TEST_F(StationTest, KeptRoutesCountUntilTheRouterToldAllAnew) {
  settings.keep = 1h;
  settings.defaults = {*IpAddress::parse("127.0.0.1")};
  start();
  Router first(port);
  first.hello().route("0.0.0.0/0", 1).route("10.0.0.0/8", 1).route("10.1.0.0/16", 1);
  ASSERT_TRUE(soon([&] { return origin("10.1.0.1") == 1; }));
  first.close();
  ASSERT_TRUE(ended(BmpEnd::by_router));
  Router second(port);
  second.hello().route("0.0.0.0/0", 2).route("10.0.0.0/8", 2);
  ASSERT_TRUE(soon([&] { return origin("10.0.0.1") == 2; }));
  EXPECT_EQ(origin("10.1.0.1"), 1U) << "the longer one is only kept";
  EXPECT_EQ(origin("10.1.0.1", "192.0.2.1"), 1U) << "as well for those without a session";
  EXPECT_EQ(origin("11.0.0.1"), 2U);
  second.send(test::bmp_route({}, BgpUpdate().unreach(2, {})));
  second.route("12.0.0.0/8", 2);
  ASSERT_TRUE(soon([&] { return origin("12.0.0.1") == 2; }));
  EXPECT_EQ(origin("10.1.0.1"), 1U) << "of IPv6 alone it told all";
  second.send(test::bmp_route({}, BgpUpdate()));
  EXPECT_TRUE(soon([&] { return origin("10.1.0.1") == 2; })) << "what it does not tell anew is gone";
  EXPECT_TRUE(soon([&] { return count(BmpCount::kept_routes) == 0 && count(BmpCount::removed) == 3; }));
}

TEST_F(StationTest, KeptRoutesMakeRoomForThoseThatAreTold) {
  settings.keep = 1h;
  settings.limits.routes = 3;
  start();
  const auto leave = [&](std::uint32_t from, const std::string& prefix, std::uint64_t times) {
    Router(port, from).hello().route(prefix, 1).close();
    return ended(BmpEnd::by_router, times) && soon([&] { return count(BmpCount::kept_routes) == times; });
  };
  ASSERT_TRUE(leave(0x7f000003, "13.0.0.0/8", 1));
  ASSERT_TRUE(leave(0x7f000002, "12.0.0.0/8", 2));
  Router router(port);
  router.hello().route("10.0.0.0/8", 1).route("11.0.0.0/8", 1);
  EXPECT_TRUE(soon([&] { return origin("11.0.0.1") == 1; }));
  EXPECT_TRUE(soon([&] { return origin("13.0.0.1", "127.0.0.3") == 0; })) << "it was left first";
  EXPECT_EQ(origin("12.0.0.1", "127.0.0.2"), 1U);
  router.route("14.0.0.0/8", 1);
  EXPECT_TRUE(soon([&] { return origin("14.0.0.1") == 1; }));
  EXPECT_EQ(origin("12.0.0.1", "127.0.0.2"), 0U);
  EXPECT_EQ(station->counters().errors[BmpError::all_routes].get(), 0U);
  router.route("15.0.0.0/8", 1);
  EXPECT_TRUE(soon([&] { return station->counters().errors[BmpError::all_routes].get() == 1; }))
      << "nothing is kept any more";
  EXPECT_EQ(origin("10.0.0.1"), 1U);
}

TEST_F(StationTest, OnlyWhoMayConnects) {
  settings.allow = {*IpPrefix::parse("127.0.0.2/32")};
  start();
  EXPECT_TRUE(Router(port).ended());
  EXPECT_TRUE(ended(BmpEnd::not_allowed));
  EXPECT_EQ(station->refused().read().size(), 1U);
  Router router(port, 0x7f000002);
  router.hello().route("10.0.0.0/8", 1);
  EXPECT_TRUE(soon([&] { return origin("10.0.0.1", "127.0.0.2") == 1; }));
}

TEST_F(StationTest, WhoLiesCostsOnlyItself) {
  start();
  Router good(port, 0x7f000002);
  good.hello().route("10.0.0.0/8", 1);
  ASSERT_TRUE(soon([&] { return origin("10.0.0.1", "127.0.0.2") == 1; }));
  Router(port).hello().send(test::WireBytes().u8(3).u32(0xffffffff).u8(0).data()).ended();
  EXPECT_TRUE(ended(BmpEnd::bad_message));
  Router(port).send(test::WireBytes().text("GET / HTTP/1.1\r\n\r\n").data()).ended();
  EXPECT_TRUE(ended(BmpEnd::bad_message, 2));
  test::WireBytes bad;
  bad.u16(2).u8(1).u8(129);
  Router(port).hello().send(test::bmp_route({}, BgpUpdate().attribute(0x80, 15, bad))).ended();
  EXPECT_TRUE(ended(BmpEnd::bad_update));
  Router half(port);
  half.hello().send(Bytes(test::bmp_initiation("x")).first(7));
  half.close();
  EXPECT_TRUE(ended(BmpEnd::cut_off));
  EXPECT_EQ(origin("10.0.0.1", "127.0.0.2"), 1U);
}

TEST_F(StationTest, ASlowSessionIsEnded) {
  settings.limits.message_timeout = 100ms;
  start();
  Router silent(port);
  Router slow(port, 0x7f000002);
  slow.hello().send(Bytes(test::bmp_initiation("x")).first(7));
  Router quiet(port, 0x7f000003);
  quiet.hello().route("10.0.0.0/8", 1);
  EXPECT_TRUE(silent.ended());
  EXPECT_TRUE(slow.ended());
  EXPECT_TRUE(ended(BmpEnd::slow, 2));
  EXPECT_EQ(origin("10.0.0.1", "127.0.0.3"), 1U) << "who has nothing to say is not slow";
}

TEST_F(StationTest, TakesOnlySoManySessions) {
  settings.limits.sessions = 2;
  settings.limits.sessions_per_address = 1;
  start();
  Router first(port);
  first.hello();
  ASSERT_TRUE(soon([&] { return station->routers().size() == 1; }));
  EXPECT_TRUE(Router(port).ended());
  EXPECT_TRUE(ended(BmpEnd::address_limit));
  Router second(port, 0x7f000002);
  ASSERT_TRUE(soon([&] { return count(BmpCount::open) == 2; }));
  Router third(port, 0x7f000003);
  EXPECT_TRUE(second.ended()) << "it had said nothing";
  EXPECT_TRUE(ended(BmpEnd::made_room));
  third.hello();
  ASSERT_TRUE(soon([&] { return station->routers().size() == 2; }));
  EXPECT_TRUE(Router(port, 0x7f000004).ended());
  EXPECT_TRUE(ended(BmpEnd::session_limit));
}

TEST_F(StationTest, AFloodLeavesOthersTheirTurn) {
  settings.limits.routes_per_session = 1000;
  start();
  std::atomic<bool> stop{false};
  std::thread flood([&] {
    Router router(port);
    router.hello();
    for (std::uint32_t i = 0; !stop; ++i) router.route(IpAddress::v4(i << 8).to_string() + "/24", i + 1);
  });
  ASSERT_TRUE(soon([&] { return station->counters().errors[BmpError::session_routes].get() > 1000; }));
  Router good(port, 0x7f000002);
  good.hello().route("10.0.0.0/8", 7);
  EXPECT_TRUE(soon([&] { return origin("10.0.0.1", "127.0.0.2") == 7; }));
  stop = true;
  flood.join();
}

TEST_F(StationTest, MessagesComeInPiecesOfAnySize) {
  start();
  std::vector<std::byte> all = test::bmp_initiation("edge-1");
  for (std::uint32_t i = 0; i < 20; ++i) {
    const auto one = test::bmp_route({}, BgpUpdate()
                                             .path({64501, i + 1})
                                             .next_hop("192.0.2.9")
                                             .announce("10." + std::to_string(i) + ".0.0/16"));
    all.insert(all.end(), one.begin(), one.end());
  }
  Router router(port);
  for (std::size_t at = 0; at < all.size(); at += 7)
    router.send(Bytes(all).subspan(at, std::min<std::size_t>(7, all.size() - at)));
  EXPECT_TRUE(soon([&] { return origin("10.19.0.1") == 20; }));
  EXPECT_EQ(count(BmpCount::messages), 21U);
  EXPECT_EQ(count(BmpCount::announcements), 20U);
}

TEST_F(StationTest, StopsWithSessionsOpen) {
  start();
  Router router(port);
  router.hello().route("10.0.0.0/8", 1);
  ASSERT_TRUE(soon([&] { return origin("10.0.0.1") == 1; }));
  station->stop();
  EXPECT_TRUE(router.ended());
  EXPECT_EQ(origin("10.0.0.1"), 0U);
  EXPECT_TRUE(ended(BmpEnd::stopped));
}

}  // namespace
}  // namespace sluice::bmp
