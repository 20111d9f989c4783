#include "enrich/networks.hpp"

#include <gmock/gmock.h>

#include "support/random_flow.hpp"

namespace sluice::enrich {
namespace {

Networks networks(const std::vector<std::string>& prefixes) {
  std::vector<Networks::Entry> entries;
  for (const std::string& prefix : prefixes) {
    NetworkFacts facts;
    facts.name = prefix;
    entries.emplace_back(IpPrefix::parse(prefix).value(), facts);
  }
  return Networks(std::move(entries));
}

std::string name_of(const Networks& networks, const std::string& address) {
  const std::uint32_t number = networks.find(IpAddress::parse(address).value());
  return number == Networks::kNone ? "" : networks.facts(number).name;
}

TEST(Networks, TheLongestPrefixCounts) {
  const Networks all = networks({"10.0.0.0/8", "10.1.0.0/16", "10.1.0.0/24", "10.1.255.0/24", "10.1.255.255",
                                 "2001:db8::/32", "2001:db8:1::/48"});
  EXPECT_EQ(name_of(all, "9.255.255.255"), "");
  EXPECT_EQ(name_of(all, "10.0.0.0"), "10.0.0.0/8");
  EXPECT_EQ(name_of(all, "10.1.0.0"), "10.1.0.0/24");
  EXPECT_EQ(name_of(all, "10.1.0.255"), "10.1.0.0/24");
  EXPECT_EQ(name_of(all, "10.1.1.0"), "10.1.0.0/16");
  EXPECT_EQ(name_of(all, "10.1.255.254"), "10.1.255.0/24");
  EXPECT_EQ(name_of(all, "10.1.255.255"), "10.1.255.255");
  EXPECT_EQ(name_of(all, "10.2.0.0"), "10.0.0.0/8");
  EXPECT_EQ(name_of(all, "11.0.0.0"), "");
  EXPECT_EQ(name_of(all, "2001:db8:1::1"), "2001:db8:1::/48");
  EXPECT_EQ(name_of(all, "2001:db8:2::1"), "2001:db8::/32");
  EXPECT_EQ(name_of(all, "2001:db9::"), "");
}

TEST(Networks, TheTwoEndsOfAllAddresses) {
  const Networks all =
      networks({"0.0.0.0/0", "255.255.255.255", "::/0", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"});
  EXPECT_EQ(name_of(all, "0.0.0.0"), "0.0.0.0/0");
  EXPECT_EQ(name_of(all, "255.255.255.255"), "255.255.255.255");
  EXPECT_EQ(name_of(all, "::"), "::/0");
  EXPECT_EQ(name_of(all, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
            "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff");
}

TEST(Networks, IPv6HoldsNoIPv4) {
  EXPECT_EQ(name_of(networks({"::/0"}), "192.0.2.1"), "");
  EXPECT_EQ(name_of(networks({"0.0.0.0/0"}), "2001:db8::1"), "");
}

TEST(Networks, OfOnePrefixTheLaterCounts) {
  std::vector<Networks::Entry> entries;
  for (const char* name : {"first", "second"}) {
    NetworkFacts facts;
    facts.name = name;
    entries.emplace_back(IpPrefix::parse("192.0.2.0/24").value(), facts);
  }
  EXPECT_EQ(name_of(Networks(std::move(entries)), "192.0.2.7"), "second");
}

TEST(Networks, NoneAndNoAddress) {
  EXPECT_EQ(name_of(Networks(), "192.0.2.7"), "");
  EXPECT_EQ(networks({"0.0.0.0/0"}).find(IpAddress{}), Networks::kNone);
}

/// Against a walk through all prefixes.
TEST(Networks, AnyPrefixesAndAddresses) {
  test::RandomFlows random(7);
  std::vector<std::string> prefixes;
  for (int i = 0; i < 300; ++i) {
    // Few bits, so that they lie within each other.
    const IpAddress four = IpAddress::v4(static_cast<std::uint32_t>(random.next() & 0xc3030303));
    prefixes.push_back(four.to_string() + "/" + std::to_string(random.next() % 33));
    IpAddress six = IpAddress::parse("2001:db8::").value();
    six.bytes[5] = static_cast<std::uint8_t>(random.next() & 3);
    six.bytes[15] = static_cast<std::uint8_t>(random.next() & 3);
    prefixes.push_back(six.to_string() + "/" + std::to_string(random.next() % 129));
  }
  std::vector<IpPrefix> parsed;
  for (const std::string& one : prefixes) parsed.push_back(IpPrefix::parse(one).value());
  const Networks all = networks(prefixes);
  const auto check = [&](const IpAddress& address) {
    const IpPrefix* longest = nullptr;
    for (const IpPrefix& one : parsed)
      if (one.contains(address) && (longest == nullptr || one.length >= longest->length)) longest = &one;
    const std::uint32_t number = all.find(address);
    ASSERT_EQ(number == Networks::kNone, longest == nullptr) << address.to_string();
    if (longest != nullptr) {
      EXPECT_EQ(all.prefix(number).length, longest->length) << address.to_string();
    }
  };
  for (const IpPrefix& one : parsed) {
    check(one.first());
    check(one.last());
  }
  for (int i = 0; i < 2000; ++i) check(IpAddress::v4(static_cast<std::uint32_t>(random.next() & 0xc3030303)));
}

}  // namespace
}  // namespace sluice::enrich
