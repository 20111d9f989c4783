#include <gtest/gtest.h>

#include "support/decode_fixture.hpp"

namespace sluice::decode {
namespace {

using test::DecodeFixture;
using test::kHeaderSeconds;
using test::WireBytes;

struct V5 {
  std::uint16_t count = 1;
  std::uint16_t sampling = 0;
  std::uint32_t uptime = 1000000;
  std::uint32_t first = 990000;
  std::uint32_t last = 999500;
  std::uint8_t proto = 6;
  std::uint16_t dst_port = 443;
  std::size_t records = 1;

  std::vector<std::byte> bytes() const {
    WireBytes out;
    out.u16(5).u16(count).u32(uptime).u32(kHeaderSeconds).u32(500000000).u32(77).u8(1).u8(2).u16(sampling);
    for (std::size_t i = 0; i < records; ++i) {
      out.address("192.0.2.1").address("198.51.100.2").address("203.0.113.3").u16(11).u16(12);
      out.u32(10).u32(15000).u32(first).u32(last).u16(50000).u16(dst_port);
      out.u8(0).u8(0x1b).u8(proto).u8(0x28).u16(64500).u16(64501).u8(24).u8(16).u16(0);
    }
    return out.data();
  }
};

TEST(Netflow5, FillsEveryField) {
  DecodeFixture decode;
  const DecodeReport report = decode(V5{.sampling = 0x4000 | 100}.bytes());
  ASSERT_EQ(report.count(DecodeCount::flows), 1u);
  EXPECT_EQ(report.protocol, Protocol::netflow5);
  EXPECT_FALSE(report.any_error());
  const FlowRecord& f = decode.flow();
  EXPECT_EQ(f.source().to_string(), "192.0.2.1");
  EXPECT_EQ(f.destination().to_string(), "198.51.100.2");
  EXPECT_EQ(f.next_hop_address().to_string(), "203.0.113.3");
  EXPECT_EQ(f.in_if, 11u);
  EXPECT_EQ(f.out_if, 12u);
  EXPECT_EQ(f.packets, 10u);
  EXPECT_EQ(f.bytes, 15000u);
  EXPECT_EQ(f.src_port, 50000);
  EXPECT_EQ(f.dst_port, 443);
  EXPECT_EQ(f.tcp_flags, 0x1b);
  EXPECT_EQ(f.proto, 6);
  EXPECT_EQ(f.ip_tos, 0x28);
  EXPECT_EQ(f.src_as, 64500u);
  EXPECT_EQ(f.dst_as, 64501u);
  EXPECT_EQ(f.src_net, 24);
  EXPECT_EQ(f.dst_net, 16);
  EXPECT_EQ(f.etype, 0x0800);
  EXPECT_EQ(f.sampling_rate, 100u);
  EXPECT_EQ(f.sampling_rate_source, SamplingRateSource::header);
  // Header time 1700000000.5 minus the difference of the uptimes.
  EXPECT_EQ(f.time_flow_start_ns, 1699999990500000000u);
  EXPECT_EQ(f.time_flow_end_ns, 1700000000000000000u);
  const Origin& origin = decode.batch.origin_of(f);
  EXPECT_EQ(origin.type, FlowType::netflow5);
  EXPECT_EQ(origin.sequence_num, 77u);
  EXPECT_EQ(origin.sampler_address.to_string(), "192.0.2.9");
  EXPECT_EQ(origin.time_received_ns, test::kReceivedNs);
}

TEST(Netflow5, UptimeMayWrapBetweenFlowAndHeader) {
  DecodeFixture decode;
  decode(V5{.uptime = 500, .first = 0xffffff00U, .last = 0xffffffffU}.bytes());
  EXPECT_EQ(decode.flow().time_flow_end_ns, 1700000000500000000u - 501000000u);
  EXPECT_EQ(decode.flow().time_flow_start_ns, 1700000000500000000u - 756000000u);
}

TEST(Netflow5, FlowMayEndSomeMsAfterTheHeader) {
  DecodeFixture decode;
  const auto report = decode(V5{.uptime = 1000, .first = 900, .last = 1005}.bytes());
  EXPECT_EQ(decode.flow().time_flow_end_ns, 1700000000505000000u);
  EXPECT_EQ(report.count(DecodeCount::times_replaced), 0u);
}

TEST(Netflow5, Mode3TakesAllSixteenBits) {
  DecodeFixture decode;
  decode(V5{.sampling = 50000}.bytes());
  EXPECT_EQ(decode.flow().sampling_rate, 50000u);
}

TEST(Netflow5, SixteenBitsBySetting) {
  ExporterSettings settings;
  settings.netflow5_sampling_16bit = true;
  DecodeFixture decode({}, settings);
  decode(V5{.sampling = 0x4000}.bytes());
  EXPECT_EQ(decode.flow().sampling_rate, 0x4000u);
}

TEST(Netflow5, NoRateIsUnknownAndCounted) {
  DecodeFixture decode;
  const auto report = decode(V5{.sampling = 0x4000}.bytes());
  EXPECT_EQ(decode.flow().sampling_rate, 0u);
  EXPECT_EQ(decode.flow().sampling_rate_source, SamplingRateSource::unknown);
  EXPECT_EQ(report.count(DecodeCount::rates_unknown), 1u);
}

TEST(Netflow5, ConfiguredRates) {
  ExporterSettings settings;
  settings.sampling_rate_default = 512;
  DecodeFixture fallback({}, settings);
  fallback(V5{}.bytes());
  EXPECT_EQ(fallback.flow().sampling_rate, 512u);
  EXPECT_EQ(fallback.flow().sampling_rate_source, SamplingRateSource::configured);
  fallback(V5{.sampling = 7}.bytes());
  EXPECT_EQ(fallback.flow().sampling_rate, 7u);

  settings.sampling_rate_override = 1000;
  DecodeFixture forced({}, settings);
  forced(V5{.sampling = 7}.bytes());
  EXPECT_EQ(forced.flow().sampling_rate, 1000u);
  EXPECT_EQ(forced.flow().sampling_rate_source, SamplingRateSource::configured);
}

TEST(Netflow5, CountBeyondTheBytesKeepsWholeRecords) {
  DecodeFixture decode;
  const auto report = decode(V5{.count = 65535, .records = 3}.bytes());
  EXPECT_EQ(report.count(DecodeCount::flows), 3u);
  EXPECT_EQ(report.count(DecodeError::bad_length), 1u);
}

TEST(Netflow5, BytesPastTheCountAreNoRecords) {
  DecodeFixture decode;
  const auto report = decode(V5{.count = 2, .records = 3}.bytes());
  EXPECT_EQ(report.count(DecodeCount::flows), 2u);
  EXPECT_FALSE(report.any_error());
}

TEST(Netflow5, IcmpTypeAndCodeFromTheDestinationPort) {
  DecodeFixture decode;
  decode(V5{.proto = 1, .dst_port = 3 * 256 + 13}.bytes());
  EXPECT_EQ(decode.flow().icmp_type, 3);
  EXPECT_EQ(decode.flow().icmp_code, 13);
}

TEST(Netflow5, EveryTruncationGivesWholeRecordsOnly) {
  const auto whole = V5{.count = 2, .records = 2}.bytes();
  DecodeFixture decode;
  for (std::size_t n = 0; n < whole.size(); ++n) {
    const auto report = decode({whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(n)});
    EXPECT_EQ(report.count(DecodeCount::flows), n < 24 ? 0 : (n - 24) / 48) << n;
    EXPECT_TRUE(report.any_error()) << n;
  }
}

}  // namespace
}  // namespace sluice::decode
