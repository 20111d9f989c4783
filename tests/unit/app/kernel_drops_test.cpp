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
  void send(std::uint32_t address, std::uint32_t sequence, std::uint64_t received_ns = test::kReceivedNs) {
    const auto bytes = test::SetMessage::v9(1, sequence).bytes();
    batch.clear();
    decoder.decode({bytes, IpAddress::v4(address), 2055, received_ns, 1}, batch);
  }
};

std::uint64_t share(const KernelDrops& kernel, std::uint32_t address) {
  const auto shares = kernel.shares();
  const auto found = shares.find({IpAddress::v4(address)});
  return found == shares.end() ? 0 : found->second[static_cast<std::size_t>(Protocol::netflow9)];
}

std::vector<std::uint64_t> drops(std::uint64_t first, std::uint64_t second) { return {first, second}; }

TEST(KernelDrops, AreBookedToThoseWhoseNumbersMissThem) {
  Exporters e;
  KernelDrops kernel(2);
  e.send(1, 1);
  e.send(2, 1);
  e.send(1, 5);  // three missing
  e.send(2, 2);  // none
  kernel.update(drops(0, 2), e.exporters);
  EXPECT_EQ(share(kernel, 1), 2U);
  EXPECT_EQ(share(kernel, 2), 0U);
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
  EXPECT_EQ(share(kernel, 1), 3U);
  EXPECT_EQ(kernel.unshared(1), 1U);
}

TEST(KernelDrops, OfAnotherSocketAreNotShared) {
  Exporters e;
  KernelDrops kernel(2);
  e.send(1, 1);
  e.send(1, 5);
  kernel.update(drops(3, 0), e.exporters);
  EXPECT_EQ(share(kernel, 1), 0U);
  EXPECT_EQ(kernel.unshared(0), 3U);
}

TEST(KernelDrops, AreTakenBackWhenDatagramsComeLate) {
  Exporters e;
  KernelDrops kernel(2);
  e.send(1, 1);
  e.send(1, 3);
  kernel.update(drops(0, 1), e.exporters);
  EXPECT_EQ(share(kernel, 1), 1U);
  e.send(1, 2);
  kernel.update(drops(0, 1), e.exporters);
  EXPECT_EQ(share(kernel, 1), 0U);
  EXPECT_EQ(kernel.unshared(1), 1U);
}

/// IPFIX whose template was lost: its numbers cannot tell what is missing.
TEST(KernelDrops, AreToldAsUnconfirmedWhereNumbersCannotTell) {
  Exporters e;
  KernelDrops kernel(2);
  const auto send = [&e](std::uint32_t address, std::uint32_t sequence) {
    auto message = test::SetMessage::ipfix(1, sequence);
    const auto bytes = message.data(400, test::WireBytes().zeros(1000)).bytes();
    e.batch.clear();
    e.decoder.decode({bytes, IpAddress::v4(address), 2055, test::kReceivedNs, 1}, e.batch);
  };
  const auto unconfirmed = [&kernel](std::uint32_t address) {
    const auto shares = kernel.unconfirmed();
    const auto found = shares.find({IpAddress::v4(address)});
    return found == shares.end() ? 0 : found->second[static_cast<std::size_t>(Protocol::ipfix)];
  };
  e.send(2, 1);
  e.send(2, 3);  // one of its own is missing
  for (std::uint32_t i = 0; i < 10; ++i) send(1, 40 * i);
  kernel.update(drops(0, 8), e.exporters);
  EXPECT_EQ(share(kernel, 2), 1U);
  EXPECT_EQ(unconfirmed(1), 0U) << "others may still show that these were theirs";
  EXPECT_EQ(kernel.unshared(1), 7U);
  for (int second = 0; second < 30; ++second) kernel.tick();
  kernel.update(drops(0, 8), e.exporters);
  EXPECT_EQ(unconfirmed(1), 7U);
  EXPECT_EQ(unconfirmed(2), 0U);
  EXPECT_EQ(kernel.unshared(1), 0U);
  kernel.update(drops(0, 8), e.exporters);
  EXPECT_EQ(unconfirmed(1), 7U);
}

TEST(KernelDrops, LeaveWithTheExporterAndAreNotItsSuccessors) {
  Exporters e;
  KernelDrops kernel(2);
  e.send(1, 1);
  e.send(1, 3);
  kernel.update(drops(0, 1), e.exporters);
  EXPECT_EQ(share(kernel, 1), 1U);

  EXPECT_EQ(e.exporters.expire(~0ULL), 1U);
  e.send(1, 4, test::kReceivedNs + 1);  // the same address again, which misses nothing
  kernel.update(drops(0, 1), e.exporters);
  EXPECT_TRUE(kernel.shares().empty());
  EXPECT_EQ(kernel.unshared(1), 0U) << "what was booked to the one that left is not given back";

  EXPECT_EQ(e.exporters.expire(~0ULL), 1U);
  kernel.update(drops(0, 1), e.exporters);
  EXPECT_TRUE(kernel.shares().empty());
}

}  // namespace
}  // namespace sluice::app
