#include "bmp/table.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice::bmp {
namespace {

using testing::ElementsAre;
using Owner = PathStore::Owner;

Nlri nlri(const std::string& prefix, std::uint32_t path_id = 0) {
  return {*IpPrefix::parse(prefix), path_id};
}

class TableTest : public testing::Test {
 protected:
  Epochs epochs;
  Room room{0, 1000};
  Table table{epochs, room, {100, 1 << 20}};

  std::optional<BmpError> announce(const Owner& owner, const Nlri& to, std::vector<std::uint32_t> ases,
                                   std::uint32_t local_pref = 100) {
    Attributes attributes;
    attributes.as_path = std::move(ases);
    attributes.communities = {7};
    attributes.local_pref = local_pref;
    Path* path = table.paths().hold(owner, attributes, IpAddress::v4(0xc0000209));
    const auto error = table.announce(to, path);
    table.paths().release(path);
    return error;
  }
  std::uint32_t origin(const std::string& address) const {
    const auto route = table.find(*IpAddress::parse(address));
    return route ? route->origin_as : 0;
  }
};

constexpr Owner kFirst{.rib = 0, .peer_as = 64501, .view = View::before_policy, .external = true};
constexpr Owner kSecond{.rib = 2, .peer_as = 64502, .view = View::before_policy, .external = true};
constexpr Owner kLocal{.rib = 4, .peer_as = 64500, .view = View::local_rib};

TEST_F(TableTest, TellsAllOfARoute) {
  ASSERT_FALSE(announce(kFirst, nlri("198.51.100.0/24"), {64501, 64510}, 200));
  const auto route = table.find(*IpAddress::parse("198.51.100.7"));
  ASSERT_TRUE(route);
  EXPECT_THAT(route->as_path, ElementsAre(64501, 64510));
  EXPECT_THAT(route->communities, ElementsAre(7));
  EXPECT_EQ(route->next_hop.to_string(), "192.0.2.9");
  EXPECT_EQ(route->origin_as, 64510U);
  EXPECT_EQ(route->peer_as, 64501U);
  EXPECT_EQ(route->local_pref, 200U);
  EXPECT_EQ(route->prefix_length, 24);
  EXPECT_FALSE(table.find(*IpAddress::parse("198.51.101.7")));
  EXPECT_FALSE(table.find(*IpAddress::parse("2001:db8::1")));
  EXPECT_FALSE(table.find(IpAddress{}));
}

TEST_F(TableTest, ARouteWithoutAPathBeginsInItsPeer) {
  ASSERT_FALSE(announce(kLocal, nlri("10.0.0.0/8"), {}));
  EXPECT_EQ(origin("10.0.0.1"), 64500U);
}

TEST_F(TableTest, TakesTheBestAndTheNextWhenItGoes) {
  announce(kFirst, nlri("10.0.0.0/8"), {64501, 1, 2});
  announce(kSecond, nlri("10.0.0.0/8"), {64502, 3});
  EXPECT_EQ(origin("10.0.0.1"), 3U) << "shorter";
  announce(kFirst, nlri("10.0.0.0/8"), {64501, 1, 2}, 300);
  EXPECT_EQ(origin("10.0.0.1"), 2U) << "preferred";
  EXPECT_EQ(table.routes(), 2U);
  EXPECT_TRUE(table.withdraw(nlri("10.0.0.0/8"), kFirst.rib));
  EXPECT_EQ(origin("10.0.0.1"), 3U);
  EXPECT_FALSE(table.withdraw(nlri("10.0.0.0/8"), kFirst.rib)) << "gone already";
  EXPECT_TRUE(table.withdraw(nlri("10.0.0.0/8"), kSecond.rib));
  EXPECT_EQ(origin("10.0.0.1"), 0U);
  EXPECT_EQ(table.routes(), 0U);
  EXPECT_EQ(room.routes, 0U);
  EXPECT_EQ(table.bytes(), 0U) << "all that was held is given back";
}

TEST_F(TableTest, ALocalRibRulesOutWhatPeersAloneTell) {
  announce(kFirst, nlri("10.1.0.0/16"), {64501, 1});
  announce(kFirst, nlri("10.0.0.0/8"), {64501, 2}, 900);
  EXPECT_EQ(origin("10.1.0.1"), 1U);
  announce(kLocal, nlri("10.0.0.0/8"), {64502, 3});
  EXPECT_EQ(origin("10.1.0.1"), 3U) << "the router does not use the longer one";
  EXPECT_EQ(origin("10.2.0.1"), 3U);
  table.drop(kLocal.rib);
  EXPECT_EQ(origin("10.1.0.1"), 1U) << "without it peers are what is known";
}

TEST_F(TableTest, PathIdentifiersAreRoutesOfTheirOwn) {
  announce(kFirst, nlri("10.0.0.0/8", 1), {64501, 1, 2});
  announce(kFirst, nlri("10.0.0.0/8", 2), {64501, 3});
  EXPECT_EQ(table.routes(), 2U);
  EXPECT_EQ(origin("10.0.0.1"), 3U);
  EXPECT_TRUE(table.withdraw(nlri("10.0.0.0/8", 2), kFirst.rib));
  EXPECT_EQ(origin("10.0.0.1"), 2U);
  EXPECT_FALSE(table.withdraw(nlri("10.0.0.0/8"), kFirst.rib)) << "none has the identifier 0";
  EXPECT_TRUE(table.withdraw(nlri("10.0.0.0/8", 1), kFirst.rib));
  EXPECT_EQ(table.bytes(), 0U);
}

TEST_F(TableTest, DropsAPeerOrAFamilyOfIt) {
  for (int i = 0; i < 20; ++i) {
    announce(kFirst, nlri("10." + std::to_string(i) + ".0.0/16"), {64501, 1});
    announce(kSecond, nlri("10." + std::to_string(i) + ".0.0/16"), {64502, 1, 2});
  }
  announce(kFirst, nlri("2001:db8::/32"), {64501, 1});
  EXPECT_EQ(table.drop(kFirst.rib, Family::v4), 20U);
  EXPECT_EQ(origin("10.3.0.1"), 2U);
  EXPECT_EQ(origin("2001:db8::1"), 1U);
  EXPECT_EQ(table.drop(kFirst.rib), 1U);
  EXPECT_EQ(table.drop(kFirst.rib), 0U);
  EXPECT_EQ(table.drop(kSecond.rib), 20U);
  EXPECT_EQ(table.routes(), 0U);
  EXPECT_EQ(table.bytes(), 0U);
}

TEST_F(TableTest, SharesPathsAndLists) {
  for (int i = 0; i < 50; ++i) announce(kFirst, nlri("10." + std::to_string(i) + ".0.0/16"), {64501, 1});
  EXPECT_EQ(table.path_count(), 1U);
  announce(kFirst, nlri("10.0.0.0/16"), {64501, 1}, 5);
  EXPECT_EQ(table.path_count(), 2U);
  announce(kFirst, nlri("10.0.0.0/16"), {64501, 1});
  EXPECT_EQ(table.path_count(), 1U);
}

TEST_F(TableTest, HasRoomMadeBeforeItRefuses) {
  Table spare(epochs, room, {100, 1 << 20});
  Path* path = spare.paths().hold(kFirst, {}, {});
  ASSERT_FALSE(spare.announce(nlri("10.0.0.0/8"), path));
  room.most = 1;
  unsigned asked = 0;
  room.make = [&] {
    ++asked;
    return spare.drop(kFirst.rib) > 0;
  };
  EXPECT_FALSE(announce(kFirst, nlri("11.0.0.0/8"), {64501, 1}));
  EXPECT_EQ(asked, 1U);
  EXPECT_EQ(announce(kFirst, nlri("12.0.0.0/8"), {64501, 1}), BmpError::all_routes);
  EXPECT_EQ(asked, 2U);
  EXPECT_EQ(origin("11.0.0.1"), 1U);
}

TEST_F(TableTest, KnowsItsFamilies) {
  EXPECT_THAT(table.families(), ElementsAre(false, false));
  announce(kLocal, nlri("2001:db8::/32"), {64501, 1});
  EXPECT_THAT(table.families(), ElementsAre(false, true));
  announce(kFirst, nlri("10.0.0.0/8"), {64501, 1});
  EXPECT_THAT(table.families(), ElementsAre(true, true));
  table.drop(kLocal.rib);
  EXPECT_THAT(table.families(), ElementsAre(true, false));
}

TEST_F(TableTest, KeepsItsLimits) {
  for (int i = 0; i < 100; ++i)
    ASSERT_FALSE(announce(kFirst, nlri("10." + std::to_string(i) + ".0.0/16"), {64501, 1}));
  EXPECT_EQ(announce(kFirst, nlri("10.100.0.0/16"), {64501, 1}), BmpError::session_routes);
  EXPECT_FALSE(announce(kFirst, nlri("10.1.0.0/16"), {64501, 2})) << "one in place of another";
  EXPECT_EQ(table.routes(), 100U);
  Room small{0, 1};
  Table other(epochs, small, {100, 1 << 20});
  Path* path = other.paths().hold(kFirst, {}, {});
  EXPECT_FALSE(other.announce(nlri("10.0.0.0/8"), path));
  EXPECT_EQ(other.announce(nlri("11.0.0.0/8"), path), BmpError::all_routes);
  Room large{0, 1000};
  Table tight(epochs, large, {100, 64});
  Path* held = tight.paths().hold(kFirst, {}, {});
  EXPECT_EQ(tight.announce(nlri("10.0.0.0/8"), held), BmpError::session_memory);
}

}  // namespace
}  // namespace sluice::bmp
