#include "source/reassembly.hpp"

#include <gtest/gtest.h>

#include "capture_builder.hpp"

namespace sluice::source {
namespace {

using test::copy;
using test::Octets;

Fragment piece(const Octets& data, std::uint32_t offset, bool more, std::uint32_t id = 1,
               std::uint64_t time_ns = 0) {
  return {.key = {IpAddress::v4(1), IpAddress::v4(2), id, 17},
          .offset = offset,
          .more = more,
          .data = std::as_bytes(std::span(data)),
          .time_ns = time_ns};
}

TEST(Reassembler, TakesFragmentsInAnyOrder) {
  Reassembler all;
  EXPECT_FALSE(all.add(piece({9, 9}, 16, false)));
  EXPECT_FALSE(all.add(piece(Octets(8, 1), 0, true)));
  const auto whole = all.add(piece(Octets(8, 5), 8, true));
  ASSERT_TRUE(whole);
  EXPECT_EQ(copy(*whole), (Octets{1, 1, 1, 1, 1, 1, 1, 1, 5, 5, 5, 5, 5, 5, 5, 5, 9, 9}));
  EXPECT_EQ(all.pending(), 0U);
}

TEST(Reassembler, KeepsDatagramsApart) {
  Reassembler all;
  EXPECT_FALSE(all.add(piece(Octets(8, 1), 0, true, 1)));
  EXPECT_FALSE(all.add(piece(Octets(8, 2), 0, true, 2)));
  EXPECT_EQ(copy(*all.add(piece({7}, 8, false, 2))), (Octets{2, 2, 2, 2, 2, 2, 2, 2, 7}));
  EXPECT_EQ(copy(*all.add(piece({6}, 8, false, 1))), (Octets{1, 1, 1, 1, 1, 1, 1, 1, 6}));
}

TEST(Reassembler, WaitsWhileThereIsAHole) {
  Reassembler all;
  EXPECT_FALSE(all.add(piece(Octets(8, 1), 0, true)));
  EXPECT_FALSE(all.add(piece(Octets(8, 3), 16, false)));
  EXPECT_FALSE(all.add(piece(Octets(8, 1), 0, true)));  // twice the same is no help
  EXPECT_EQ(all.pending(), 1U);
  EXPECT_TRUE(all.add(piece(Octets(8, 2), 8, true)));
}

TEST(Reassembler, TakesTheFirstOfOverlappingBytes) {
  Reassembler all;
  EXPECT_FALSE(all.add(piece(Octets(16, 1), 0, true)));
  const auto whole = all.add(piece(Octets(10, 2), 8, false));
  ASSERT_TRUE(whole);
  Octets expected(18, 1);
  expected[16] = expected[17] = 2;
  EXPECT_EQ(copy(*whole), expected);
}

TEST(Reassembler, RefusesMoreThanAnIpPayloadCanHold) {
  Reassembler all;
  EXPECT_FALSE(all.add(piece(Octets(64), 65528, false)));
  EXPECT_FALSE(all.add(piece({}, 0, false)));
  EXPECT_EQ(all.pending(), 0U);
}

TEST(Reassembler, BoundsTheNumberOfDatagrams) {
  Reassembler all;
  for (std::uint32_t id = 0; id < Reassembler::kMaxDatagrams + 100; ++id)
    all.add(piece(Octets(8), 0, true, id));
  EXPECT_EQ(all.pending(), Reassembler::kMaxDatagrams);
  EXPECT_EQ(all.given_up(), 100U);
  EXPECT_FALSE(all.add(piece({1}, 8, false, 0)));  // the oldest went
  EXPECT_TRUE(all.add(piece({1}, 8, false, Reassembler::kMaxDatagrams + 99)));
}

TEST(Reassembler, BoundsTheBytes) {
  Reassembler all;
  const Octets large(65000);
  const std::size_t fit = Reassembler::kMaxBytes / large.size() + 1;
  for (std::uint32_t id = 0; id < 2 * fit; ++id) all.add(piece(large, 0, true, id));
  EXPECT_LE(all.pending(), fit);
  EXPECT_EQ(all.given_up(), 2 * fit - all.pending());
}

TEST(Reassembler, GivesUpAfterThirtySeconds) {
  Reassembler all;
  EXPECT_FALSE(all.add(piece(Octets(8), 0, true, 1, 1'000'000'000)));
  EXPECT_FALSE(all.add(piece({1}, 8, false, 1, 32'000'000'000)));
  EXPECT_EQ(all.given_up(), 1U);
}

}  // namespace

namespace test {
namespace {

TEST(FragmentedCapture, GivesWholeDatagrams) {
  const Octets payload = flow_payload(3000, 5);
  const Octets datagram = udp(5000, 2055, payload);
  const auto part = [&](std::size_t from, std::size_t to) {
    return Octets(datagram.begin() + static_cast<std::ptrdiff_t>(from),
                  datagram.begin() + static_cast<std::ptrdiff_t>(to));
  };
  const auto v4 = [&](std::size_t from, std::size_t to, bool more) {
    const auto flags = static_cast<unsigned>(from / 8 | (more ? 0x2000 : 0));
    return Frame{.octets = ethernet(0x0800, ipv4({.id = 77, .flags_offset = flags}, part(from, to)))};
  };
  const auto v6 = [&](std::size_t from, std::size_t to, bool more) {
    const Octets header =
        Wire().u8(17).u8(0).u16(static_cast<unsigned>(from | (more ? 1 : 0))).u32(0xabcdef).octets;
    return Frame{.octets = ethernet(0x86dd, ipv6(44, Wire().add(header).add(part(from, to)).octets))};
  };
  const TemporaryFile file(
      "fragments.pcap", pcap({}, {v4(0, 1480, true), v6(1448, 2896, true), v4(2960, datagram.size(), false),
                                  v6(2896, datagram.size(), false), v4(1480, 2960, true), v6(0, 1448, true),
                                  v4(0, 1480, true)}));
  auto capture = CaptureFile::open(file.path());
  ASSERT_TRUE(capture) << capture.error();
  const auto read = read_all(*capture);
  ASSERT_EQ(read.size(), 2U);
  EXPECT_EQ(read[0].from, "192.0.2.1:5000");
  EXPECT_EQ(read[1].from, "2001:db8::1:5000");
  for (const auto& datagram_read : read) {
    EXPECT_EQ(datagram_read.payload, payload);
    EXPECT_FALSE(datagram_read.truncated);
  }
  EXPECT_EQ(capture->counts().fragments, 7U);
  EXPECT_EQ(capture->counts().reassembled, 2U);
  EXPECT_EQ(capture->counts().incomplete, 1U);
}

}  // namespace
}  // namespace test
}  // namespace sluice::source
