#include "bmp/update.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/bmp_builder.hpp"

namespace sluice::bmp {
namespace {

using test::BgpUpdate;
using test::WireBytes;
using testing::ElementsAre;
using testing::IsEmpty;
using Numbers = std::vector<std::uint32_t>;

struct Read {
  std::optional<BmpError> error;
  Update update;
};

Read read(const BgpUpdate& update, const UpdateContext& context = {}) {
  Read out;
  out.error = read_update(update.bytes(), context, out.update);
  return out;
}

std::vector<std::string> texts(const std::vector<Nlri>& routes) {
  std::vector<std::string> out;
  for (const Nlri& one : routes) out.push_back(one.prefix.to_string());
  return out;
}

BgpUpdate plain() { return BgpUpdate().path({64501, 64502}).next_hop("192.0.2.9"); }

TEST(Update, TellsEveryAttributeOfAnIpv4Route) {
  const Read got = read(plain()
                            .med(7)
                            .local_pref(200)
                            .communities({0xfde90001, 0xfde90002})
                            .announce("198.51.100.0/24")
                            .announce("10.0.0.0/9"));
  ASSERT_FALSE(got.error);
  EXPECT_FALSE(got.update.withdraw_all);
  EXPECT_THAT(texts(got.update.plain.routes), ElementsAre("198.51.100.0/24", "10.0.0.0/9"));
  EXPECT_EQ(got.update.plain.next_hop.to_string(), "192.0.2.9");
  const Attributes& attributes = got.update.attributes;
  EXPECT_THAT(attributes.as_path, ElementsAre(64501, 64502));
  EXPECT_THAT(attributes.communities, ElementsAre(0xfde90001, 0xfde90002));
  EXPECT_EQ(attributes.med, 7U);
  EXPECT_EQ(attributes.local_pref, 200U);
  EXPECT_EQ(attributes.origin, 0);
}

TEST(Update, KeepsNothingOfTheOneBefore) {
  Update update;
  ASSERT_FALSE(read_update(plain().med(7).communities({1}).announce("10.0.0.0/8").bytes(), {}, update));
  ASSERT_FALSE(read_update(BgpUpdate().withdraw("10.0.0.0/8").bytes(), {}, update));
  EXPECT_THAT(update.plain.routes, IsEmpty());
  EXPECT_THAT(update.attributes.communities, IsEmpty());
  EXPECT_EQ(update.attributes.med, 0U);
  EXPECT_THAT(texts(update.withdrawn), ElementsAre("10.0.0.0/8"));
}

TEST(Update, ClearsBitsBehindAPrefix) {
  // 10.255.0.0/9 as somebody careless writes it.
  const Read got = read(plain().announce("10.255.0.0/9"));
  EXPECT_THAT(texts(got.update.plain.routes), ElementsAre("10.128.0.0/9"));
}

TEST(Update, TellsIpv6RoutesAndWithdrawals) {
  const Read got = read(BgpUpdate()
                            .path({64501})
                            .reach(2, "2001:db8::1", {"2001:db8:1::/48", "::/0"})
                            .unreach(2, {"2001:db8:2::/47"}));
  ASSERT_FALSE(got.error);
  EXPECT_FALSE(got.update.withdraw_all);
  EXPECT_THAT(texts(got.update.multiprotocol.routes), ElementsAre("2001:db8:1::/48", "::/0"));
  EXPECT_EQ(got.update.multiprotocol.next_hop.to_string(), "2001:db8::1");
  EXPECT_THAT(texts(got.update.withdrawn), ElementsAre("2001:db8:2::/47"));
}

TEST(Update, TakesIpv4RoutesWithANextHopOfIpv6) {
  const Read got = read(BgpUpdate().path({64501}).reach(1, "2001:db8::1", {"10.0.0.0/8"}));
  EXPECT_THAT(texts(got.update.multiprotocol.routes), ElementsAre("10.0.0.0/8"));
  EXPECT_EQ(got.update.multiprotocol.next_hop.to_string(), "2001:db8::1");
}

TEST(Update, TakesTheGlobalOneOfTwoNextHops) {
  WireBytes value;
  value.u16(2).u8(1).u8(32).address("2001:db8::1").address("fe80::1").u8(0);
  test::put_prefix(value, "2001:db8:1::/48");
  const Read got = read(BgpUpdate().path({64501}).attribute(0x90, 14, value));
  EXPECT_EQ(got.update.multiprotocol.next_hop.to_string(), "2001:db8::1");
  EXPECT_FALSE(got.update.withdraw_all);
}

TEST(Update, LeavesOtherFamiliesOut) {
  const Read got =
      read(BgpUpdate().path({64501}).reach(1, "192.0.2.9", {"10.0.0.0/8"}, {}, 128).unreach(25, {}, 70));
  ASSERT_FALSE(got.error);
  EXPECT_TRUE(got.update.other_family);
  EXPECT_THAT(got.update.multiprotocol.routes, IsEmpty());
}

TEST(Update, EndOfRibHasNothing) {
  const Read got = read(BgpUpdate());
  EXPECT_FALSE(got.error);
  EXPECT_FALSE(got.update.withdraw_all);
  EXPECT_EQ(got.update.end_of_rib, Family::v4);
  EXPECT_EQ(read(BgpUpdate().unreach(1, {})).update.end_of_rib, Family::v4);
  EXPECT_EQ(read(BgpUpdate().unreach(2, {})).update.end_of_rib, Family::v6);
}

TEST(Update, WhatSaysSomethingIsNoEndOfRib) {
  const auto end = [](const BgpUpdate& update) { return read(update).update.end_of_rib; };
  EXPECT_FALSE(end(plain().announce("10.0.0.0/8")));
  EXPECT_FALSE(end(BgpUpdate().withdraw("10.0.0.0/8")));
  EXPECT_FALSE(end(BgpUpdate().unreach(2, {"2001:db8::/32"})));
  EXPECT_FALSE(end(BgpUpdate().unreach(2, {}).withdraw("10.0.0.0/8")));
  EXPECT_FALSE(end(plain().reach(2, "2001:db8::1", {"2001:db8::/32"}).unreach(1, {})));
  EXPECT_FALSE(end(BgpUpdate().unreach(25, {}, 70))) << "of another family";
  EXPECT_FALSE(end(plain())) << "attributes of nothing";
}

// AS paths.

TEST(Update, FlattensSetsAndLeavesConfederationsOut) {
  const Read got = read(BgpUpdate()
                            .origin()
                            .path_of({{3, {65001}}, {2, {64501, 64502}}, {4, {65002}}, {1, {64503, 64504}}})
                            .next_hop("192.0.2.9")
                            .announce("10.0.0.0/8"));
  EXPECT_THAT(got.update.attributes.as_path, ElementsAre(64501, 64502, 64503, 64504));
  EXPECT_TRUE(got.update.attributes.ends_in_set);
}

TEST(Update, PutsAs4PathInPlaceOfItsLegacyTail) {
  const Read got = read(BgpUpdate()
                            .legacy()
                            .path({64501, 23456, 23456})
                            .as4_path({{2, {200000, 200001}}})
                            .next_hop("192.0.2.9")
                            .announce("10.0.0.0/8"),
                        {{}, true});
  EXPECT_THAT(got.update.attributes.as_path, ElementsAre(64501, 200000, 200001));
}

TEST(Update, IgnoresAnAs4PathThatIsLonger) {
  const Read got = read(BgpUpdate()
                            .legacy()
                            .path({23456})
                            .as4_path({{2, {200000, 200001}}})
                            .next_hop("192.0.2.9")
                            .announce("10.0.0.0/8"),
                        {{}, true});
  EXPECT_THAT(got.update.attributes.as_path, ElementsAre(23456));
}

TEST(Update, IgnoresAs4PathWhereTheAggregatorIsOfTwoBytes) {
  const auto update = [](unsigned aggregator) {
    return BgpUpdate()
        .legacy()
        .path({64501, 23456})
        .as4_path({{2, {200000}}})
        .attribute(0xc0, 7, WireBytes().u16(aggregator).u32(1))
        .next_hop("192.0.2.9")
        .announce("10.0.0.0/8");
  };
  EXPECT_THAT(read(update(64502), {{}, true}).update.attributes.as_path, ElementsAre(64501, 23456));
  EXPECT_THAT(read(update(23456), {{}, true}).update.attributes.as_path, ElementsAre(64501, 200000));
}

TEST(Update, IgnoresAs4PathAmongNumbersOfFourBytes) {
  const Read got = read(plain().as4_path({{2, {200000}}}).announce("10.0.0.0/8"));
  EXPECT_THAT(got.update.attributes.as_path, ElementsAre(64501, 64502));
}

TEST(Update, ALongPathCountsAsWithdrawn) {
  EXPECT_FALSE(read(BgpUpdate().path(Numbers(255, 1)).next_hop("192.0.2.9").announce("10.0.0.0/8"))
                   .update.withdraw_all);
  EXPECT_EQ(read(BgpUpdate()
                     .origin()
                     .path_of({{2, Numbers(255, 1)}, {2, {2}}})
                     .next_hop("192.0.2.9")
                     .announce("10.0.0.0/8"))
                .update.withdraw_all,
            BmpError::long_list);
  EXPECT_EQ(read(plain().communities(Numbers(256, 1)).announce("10.0.0.0/8")).update.withdraw_all,
            BmpError::long_list);
}

// Path identifiers.

TEST(Update, TellsPathIdentifiersWhereTheyWereAgreed) {
  const Read got =
      read(plain().announce("10.0.0.0/8", 5).announce("10.0.0.0/8", 6).withdraw("10.1.0.0/16", 9),
           {{true, false}, false});
  ASSERT_EQ(got.update.plain.routes.size(), 2U);
  EXPECT_EQ(got.update.plain.routes[0].path_id, 5U);
  EXPECT_EQ(got.update.plain.routes[1].path_id, 6U);
  EXPECT_EQ(got.update.withdrawn.at(0).path_id, 9U);
}

TEST(Update, RefusesPathIdentifiersThatWereNot) {
  EXPECT_EQ(read(plain().announce("10.0.0.0/8", 1)).error, BmpError::add_path);
  EXPECT_EQ(read(plain().announce("198.51.100.0/24", 1).announce("203.0.113.0/24", 1)).error,
            BmpError::add_path);
  EXPECT_EQ(read(BgpUpdate().path({1}).reach(2, "2001:db8::1", {"2001:db8::/32"}, 1)).error,
            BmpError::add_path);
  EXPECT_EQ(read(plain().announce("198.51.100.0/24"), {{true, false}, false}).error, BmpError::add_path);
}

// Damage (RFC 7606).

struct Damage {
  const char* what;
  BgpUpdate update;
};

TEST(UpdateDamage, RoutesOfBadAttributesCountAsWithdrawn) {
  const std::vector<Damage> all{
      {"origin 3", BgpUpdate().origin(3).path_of({}).next_hop("192.0.2.9")},
      {"origin of two bytes",
       BgpUpdate().attribute(0x40, 1, WireBytes().u16(0)).path_of({}).next_hop("192.0.2.9")},
      {"no origin", BgpUpdate().path_of({}).next_hop("192.0.2.9")},
      {"no path", BgpUpdate().origin().next_hop("192.0.2.9")},
      {"no next hop", BgpUpdate().path({1})},
      {"segment of type 5", BgpUpdate().origin().path_of({{5, {1}}}).next_hop("192.0.2.9")},
      {"empty segment", BgpUpdate().origin().path_of({{2, {}}}).next_hop("192.0.2.9")},
      {"segment cut off",
       BgpUpdate().origin().attribute(0x40, 2, WireBytes().u8(2).u8(2).u32(1)).next_hop("192.0.2.9")},
      {"next hop of 16 bytes", BgpUpdate().path({1}).attribute(0x40, 3, WireBytes().address("2001:db8::1"))},
      {"MED of 2 bytes", plain().attribute(0x80, 4, WireBytes().u16(1))},
      {"local preference of 2 bytes", plain().attribute(0x40, 5, WireBytes().u16(1))},
      {"communities of 3 bytes", plain().attribute(0xc0, 8, WireBytes().u16(1).u8(1))},
      {"no communities", plain().attribute(0xc0, 8, WireBytes())},
      {"optional origin",
       BgpUpdate().attribute(0xc0, 1, WireBytes().u8(0)).path_of({}).next_hop("192.0.2.9")},
      {"next hop that is optional", BgpUpdate().path({1}).attribute(0x80, 3, WireBytes().u32(1))},
  };
  for (Damage one : all) {
    const Read got = read(one.update.announce("10.0.0.0/8"));
    EXPECT_FALSE(got.error) << one.what;
    EXPECT_EQ(got.update.withdraw_all, BmpError::bad_attributes) << one.what;
    EXPECT_THAT(texts(got.update.plain.routes), ElementsAre("10.0.0.0/8")) << one.what;
  }
}

TEST(UpdateDamage, TheFirstOfTwoCounts) {
  const Read got = read(plain().med(1).med(2).announce("10.0.0.0/8"));
  EXPECT_EQ(got.update.attributes.med, 1U);
  EXPECT_FALSE(got.update.withdraw_all);
}

TEST(UpdateDamage, PrefixesThatCannotBeToldAreTheEnd) {
  std::vector<Damage> all{
      {"two MP_REACH", BgpUpdate().path({1}).reach(2, "2001:db8::1", {}).reach(2, "2001:db8::1", {})},
      {"two MP_UNREACH", BgpUpdate().unreach(2, {}).unreach(2, {})},
      {"MP_REACH without a family", BgpUpdate().path({1}).attribute(0x80, 14, WireBytes().u8(0))},
      {"a next hop past the end",
       BgpUpdate().path({1}).attribute(0x80, 14, WireBytes().u16(2).u8(1).u8(16).u32(1))},
      {"MP_UNREACH without a family", BgpUpdate().attribute(0x80, 15, WireBytes().u16(1))},
      {"IPv6 of 129 bits", BgpUpdate().attribute(0x80, 15, WireBytes().u16(2).u8(1).u8(129).zeros(17))},
      {"a prefix cut off", BgpUpdate().attribute(0x80, 15, WireBytes().u16(1).u8(1).u8(32).u16(1))},
  };
  for (const Damage& one : all) EXPECT_EQ(read(one.update).error, BmpError::bad_update) << one.what;
}

std::vector<std::byte> everything() {
  return plain()
      .med(7)
      .local_pref(200)
      .communities({1, 2})
      .reach(2, "2001:db8::1", {"2001:db8:1::/48"})
      .unreach(2, {"2001:db8:2::/48"})
      .announce("10.0.0.0/8")
      .withdraw("10.1.0.0/16")
      .bytes();
}

TEST(UpdateDamage, CutAtEachByteItIsRefused) {
  const auto whole = everything();
  Update update;
  ASSERT_FALSE(read_update(whole, {}, update));
  for (std::size_t size = 0; size < whole.size(); ++size)
    EXPECT_EQ(read_update(Bytes(whole).first(size), {}, update), BmpError::bad_update) << size;
}

TEST(UpdateDamage, WithALengthThatFitsTheCutItNeverReadsPastIt) {
  auto whole = everything();
  Update update;
  for (std::size_t size = 19; size < whole.size(); ++size) {
    std::vector<std::byte> cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
    cut[16] = static_cast<std::byte>(size >> 8);
    cut[17] = static_cast<std::byte>(size);
    // The last two bytes are the route 10.0.0.0/8: without them it is an UPDATE without it.
    EXPECT_EQ(read_update(cut, {}, update).has_value(), size != whole.size() - 2) << size;
  }
}

}  // namespace
}  // namespace sluice::bmp
