#include "sluice/flow/address.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <unordered_set>

#include "support/random_flow.hpp"

namespace sluice {
namespace {

IpAddress ip(std::string_view text) { return IpAddress::parse(text).value(); }
IpPrefix prefix(std::string_view text) { return IpPrefix::parse(text).value(); }

TEST(IpAddress, IsMadeFromANumberOrRawBytes) {
  EXPECT_EQ(IpAddress::v4(0xc0000201), ip("192.0.2.1"));
  const IpAddress v6 = ip("2001:db8::1");
  EXPECT_EQ(IpAddress::from_bytes(std::as_bytes(std::span(v6.bytes))), v6);
  const IpAddress v4 = ip("192.0.2.1");
  EXPECT_EQ(IpAddress::from_bytes(std::as_bytes(std::span(v4.bytes).first(4))), v4);
  for (const std::size_t length : {0U, 1U, 3U, 5U, 15U})
    EXPECT_TRUE(IpAddress::from_bytes(std::as_bytes(std::span(v6.bytes).first(length))).empty()) << length;
}

TEST(IpAddress, KnowsItsFamily) {
  EXPECT_TRUE(IpAddress{}.empty());
  EXPECT_TRUE(ip("0.0.0.0").is_v4());
  EXPECT_TRUE(ip("::").is_v6());
  EXPECT_TRUE(ip("::").all_zero());
  EXPECT_TRUE(ip("0.0.0.0").all_zero());
  EXPECT_FALSE(ip("::1").all_zero());
  EXPECT_NE(ip("0.0.0.0"), ip("::")) << "zero of different families";
}

TEST(IpAddress, TextIsReadBack) {
  for (const std::string_view text :
       {"0.0.0.0", "255.255.255.255", "192.0.2.1", "::", "::1", "2001:db8::1:0:0:1"})
    EXPECT_EQ(ip(text).to_string(), text);
  EXPECT_EQ(IpAddress{}.to_string(), "");
  test::RandomFlows random(1);
  for (int i = 0; i < 2000; ++i) {
    const IpAddress address = random.address();
    EXPECT_EQ(IpAddress::parse(address.to_string()), address.empty() ? std::nullopt : std::optional(address));
  }
}

TEST(IpAddress, OtherTextIsNone) {
  for (const std::string_view text :
       {"", " ", "192.0.2", "192.0.2.256", "192.0.2.1 ", "2001:db8", ":::", "fe80::1%eth0", "router"})
    EXPECT_EQ(IpAddress::parse(text), std::nullopt) << text;
  EXPECT_EQ(IpAddress::parse(std::string_view("192.0.2.1\0x", 11)), std::nullopt);
}

TEST(IpAddress, OfASocketIsUnmapped) {
  sockaddr_storage storage{};
  auto* v4 = reinterpret_cast<sockaddr_in*>(&storage);
  v4->sin_family = AF_INET;
  v4->sin_addr.s_addr = htonl(0xc0000201);
  EXPECT_EQ(IpAddress::from_sockaddr(storage), ip("192.0.2.1"));

  storage = {};
  auto* v6 = reinterpret_cast<sockaddr_in6*>(&storage);
  v6->sin6_family = AF_INET6;
  ASSERT_EQ(inet_pton(AF_INET6, "::ffff:192.0.2.1", &v6->sin6_addr), 1);
  EXPECT_EQ(IpAddress::from_sockaddr(storage), ip("192.0.2.1"));
  ASSERT_EQ(inet_pton(AF_INET6, "2001:db8::1", &v6->sin6_addr), 1);
  EXPECT_EQ(IpAddress::from_sockaddr(storage), ip("2001:db8::1"));

  storage = {};
  storage.ss_family = AF_UNIX;
  EXPECT_TRUE(IpAddress::from_sockaddr(storage).empty());
}

TEST(IpAddress, OnlyAMappedOneIsUnmapped) {
  EXPECT_EQ(ip("::ffff:192.0.2.1").unmapped(), ip("192.0.2.1"));
  for (const std::string_view text : {"::192.0.2.1", "::fffe:192.0.2.1", "1::ffff:192.0.2.1", "192.0.2.1"})
    EXPECT_EQ(ip(text).unmapped(), ip(text)) << text;
}

TEST(IpAddress, HashesAreStableAndSpread) {
  // Partitions are chosen by it: another value after an update would send an exporter elsewhere.
  EXPECT_EQ(hash_value(ip("192.0.2.1")), 0xfe77034df657885eU);
  EXPECT_EQ(hash_value(ip("2001:db8::1")), 0x804d9f085efd8c3aU);
  EXPECT_NE(hash_value(ip("0.0.0.0")), hash_value(ip("::")));
  std::unordered_set<std::uint64_t> seen;
  std::array<int, 16> buckets{};
  for (std::uint32_t host = 0; host < 4096; ++host) {
    const std::uint64_t hash = hash_value(IpAddress::v4(0x0a000000 + host));
    seen.insert(hash);
    ++buckets[hash % buckets.size()];
  }
  EXPECT_EQ(seen.size(), 4096U);
  for (const int count : buckets) {
    EXPECT_GT(count, 150);
    EXPECT_LT(count, 380);
  }
}

TEST(IpPrefix, ReadsAddressAndLength) {
  EXPECT_EQ(prefix("192.0.2.0/24"), (IpPrefix{ip("192.0.2.0"), 24}));
  EXPECT_EQ(prefix("192.0.2.1"), (IpPrefix{ip("192.0.2.1"), 32}));
  EXPECT_EQ(prefix("2001:db8::/32").to_string(), "2001:db8::/32");
  EXPECT_EQ(prefix("::1"), (IpPrefix{ip("::1"), 128}));
  for (const std::string_view text : {"", "/8", "10.0.0.0/", "10.0.0.0/33", "::/129", "10.0.0.0/8x",
                                      "10.0.0.0/-1", "10.0.0.0/ 8", "10/8", "10.0.0.0/99999999999"})
    EXPECT_EQ(IpPrefix::parse(text), std::nullopt) << text;
}

TEST(IpPrefix, HoldsTheAddressesWithinIt) {
  EXPECT_TRUE(prefix("192.0.2.0/24").contains(ip("192.0.2.255")));
  EXPECT_FALSE(prefix("192.0.2.0/24").contains(ip("192.0.3.0")));
  EXPECT_TRUE(prefix("192.0.2.128/25").contains(ip("192.0.2.200")));
  EXPECT_FALSE(prefix("192.0.2.128/25").contains(ip("192.0.2.127")));
  EXPECT_TRUE(prefix("0.0.0.0/0").contains(ip("255.1.2.3")));
  EXPECT_TRUE(prefix("192.0.2.1/32").contains(ip("192.0.2.1")));
  EXPECT_FALSE(prefix("192.0.2.1/32").contains(ip("192.0.2.0")));
  EXPECT_TRUE(prefix("2001:db8::/33").contains(ip("2001:db8:7fff::1")));
  EXPECT_FALSE(prefix("2001:db8::/33").contains(ip("2001:db8:8000::1")));
  EXPECT_FALSE(prefix("0.0.0.0/0").contains(ip("::1"))) << "another family";
  EXPECT_FALSE(prefix("::/0").contains(ip("10.0.0.1")));
  EXPECT_TRUE(prefix("192.0.2.77/24").contains(ip("192.0.2.1"))) << "host bits of the prefix do not count";
}

TEST(IpPrefix, HasEnds) {
  EXPECT_EQ(prefix("192.0.2.77/24").first(), ip("192.0.2.0"));
  EXPECT_EQ(prefix("192.0.2.77/24").last(), ip("192.0.2.255"));
  EXPECT_EQ(prefix("0.0.0.0/0").last(), ip("255.255.255.255"));
  EXPECT_EQ(prefix("192.0.2.1/32").last(), ip("192.0.2.1"));
  EXPECT_EQ(prefix("2001:db8:ffff::/33").first(), ip("2001:db8:8000::"));
  EXPECT_EQ(prefix("2001:db8::/33").last(), ip("2001:db8:7fff:ffff:ffff:ffff:ffff:ffff"));
}

TEST(IpPrefix, HoldsExactlyTheAddressesThatShareItsBits) {
  test::RandomFlows random(2);
  for (int i = 0; i < 5000; ++i) {
    const IpAddress base = IpAddress::v4(static_cast<std::uint32_t>(random.next()));
    const auto length = static_cast<std::uint8_t>(random.below(33));
    const unsigned flipped = static_cast<unsigned>(random.below(32));
    IpAddress other = base;
    other.bytes[flipped / 8] ^= static_cast<std::uint8_t>(0x80U >> flipped % 8);
    EXPECT_EQ((IpPrefix{base, length}.contains(other)), flipped >= length);
  }
}

}  // namespace
}  // namespace sluice
