#include "bmp/session.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/bmp_builder.hpp"

namespace sluice::bmp {
namespace {

using test::BgpUpdate;
using test::BmpPeer;
using test::WireBytes;

constexpr unsigned kPost = 0x40, kLegacy = 0x20, kSent = 0x10;

class SessionTest : public testing::Test {
 protected:
  Epochs epochs;
  Room room{0, 1000};
  Table table{epochs, room, {1000, 1 << 20}};
  BmpCounters counters;
  std::vector<BmpError> errors;
  Session session{table, counters, 3, [this](BmpError why) { errors.push_back(why); }};

  std::optional<BmpEnd> route(const BmpPeer& peer, const BgpUpdate& update) {
    return session.take(test::bmp_route(peer, update));
  }
  std::uint32_t origin(const std::string& address) const {
    const auto found = table.find(*IpAddress::parse(address));
    return found ? found->origin_as : 0;
  }
  std::uint64_t count(BmpCount which) const { return counters.counts[which].get(); }
  std::uint64_t count(BmpError which) const { return counters.errors[which].get(); }
};

BgpUpdate to(const std::string& prefix, std::uint32_t origin) {
  return BgpUpdate().path({64501, origin}).next_hop("192.0.2.9").announce(prefix);
}

const BmpPeer kPeer;
const BmpPeer kAfter{.flags = kPost};
const BmpPeer kOther{.address = "2001:db8::9", .as = 64502};
const BmpPeer kLocalRib{.type = 3, .address = "0.0.0.0", .as = 64500};

TEST_F(SessionTest, KeepsRoutesUntilTheirPeerGoes) {
  EXPECT_FALSE(session.take(test::bmp_initiation("edge-1")));
  EXPECT_FALSE(session.take(test::bmp_peer_up(kPeer, test::bgp_open(64500), test::bgp_open(64501))));
  EXPECT_FALSE(route(kPeer, to("10.0.0.0/8", 1)));
  EXPECT_FALSE(route(kOther, to("10.0.0.0/9", 2)));
  EXPECT_EQ(session.router().name, "edge-1");
  EXPECT_EQ(session.peers(), 2U);
  EXPECT_EQ(count(BmpCount::without_peer_up), 1U);
  EXPECT_EQ(origin("10.0.0.1"), 2U);
  EXPECT_FALSE(session.take(test::bmp_peer_down(kOther)));
  EXPECT_EQ(origin("10.0.0.1"), 1U);
  EXPECT_EQ(count(BmpCount::removed), 1U);
  EXPECT_FALSE(session.take(test::bmp_peer_down(kOther))) << "some say it twice";
  EXPECT_EQ(session.peers(), 1U);
  EXPECT_EQ(session.take(test::bmp_termination()), BmpEnd::by_router);
}

TEST_F(SessionTest, APeerThatComesUpAgainTellsAllAnew) {
  const auto up = test::bmp_peer_up(kPeer, test::bgp_open(64500), test::bgp_open(64501));
  session.take(up);
  route(kPeer, to("10.0.0.0/8", 1));
  session.take(up);
  EXPECT_EQ(origin("10.0.0.1"), 0U);
}

TEST_F(SessionTest, WithdrawsOfThePeerThatSaysSo) {
  route(kPeer, to("10.0.0.0/8", 1));
  route(kOther, BgpUpdate().withdraw("10.0.0.0/8"));
  EXPECT_EQ(origin("10.0.0.1"), 1U);
  route(kPeer, BgpUpdate().withdraw("10.0.0.0/8"));
  EXPECT_EQ(origin("10.0.0.1"), 0U);
  EXPECT_EQ(count(BmpCount::withdrawals), 2U);
}

TEST_F(SessionTest, HasToldAllWhenEachPeerSaysSo) {
  constexpr std::array kV4{true, false}, kBoth{true, true};
  const auto end_v6 = [] { return BgpUpdate().unreach(2, {}); };
  EXPECT_FALSE(session.refilled(kV4));
  session.take(test::bmp_peer_up(kPeer, test::bgp_open(64500), test::bgp_open(64501)));
  route(kOther, to("10.0.0.0/8", 1));
  route(kPeer, BgpUpdate());
  EXPECT_FALSE(session.refilled(kV4)) << "another peer tells still";
  route(kOther, end_v6());
  EXPECT_TRUE(session.refilled(kV4)) << "of that family it has nothing more";
  EXPECT_TRUE(session.refilled(kBoth));
  session.take(test::bmp_peer_up(kPeer, test::bgp_open(64500), test::bgp_open(64501)));
  EXPECT_FALSE(session.refilled(kV4)) << "it begins anew";
  session.take(test::bmp_peer_down(kPeer));
  EXPECT_TRUE(session.refilled(kV4)) << "it has nothing to tell";
}

TEST_F(SessionTest, OneFamilyIsNotBoth) {
  route(kPeer, BgpUpdate());
  EXPECT_TRUE(session.refilled({true, false}));
  EXPECT_FALSE(session.refilled({true, true}));
  route(kPeer, BgpUpdate().unreach(2, {}));
  EXPECT_TRUE(session.refilled({true, true}));
}

TEST_F(SessionTest, PrefersRoutesAfterPolicy) {
  route(kPeer, to("10.0.0.0/8", 1));
  route(kPeer, to("11.0.0.0/8", 1));
  route(kPeer, BgpUpdate().path({64501, 1}).reach(2, "2001:db8::1", {"2001:db8::/32"}));
  route(kAfter, to("10.0.0.0/8", 2));
  EXPECT_EQ(origin("10.0.0.1"), 2U);
  EXPECT_EQ(origin("11.0.0.1"), 0U) << "policy does not let it in";
  EXPECT_EQ(origin("2001:db8::1"), 1U) << "of this family nothing is told after policy";
  route(kPeer, to("11.0.0.0/8", 1));
  EXPECT_EQ(origin("11.0.0.1"), 0U);
  EXPECT_EQ(count(BmpError::before_policy), 1U);
  session.take(test::bmp_peer_down(kPeer));
  EXPECT_EQ(table.routes(), 0U) << "both go";
  route(kPeer, to("11.0.0.0/8", 1));
  EXPECT_EQ(origin("11.0.0.1"), 1U) << "a new session of the peer may tell another thing";
}

TEST_F(SessionTest, TakesALocalRibWithoutPeerUp) {
  EXPECT_FALSE(route(kLocalRib, to("10.0.0.0/8", 1)));
  EXPECT_EQ(origin("10.0.0.1"), 1U);
  const auto own = [] { return BgpUpdate().origin().next_hop("192.0.2.9").announce("11.0.0.0/8"); };
  route(kLocalRib, own());
  EXPECT_EQ(origin("11.0.0.1"), 64500U) << "a route of the router's own, as GoBGP tells it";
  EXPECT_EQ(count(BmpError::bad_attributes), 0U);
  route(kOther, own());
  EXPECT_EQ(count(BmpError::bad_attributes), 1U) << "a peer has to tell a path";
}

TEST_F(SessionTest, ReadsAsNumbersAsThePeersHeaderSays) {
  const BmpPeer legacy{.flags = kLegacy};
  EXPECT_FALSE(
      route(legacy, BgpUpdate().legacy().path({64501, 7}).next_hop("192.0.2.9").announce("10.0.0.0/8")));
  EXPECT_EQ(origin("10.0.0.1"), 7U);
}

TEST_F(SessionTest, TakesPathIdentifiersOnlyAsAgreed) {
  session.take(test::bmp_peer_up(kPeer, test::bgp_open(64500, 1), test::bgp_open(64501, 2)));
  const auto with_id = [](std::uint32_t id, std::uint32_t as) {
    return BgpUpdate().path({64501, as}).next_hop("192.0.2.9").announce("10.0.0.0/8", id);
  };
  route(kPeer, with_id(1, 1));
  route(kPeer, with_id(2, 2));
  EXPECT_EQ(table.routes(), 2U);
  EXPECT_FALSE(route(kOther, with_id(1, 1))) << "it costs itself";
  EXPECT_EQ(count(BmpError::add_path), 1U);
  EXPECT_EQ(table.routes(), 2U);
}

TEST_F(SessionTest, LeavesOutWhatIsNoRouteOfThisInstance) {
  route({.type = 1, .distinguisher = 7}, to("10.0.0.0/8", 1));
  session.take(test::bmp_peer_up({.type = 1, .distinguisher = 7}, test::bgp_open(1), test::bgp_open(2)));
  route({.flags = kSent}, to("10.0.0.0/8", 1));
  route({.type = 9}, to("10.0.0.0/8", 1));
  EXPECT_EQ(table.routes(), 0U);
  EXPECT_EQ(session.peers(), 0U);
  EXPECT_EQ(count(BmpError::other_instance), 2U);
  EXPECT_EQ(count(BmpError::sent_routes), 1U);
  EXPECT_EQ(count(BmpError::unknown_message), 1U);
  EXPECT_FALSE(session.take(test::bmp_message(77, WireBytes().u32(1))));
  EXPECT_EQ(count(BmpError::unknown_message), 2U);
  EXPECT_FALSE(session.take(test::bmp_message(1, test::peer_header({}).u32(0))));
}

TEST_F(SessionTest, ABadAttributeCostsItsRoutes) {
  route(kPeer, to("10.0.0.0/8", 1));
  EXPECT_FALSE(
      route(kPeer, BgpUpdate().path({1}).attribute(0x40, 3, WireBytes().u16(1)).announce("10.0.0.0/8")));
  EXPECT_EQ(origin("10.0.0.1"), 0U);
  EXPECT_EQ(count(BmpError::bad_attributes), 1U);
  EXPECT_EQ(count(BmpCount::removed), 1U);
}

TEST_F(SessionTest, APrefixThatCannotBeToldCostsTheSession) {
  WireBytes bad;
  bad.u16(2).u8(1).u8(129);
  EXPECT_EQ(route(kPeer, BgpUpdate().attribute(0x80, 15, bad)), BmpEnd::bad_update);
  EXPECT_EQ(count(BmpError::bad_update), 1U);
}

TEST_F(SessionTest, AMessageCutOffCostsTheSession) {
  const auto messages = {test::bmp_peer_up(kPeer, test::bgp_open(64500), test::bgp_open(64501)),
                         test::bmp_peer_down(kPeer), test::bmp_initiation("edge-1")};
  for (const auto& whole : messages)
    for (std::size_t size = kCommonHeader + 1; size < whole.size(); ++size) {
      const auto end = session.take(Bytes(whole).first(size));
      // An Initiation may end between two of its texts.
      const bool between = static_cast<int>(whole[5]) == 4 && size == kCommonHeader + 4 + 6;
      EXPECT_EQ(end == BmpEnd::bad_message, !between) << static_cast<int>(whole[5]) << " " << size;
    }
  EXPECT_GT(count(BmpError::bad_message), 100U);
  const auto update = test::bmp_route(kPeer, to("10.0.0.0/8", 1));
  for (std::size_t size = kCommonHeader; size < update.size(); ++size)
    EXPECT_TRUE(session.take(Bytes(update).first(size))) << size;
}

TEST_F(SessionTest, KnowsOnlySoManyPeers) {
  for (std::uint32_t i = 1; i <= 5; ++i)
    route({.address = "192.0.2." + std::to_string(i)}, to("10." + std::to_string(i) + ".0.0/16", i));
  EXPECT_EQ(session.peers(), 3U);
  EXPECT_EQ(table.routes(), 3U);
  EXPECT_EQ(count(BmpError::peer_limit), 2U);
  session.take(test::bmp_peer_down({.address = "192.0.2.1"}));
  route({.address = "192.0.2.5"}, to("10.5.0.0/16", 5));
  EXPECT_EQ(origin("10.5.0.1"), 5U) << "one went, so there is room";
  EXPECT_EQ(origin("10.1.0.1"), 0U);
}

TEST_F(SessionTest, ARouteThatIsRefusedLeavesNoOlderOneBehind) {
  Table tight(epochs, room, {1, 1 << 20});
  Session one(tight, counters, 3, {});
  one.take(test::bmp_route(kPeer, to("10.0.0.0/8", 1)));
  one.take(test::bmp_route(kPeer, to("11.0.0.0/8", 1)));
  EXPECT_EQ(count(BmpError::session_routes), 1U);
  EXPECT_EQ(tight.routes(), 1U);
}

}  // namespace
}  // namespace sluice::bmp
