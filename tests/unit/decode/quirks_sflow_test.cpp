// What agents of sFlow really send. Row numbers are those of docs/protocols.md.
#include "sflow_fixture.hpp"

namespace sluice::decode {
namespace {

using test::PacketBuilder;
using test::SflowDatagram;
using test::SflowSample;
using test::XdrBytes;

std::vector<std::byte> packet() {
  return PacketBuilder().ethernet().ipv4("192.0.2.1", "192.0.2.2").tcp(443, 50000).bytes();
}

TEST(Quirk, Row31_ShortHeaderBesideEthernetAndIp) {
  auto header = packet();
  header.resize(52);
  SflowDecode decode(
      SflowSample::flow()
          .sampled_ethernet(186, 7, 8, 0x0800)
          .raw_header(header, 200)
          .sampled_ip({.length = 182, .protocol = 17, .src = "203.0.113.1", .dst = "203.0.113.2"}));
  ASSERT_EQ(decode.batch.size(), 1u) << "one packet, said three times";
  EXPECT_EQ(decode.flow().source().to_string(), "192.0.2.1");
  EXPECT_EQ(decode.flow().proto, 6);
  EXPECT_EQ(decode.flow().dst_port, 50000);
  EXPECT_EQ(decode.flow().bytes, 200u) << "the frame's length";
}

TEST(Quirk, Row43_PaddingBehindTheRecordsAndEnterpriseSamples) {
  for (const std::size_t padding : {std::size_t{4}, std::size_t{20}}) {
    SflowDecode decode(SflowDatagram()
                           .add(SflowSample::unknown(1991, 1, 40))
                           .add(SflowSample::flow().raw_header(packet(), 100).tail(padding))
                           .add(SflowSample::flow().raw_header(packet(), 200)));
    ASSERT_EQ(decode.batch.size(), 2u) << padding;
    EXPECT_EQ(decode.flow(1).bytes, 200u);
    EXPECT_EQ(decode.errors(DecodeError::bad_sample), 0u);
    EXPECT_EQ(decode.errors(DecodeError::unknown_sample), 1u);
  }
}

TEST(Quirk, Row44_UnknownSamplesAndRecordsAreSkippedByTheirLength) {
  XdrBytes body;
  body.zeros(16);
  SflowDecode decode(
      SflowDatagram()
          .add(SflowSample::unknown(0, 99, 24))
          .add(SflowSample::flow().record(77, body).record(1, body, 9).raw_header(packet(), 100)));
  ASSERT_EQ(decode.batch.size(), 1u);
  EXPECT_EQ(decode.flow().source().to_string(), "192.0.2.1");
  EXPECT_EQ(decode.errors(DecodeError::bad_sample_record), 0u);
}

TEST(Quirk, Row45_InterfaceFormatsOfBothSamples) {
  for (const bool expanded : {false, true}) {
    const auto sample = [&](std::uint32_t format, std::uint32_t value) {
      return (expanded ? SflowSample::expanded_flow() : SflowSample::flow())
          .input(0x3fffffff)
          .output(value, format)
          .raw_header(packet(), 100);
    };
    SflowDecode index(sample(0, 7));
    EXPECT_EQ(index.flow().in_if, 0x3fffffffu) << "local";
    EXPECT_EQ(index.flow().out_if, 7u);
    SflowDecode discarded(sample(1, 258));
    EXPECT_EQ(discarded.flow().out_if, 0u);
    EXPECT_EQ(discarded.extras().get(ExtraScalar::out_if_discard_reason), 258u);
    EXPECT_EQ(discarded.flow().forwarding_status >> 6, 2) << "dropped, and why as IPFIX numbers it";
    SflowDecode multiple(sample(2, 3));
    EXPECT_EQ(multiple.flow().out_if, 0u);
    EXPECT_EQ(multiple.extras().get(ExtraScalar::out_if_multiple), 3u);
  }
}

TEST(Quirk, Row58_OpenVswitchsSourceTypeAndMultipleOutputs) {
  XdrBytes counters;
  counters.zeros(24);
  auto sample = SflowSample::flow().output(2, 2).raw_header(packet(), 100);
  SflowDecode decode(
      SflowDatagram().add(sample).add(SflowSample::counter().record(2203, counters).record(2207, counters)));
  ASSERT_EQ(decode.batch.size(), 1u);
  EXPECT_EQ(decode.extras().get(ExtraScalar::out_if_multiple), 2u);
  EXPECT_EQ(decode.report.count(DecodeCount::counter_samples), 1u);
  EXPECT_FALSE(decode.report.any_error());
}

}  // namespace
}  // namespace sluice::decode
