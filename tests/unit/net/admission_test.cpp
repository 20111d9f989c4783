#include "net/admission.hpp"

#include <gmock/gmock.h>

namespace sluice::net {
namespace {

using testing::UnorderedElementsAre;

AddressSet set_of(std::initializer_list<const char*> prefixes) {
  std::vector<IpPrefix> out;
  for (const char* prefix : prefixes) out.push_back(IpPrefix::parse(prefix).value());
  return AddressSet(out);
}

IpAddress ip(const char* text) { return IpAddress::parse(text).value(); }

TEST(AddressSet, HoldsWhatItsPrefixesHold) {
  const AddressSet set = set_of({"192.0.2.0/24", "192.0.2.7/32", "10.0.0.0/8", "198.51.100.9",
                                 "2001:db8::/32", "10.1.0.0/16", "203.0.113.128/25"});
  for (const char* in : {"192.0.2.0", "192.0.2.7", "192.0.2.255", "10.0.0.0", "10.255.255.255", "10.1.2.3",
                         "198.51.100.9", "2001:db8::", "2001:db8:ffff::1", "203.0.113.128"})
    EXPECT_TRUE(set.contains(ip(in))) << in;
  for (const char* out :
       {"192.0.1.255", "192.0.3.0", "9.255.255.255", "11.0.0.0", "198.51.100.8", "198.51.100.10",
        "2001:db7:ffff::", "2001:db9::", "203.0.113.127", "0.0.0.0", "255.255.255.255", "::"})
    EXPECT_FALSE(set.contains(ip(out))) << out;
  EXPECT_FALSE(set.contains(IpAddress{}));
}

TEST(AddressSet, AllOfAFamily) {
  EXPECT_TRUE(set_of({"0.0.0.0/0"}).contains(ip("255.255.255.255")));
  EXPECT_FALSE(set_of({"0.0.0.0/0"}).contains(ip("::1")));
  EXPECT_TRUE(set_of({"::/0", "0.0.0.0/0"}).contains(ip("::")));
  EXPECT_FALSE(AddressSet().contains(ip("0.0.0.0")));
}

/// As IpPrefix::contains() says, for many.
TEST(AddressSet, AgreesWithPrefixes) {
  std::vector<IpPrefix> prefixes;
  std::uint32_t state = 1;
  const auto next = [&state] { return state = state * 1664525U + 1013904223U; };
  for (int i = 0; i < 200; ++i)
    prefixes.push_back({IpAddress::v4(next()), static_cast<std::uint8_t>(8 + (next() >> 16) % 25)});
  const AddressSet set(prefixes);
  int held = 0;
  for (int i = 0; i < 20000; ++i) {
    const IpAddress address = IpAddress::v4(next());
    const bool in = std::ranges::any_of(prefixes, [&](const IpPrefix& p) { return p.contains(address); });
    ASSERT_EQ(set.contains(address), in) << address.to_string();
    held += in;
  }
  EXPECT_GT(held, 100);
}

TEST(AllowedSources, MustBeInEachSet) {
  EXPECT_TRUE(AllowedSources{}.allow(ip("192.0.2.1")));
  const AllowedSources both{false, {set_of({"192.0.2.0/24"}), set_of({"192.0.2.0/28", "198.51.100.0/24"})}};
  EXPECT_TRUE(both.allow(ip("192.0.2.1")));
  EXPECT_FALSE(both.allow(ip("192.0.2.99")));
  EXPECT_FALSE(both.allow(ip("198.51.100.1")));
  EXPECT_FALSE((AllowedSources{false, {AddressSet{}}}.allow(ip("192.0.2.1"))));
}

TEST(CurrentAdmission, IsReplacedForTheNextBatch) {
  CurrentAdmission current(Admission{{}, {false, {AddressSet{}}}});
  const auto batch = current.now();
  current.replace(Admission{{false, {AddressSet{}}}, {}});
  EXPECT_TRUE(batch->at(0).allow(ip("192.0.2.1")));
  EXPECT_FALSE(current.now()->at(0).allow(ip("192.0.2.1")));
  EXPECT_TRUE(current.now()->at(1).allow(ip("192.0.2.1")));
}

TEST(RefusedSources, AreCountedByPrefix) {
  RefusedSources refused;
  refused.count(ip("192.0.2.1"));
  refused.count(ip("192.0.2.200"));
  refused.count(ip("192.0.3.1"));
  refused.count(ip("2001:db8:1:2::3"));
  EXPECT_THAT(refused.read(), UnorderedElementsAre(std::pair(*IpPrefix::parse("192.0.2.0/24"), 2U),
                                                   std::pair(*IpPrefix::parse("192.0.3.0/24"), 1U),
                                                   std::pair(*IpPrefix::parse("2001:db8:1::/48"), 1U)));
}

TEST(RefusedSources, AreBounded) {
  RefusedSources refused;
  for (std::uint32_t i = 0; i < 1000; ++i) refused.count(IpAddress::v4(i << 8));
  const auto rows = refused.read();
  EXPECT_EQ(rows.size(), RefusedSources::kMaxPrefixes + 1);
  std::uint64_t sum = 0;
  for (const auto& [prefix, n] : rows) sum += prefix.address.empty() ? 0 : n;
  EXPECT_EQ(sum, RefusedSources::kMaxPrefixes);
}

}  // namespace
}  // namespace sluice::net
