#include "app/kernel_drops.hpp"

#include <gmock/gmock.h>

#include "support/decode_fixture.hpp"

namespace sluice::app {
namespace {

using decode::Protocol;

std::vector<std::uint64_t> shares(const std::vector<DropClaim>& claims) {
  std::vector<std::uint64_t> out;
  for (const DropClaim& claim : claims) out.push_back(claim.share);
  return out;
}

TEST(ShareOut, ByTraffic) {
  std::vector<DropClaim> claims{{300, 100, 0}, {100, 100, 0}};
  EXPECT_EQ(share_out(40, claims), 0U);
  EXPECT_THAT(shares(claims), testing::ElementsAre(30, 10));
}

TEST(ShareOut, NobodyGetsMoreThanItMisses) {
  std::vector<DropClaim> claims{{1000, 5, 0}, {10, 100, 0}};
  EXPECT_EQ(share_out(40, claims), 0U);
  EXPECT_THAT(shares(claims), testing::ElementsAre(5, 35));
}

TEST(ShareOut, WhatNobodyMissesIsLeft) {
  std::vector<DropClaim> claims{{1000, 5, 0}, {10, 3, 0}};
  EXPECT_EQ(share_out(40, claims), 32U);
  EXPECT_EQ(share_out(40, {}), 40U);
}

TEST(ShareOut, WholeDatagramsWithoutARest) {
  for (std::uint64_t drops = 1; drops < 50; ++drops) {
    std::vector<DropClaim> claims{{3, 50, 0}, {3, 50, 0}, {1, 50, 0}};
    EXPECT_EQ(share_out(drops, claims), 0U);
    EXPECT_EQ(claims[0].share + claims[1].share + claims[2].share, drops);
  }
}

TEST(ShareOut, ClaimsWithoutTrafficStillCount) {
  std::vector<DropClaim> claims{{0, 3, 0}};
  EXPECT_EQ(share_out(2, claims), 0U);
  EXPECT_EQ(claims[0].share, 2U);
}

/// Two v9 exporters at socket 1 of 2.
struct Exporters : test::DecodeFixture {
  void send(std::uint32_t address, std::uint32_t sequence) {
    const auto bytes = test::SetMessage::v9(1, sequence).bytes();
    batch.clear();
    decoder.decode({bytes, IpAddress::v4(address), 2055, test::kReceivedNs, 1}, batch);
  }
  std::uint64_t share(std::uint32_t address) {
    return exporters.find_or_add({IpAddress::v4(address)}, 0)->counters_of(Protocol::netflow9).kernel_drops;
  }
};

std::vector<std::uint64_t> drops(std::uint64_t first, std::uint64_t second) { return {first, second}; }

TEST(KernelDrops, AreBookedToThoseWhoseNumbersMissThem) {
  Exporters e;
  KernelDrops kernel(2);
  e.send(1, 1);
  e.send(2, 1);
  e.send(1, 5);  // three missing
  e.send(2, 2);  // none
  kernel.update(drops(0, 2), e.exporters);
  EXPECT_EQ(e.share(1), 2U);
  EXPECT_EQ(e.share(2), 0U);
  EXPECT_EQ(kernel.unshared(1), 0U);
}

TEST(KernelDrops, WaitUntilSomebodysNumbersShowThem) {
  Exporters e;
  KernelDrops kernel(2);
  e.send(1, 1);
  kernel.update(drops(0, 4), e.exporters);
  EXPECT_EQ(kernel.unshared(1), 4U);
  e.send(1, 5);
  kernel.update(drops(0, 4), e.exporters);
  EXPECT_EQ(e.share(1), 3U);
  EXPECT_EQ(kernel.unshared(1), 1U);
}

TEST(KernelDrops, OfAnotherSocketAreNotShared) {
  Exporters e;
  KernelDrops kernel(2);
  e.send(1, 1);
  e.send(1, 5);
  kernel.update(drops(3, 0), e.exporters);
  EXPECT_EQ(e.share(1), 0U);
  EXPECT_EQ(kernel.unshared(0), 3U);
}

TEST(KernelDrops, AreTakenBackWhenDatagramsComeLate) {
  Exporters e;
  KernelDrops kernel(2);
  e.send(1, 1);
  e.send(1, 3);
  kernel.update(drops(0, 1), e.exporters);
  EXPECT_EQ(e.share(1), 1U);
  e.send(1, 2);
  kernel.update(drops(0, 1), e.exporters);
  EXPECT_EQ(e.share(1), 0U);
  EXPECT_EQ(kernel.unshared(1), 1U);
}

}  // namespace
}  // namespace sluice::app
