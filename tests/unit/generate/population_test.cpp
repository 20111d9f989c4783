// Believable flows: who talks, how much, when.
#include <algorithm>
#include <map>
#include <set>

#include "capture.hpp"
#include "generate/packet_writer.hpp"
#include "generate/population.hpp"

namespace sluice::generate::test {
namespace {

constexpr std::size_t kFlows = 50000;

std::vector<FlowRecord> draw(bool ipv6, std::uint64_t seed = 1, std::uint32_t exporter = 0) {
  FlowSource source(std::make_shared<const Population>(seed, 2000), seed, exporter);
  std::vector<FlowRecord> out(kFlows);
  for (auto& flow : out) source.flow(flow, ipv6, kStart);
  return out;
}

TEST(Population, FewPairsTalkMuch) {
  std::map<std::pair<IpAddress, IpAddress>, std::size_t> flows;
  for (const auto& flow : draw(false)) ++flows[std::minmax(flow.source(), flow.destination())];
  std::vector<std::size_t> counts;
  for (const auto& [pair, n] : flows) counts.push_back(n);
  std::sort(counts.rbegin(), counts.rend());
  ASSERT_GT(counts.size(), 1500U);
  std::size_t top = 0;
  for (std::size_t i = 0; i < 20; ++i) top += counts[i];
  // Zipf with an exponent of 1.05: the first 20 of 2000 have about 45 %, the first alone some 13 %.
  EXPECT_NEAR(static_cast<double>(top) / kFlows, 0.46, 0.06);
  EXPECT_NEAR(static_cast<double>(counts[0]) / kFlows, 0.14, 0.03);
}

TEST(Population, SizesHaveAHeavyTail) {
  std::vector<std::uint64_t> bytes;
  for (const auto& flow : draw(false)) {
    EXPECT_GE(flow.packets, 1U);
    EXPECT_GE(flow.bytes, 28 * flow.packets);
    EXPECT_LE(flow.bytes, 1500 * flow.packets);
    EXPECT_LT(flow.bytes, 1ULL << 32);
    bytes.push_back(flow.bytes);
  }
  std::sort(bytes.rbegin(), bytes.rend());
  std::uint64_t all = 0, top = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    all += bytes[i];
    if (i < kFlows / 100) top += bytes[i];
  }
  EXPECT_GT(top, all * 2 / 5);
  EXPECT_LT(bytes[kFlows / 2], 2000U);
}

TEST(Population, FieldsFitTogether) {
  for (const bool ipv6 : {false, true}) {
    // By pair, as the protocol of the few that talk most is chance.
    std::map<int, std::set<std::pair<IpAddress, IpAddress>>> pairs;
    std::set<std::uint32_t> as;
    for (const auto& flow : draw(ipv6)) {
      pairs[flow.proto].insert(std::minmax(flow.source(), flow.destination()));
      as.insert(flow.src_as);
      EXPECT_EQ(flow.src_addr_size, ipv6 ? 16 : 4);
      EXPECT_EQ(flow.dst_addr_size, flow.src_addr_size);
      EXPECT_EQ(flow.next_hop_size, flow.src_addr_size);
      EXPECT_EQ(flow.etype, ipv6 ? 0x86dd : 0x0800);
      EXPECT_TRUE(flow.src_as == kLocalAs || flow.dst_as == kLocalAs);
      EXPECT_GT(flow.src_net, 0);
      EXPECT_LE(flow.src_net, ipv6 ? 48 : 24);
      EXPECT_NE(flow.in_if, 0U);
      EXPECT_NE(flow.in_if, flow.out_if);
      const bool icmp = flow.proto == (ipv6 ? 58 : 1);
      EXPECT_EQ(flow.src_port == 0, icmp);
      EXPECT_EQ(flow.dst_port == 0, icmp);
      EXPECT_EQ(flow.tcp_flags != 0, flow.proto == 6);
      EXPECT_LE(flow.time_flow_start_ns, flow.time_flow_end_ns);
      EXPECT_LE(flow.time_flow_end_ns, kStart);
    }
    EXPECT_EQ(pairs.size(), 3U);
    EXPECT_GT(pairs[6].size(), pairs[17].size());
    EXPECT_GT(pairs[17].size(), 5 * pairs[ipv6 ? 58 : 1].size());
    EXPECT_GT(as.size(), 100U);
  }
}

TEST(Population, SameSeedSameFlows) {
  const auto one = draw(false, 7), again = draw(false, 7), other = draw(false, 8),
             neighbour = draw(false, 7, 1);
  EXPECT_EQ(std::memcmp(one.data(), again.data(), kFlows * sizeof(FlowRecord)), 0);
  EXPECT_NE(std::memcmp(one.data(), other.data(), kFlows * sizeof(FlowRecord)), 0);
  EXPECT_NE(std::memcmp(one.data(), neighbour.data(), kFlows * sizeof(FlowRecord)), 0);
}

TEST(Population, PacketsFitTheirHeaders) {
  FlowSource source(std::make_shared<const Population>(3, 2000), 3, 0);
  FlowRecord flow{};
  for (int i = 0; i < 20000; ++i) {
    source.packet(flow, i % 2, kStart);
    EXPECT_EQ(flow.packets, 1U);
    EXPECT_GE(flow.bytes, min_frame_bytes(flow) + 4);
    EXPECT_GE(flow.bytes, 64U);
    EXPECT_LE(flow.bytes, 1522U);
  }
}

}  // namespace
}  // namespace sluice::generate::test
