// What exporters of IPFIX really send. Row numbers are those of docs/protocols.md.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "quirk_support.hpp"
#include "support/decode_fixture.hpp"

namespace sluice::decode {
namespace {

using test::DecodeFixture;
using test::kHeaderSeconds;
using test::SetMessage;
using test::WireBytes;
using testing::ElementsAre;

constexpr std::uint64_t kHeaderNs = kHeaderSeconds * 1000000000ULL;

TEST(Quirk, Row5_SystemInitTimeBehindTheUptimes) {
  DecodeFixture decode;
  decode(SetMessage::ipfix()
             .tmpl(256, {{22, 4}, {21, 4}, {160, 8}})
             .data(256, WireBytes().u32(1000).u32(2000).u64((kHeaderSeconds - 60) * 1000ULL)));
  EXPECT_EQ(decode.flow().time_flow_start_ns, kHeaderNs - 59000000000ULL);
  EXPECT_EQ(decode.flow().time_flow_end_ns, kHeaderNs - 58000000000ULL);
}

TEST(Quirk, Row10_LongPrefixForShortValuesAndNone) {
  DecodeFixture decode;
  const auto report = decode(
      SetMessage::ipfix()
          .tmpl(256, {{371, kVariableLength}, {1, 4}})
          .data(256, WireBytes().u8(255).u16(2).u8('m').u8('e').u32(1).u8(255).u16(0).u32(2).u8(0).u32(3)));
  EXPECT_EQ(report.count(DecodeCount::flows), 3u) << "and several records in one set";
  EXPECT_FALSE(report.any_error());
  EXPECT_EQ(decode.extras(0)->get(ExtraText::user_name), "me");
  EXPECT_EQ(decode.flow(1).bytes, 2u);
  EXPECT_EQ(decode.flow(2).bytes, 3u);
}

TEST(Quirk, Row13_DuplicateElementsKeepTheFirst) {
  DecodeFixture decode;
  const auto report = decode(SetMessage::ipfix()
                                 .tmpl(256, {{1, 4}, {1, 4}, {10, 4}, {10, 4}})
                                 .data(256, WireBytes().u32(5).u32(6).u32(0).u32(7)));
  EXPECT_EQ(report.count(DecodeCount::flows), 1u);
  EXPECT_EQ(decode.flow().bytes, 5u);
  EXPECT_EQ(decode.flow().in_if, 7u) << "the second fills in for a 0";
}

TEST(Quirk, Row14_InlineMonitoringWithItsExceptionCode) {
  const auto frame = test::PacketBuilder().ethernet().ipv4("192.0.2.1", "192.0.2.2").tcp(443, 50000).bytes();
  const auto record = [&](unsigned properties) {
    return WireBytes().u16(properties).u16(1500).u8(frame.size()).raw(frame);
  };
  DecodeFixture decode;
  decode(
      SetMessage::ipfix()
          .tmpl(256, {{137, 2, 2636}, {312, 2}, {315, kVariableLength}})
          .data(256,
                record(0x02 << 10 | 66).raw(record(0x02 << 10).data()).raw(record(0x01 << 10 | 66).data())));
  ASSERT_EQ(decode.batch.size(), 3u);
  EXPECT_EQ(decode.flow(0).source().to_string(), "192.0.2.1");
  EXPECT_EQ(decode.flow(0).bytes, 1500u);
  EXPECT_EQ(decode.flow(0).forwarding_status, 128) << "dropped";
  EXPECT_EQ(decode.extras(0)->get(ExtraScalar::drop_reason), 66u);
  EXPECT_EQ(decode.flow(1).forwarding_status, 64) << "forwarded";
  EXPECT_FALSE(decode.extras(1)->has(ExtraScalar::drop_reason));
  EXPECT_EQ(decode.flow(2).forwarding_status, 0) << "properties of another kind";
}

TEST(Quirk, Row15_MplsLabelsOfThreeBytes) {
  DecodeFixture decode;
  decode(SetMessage::ipfix()
             .tmpl(256, {{47, 4}, {70, 3}, {71, 3}, {72, 3}})
             .data(256, WireBytes().address("192.0.2.9").u8(0x01).u16(0x2340).u8(0x00).u16(0x0101).zeros(3)));
  const FlowExtras& extras = *decode.extras();
  EXPECT_THAT(extras.list(ExtraList::mpls_label), ElementsAre(0x1234u, 0x10u));
  ASSERT_EQ(extras.list(ExtraAddressList::mpls_ip).size(), 1u);
  EXPECT_EQ(extras.list(ExtraAddressList::mpls_ip)[0].to_string(), "192.0.2.9");
}

std::uint64_t announced_rate(const SetMessage::Fields& options, const WireBytes& record) {
  DecodeFixture decode;
  WireBytes whole;
  whole.u32(1).raw(record.data());
  decode(SetMessage::ipfix().options_tmpl(300, {{144, 4}}, options).data(300, whole));
  decode(SetMessage::ipfix().tmpl(256, {{1, 4}}).data(256, WireBytes().u32(1)));
  return decode.flow().sampling_rate;
}

TEST(Quirk, Row18_NokiaOneInN) {
  EXPECT_EQ(announced_rate({{304, 2}, {305, 4}, {306, 4}}, WireBytes().u16(1).u32(1).u32(999)), 1000u);
  EXPECT_EQ(announced_rate({{304, 2}, {305, 4}, {306, 4}}, WireBytes().u16(1).u32(1).u32(9999)), 10000u);
  EXPECT_EQ(announced_rate({{305, 4}}, WireBytes().u32(4000)), 4000u) << "the interval alone is N";
}

TEST(Quirk, Row19_NokiaNatElements) {
  DecodeFixture decode;
  decode(SetMessage::ipfix()
             .tmpl(256, {{8, 4}, {225, 4}, {230, 1}, {91, 2, 637}, {92, 2, 637}, {93, kVariableLength, 637}})
             .data(256, WireBytes()
                            .address("10.0.0.1")
                            .address("192.0.2.1")
                            .u8(4)
                            .u16(11)
                            .u16(12)
                            .u8(3)
                            .u8('s')
                            .u8('u')
                            .u8('b')));
  const FlowExtras& extras = *decode.extras();
  EXPECT_EQ(extras.get(ExtraAddress::post_nat_src_addr).to_string(), "192.0.2.1");
  EXPECT_EQ(extras.get(ExtraScalar::nat_event), 4u);
  EXPECT_EQ(extras.get(ExtraScalar::ingress_vrf_id), 11u) << "inside";
  EXPECT_EQ(extras.get(ExtraScalar::egress_vrf_id), 12u) << "outside";
  EXPECT_EQ(extras.get(ExtraText::user_name), "sub");
}

TEST(Quirk, Row26_SecondsOrNoTimesAtAll) {
  DecodeFixture decode;
  decode(SetMessage::ipfix()
             .tmpl(256, {{150, 4}, {151, 4}})
             .data(256, WireBytes().u32(kHeaderSeconds - 9).u32(kHeaderSeconds - 2)));
  EXPECT_EQ(decode.flow().time_flow_start_ns, kHeaderNs - 9000000000ULL);
  EXPECT_EQ(decode.flow().time_flow_end_ns, kHeaderNs - 2000000000ULL);
  decode(SetMessage::ipfix().tmpl(257, {{1, 4}}).data(257, WireBytes().u32(1)));
  EXPECT_EQ(decode.flow().time_flow_start_ns, kHeaderNs);
  EXPECT_EQ(decode.flow().time_flow_end_ns, kHeaderNs);
}

TEST(Quirk, Row49_UptimesWithoutSystemInitTime) {
  DecodeFixture decode;
  decode(SetMessage::ipfix().tmpl(256, {{22, 4}, {21, 4}}).data(256, WireBytes().u32(1000).u32(2000)));
  EXPECT_EQ(decode.flow().time_flow_end_ns, kHeaderNs) << "nothing to count from: the export time";
  decode(SetMessage::ipfix()
             .options_tmpl(300, {{144, 4}}, {{160, 8}})
             .data(300, WireBytes().u32(1).u64((kHeaderSeconds - 60) * 1000ULL)));
  decode(SetMessage::ipfix().data(256, WireBytes().u32(1000).u32(2000)));
  EXPECT_EQ(decode.flow().time_flow_end_ns, kHeaderNs - 58000000000ULL);
}

TEST(Quirk, Row50_StructuredDataAndVendorsElementsAreSkipped) {
  SetMessage::Fields fields{{1, 4}, {291, kVariableLength}, {292, kVariableLength}, {293, kVariableLength}};
  WireBytes record;
  record.u32(10).u8(3).zeros(3).u8(255).u16(300).zeros(300).u8(0);
  for (const std::uint32_t vendor : {9u, 2636u, 3054u, 5951u, 6871u, 6876u, 10704u, 35632u, 42359u}) {
    fields.push_back({0x7ff0, kVariableLength, vendor});
    fields.push_back({0x7ff1, 6, vendor});
    record.u8(5).zeros(5).zeros(6);
  }
  fields.push_back({2, 4});
  DecodeFixture decode;
  const auto report = decode(SetMessage::ipfix().tmpl(256, fields).data(256, record.u32(30)));
  EXPECT_EQ(report.count(DecodeCount::flows), 1u);
  EXPECT_FALSE(report.any_error());
  EXPECT_EQ(decode.flow().bytes, 10u);
  EXPECT_EQ(decode.flow().packets, 30u) << "behind them all";
}

TEST(Quirk, Row50_NprobesPacketInATunnelInV9AndIpfix) {
  constexpr std::uint32_t kNtop = 35632;
  constexpr std::uint16_t kInV9 = 57472;
  const auto values = [](std::uint8_t proto, std::string_view src, std::string_view dst) {
    return WireBytes().u8(proto).address(src).u16(443).address(dst).u16(50000).text("TLS.Web\0");
  };
  for (const bool v9 : {true, false}) {
    SCOPED_TRACE(v9);
    const auto own = [&](std::uint16_t id, std::uint16_t length) {
      return v9 ? SetMessage::Field{static_cast<std::uint16_t>(kInV9 + id), length}
                : SetMessage::Field{id, length, kNtop};
    };
    DecodeFixture decode;
    const auto message = [&] { return v9 ? SetMessage::v9() : SetMessage::ipfix(); };
    decode(message()
               .tmpl(256, {own(113, 1), own(114, 4), own(115, 2), own(116, 4), own(117, 2), own(119, 7)})
               .data(256, values(6, "10.0.0.1", "10.0.0.2")));
    const FlowExtras& extras = *decode.extras();
    EXPECT_EQ(extras.get(ExtraScalar::inner_proto), 6u);
    EXPECT_EQ(extras.get(ExtraAddress::inner_src_addr).to_string(), "10.0.0.1");
    EXPECT_EQ(extras.get(ExtraAddress::inner_dst_addr).to_string(), "10.0.0.2");
    EXPECT_EQ(extras.get(ExtraScalar::inner_src_port), 443u);
    EXPECT_EQ(extras.get(ExtraScalar::inner_dst_port), 50000u);
    EXPECT_EQ(extras.get(ExtraText::application_name), "TLS.Web");
    decode(message().data(256, WireBytes().zeros(20)));
    ASSERT_TRUE(decode.extras());
    EXPECT_FALSE(decode.extras()->has(ExtraAddress::inner_src_addr)) << "zeros: no tunnel";
    EXPECT_FALSE(decode.extras()->has(ExtraAddress::inner_dst_addr));
    EXPECT_EQ(decode.extras()->get(ExtraScalar::inner_proto), 0u);
    EXPECT_FALSE(decode.extras()->has(ExtraText::application_name));
  }
}

TEST(Quirk, Row50_VendorsElementsThatHaveAField) {
  DecodeFixture decode;
  decode(SetMessage::ipfix()
             .tmpl(256, {{880, 1, 6876},
                         {881, 4, 6876},
                         {882, 4, 6876},
                         {886, 2, 6876},
                         {887, 2, 6876},
                         {119, kVariableLength, 35632}})
             .data(256, WireBytes()
                            .u8(6)
                            .address("10.0.0.1")
                            .address("10.0.0.2")
                            .u16(443)
                            .u16(50000)
                            .u8(3)
                            .u8('T')
                            .u8('L')
                            .u8('S')));
  const FlowExtras& extras = *decode.extras();
  EXPECT_EQ(extras.get(ExtraScalar::inner_proto), 6u);
  EXPECT_EQ(extras.get(ExtraAddress::inner_src_addr).to_string(), "10.0.0.1");
  EXPECT_EQ(extras.get(ExtraAddress::inner_dst_addr).to_string(), "10.0.0.2");
  EXPECT_EQ(extras.get(ExtraScalar::inner_src_port), 443u);
  EXPECT_EQ(extras.get(ExtraScalar::inner_dst_port), 50000u);
  EXPECT_EQ(extras.get(ExtraText::application_name), "TLS");
  decode(SetMessage::ipfix()
             .tmpl(257, {{883, 16, 6876}, {884, 16, 6876}})
             .data(257, WireBytes().address("2001:db8::1").address("2001:db8::2")));
  EXPECT_EQ(decode.extras()->get(ExtraAddress::inner_dst_addr).to_string(), "2001:db8::2");
}

TEST(Quirk, Row53_SystemInitTimeOnceInOptionsForEachDomain) {
  DecodeFixture decode;
  const auto init = [&](std::uint32_t domain, std::uint32_t seconds) {
    decode(SetMessage::ipfix(domain)
               .options_tmpl(300, {{143, 4}}, {{160, 8}})
               .data(300, WireBytes().u32(1).u64(seconds * 1000ULL)));
  };
  init(1, kHeaderSeconds - 60);
  init(2, kHeaderSeconds - 120);
  const auto end = [&](std::uint32_t domain) {
    decode(SetMessage::ipfix(domain).tmpl(256, {{22, 4}, {21, 4}}).data(256, WireBytes().u32(0).u32(0)));
    return decode.flow().time_flow_end_ns;
  };
  EXPECT_EQ(end(1), kHeaderNs - 60000000000ULL);
  EXPECT_EQ(end(2), kHeaderNs - 120000000000ULL);
}

TEST(Quirk, Row53_BothDirectionsShareTheirTimes) {
  DecodeFixture decode;
  decode(SetMessage::ipfix()
             .tmpl(256, {{8, 4}, {12, 4}, {5, 1}, {150, 4}, {151, 4}, {1, 4}, {1, 4, 29305}})
             .data(256, WireBytes()
                            .address("192.0.2.1")
                            .address("192.0.2.2")
                            .u8(8)
                            .u32(kHeaderSeconds - 9)
                            .u32(kHeaderSeconds - 2)
                            .u32(10)
                            .u32(20)));
  ASSERT_EQ(decode.batch.size(), 2u);
  EXPECT_EQ(decode.flow(0).time_flow_start_ns, decode.flow(1).time_flow_start_ns);
  EXPECT_EQ(decode.flow(0).time_flow_end_ns, decode.flow(1).time_flow_end_ns);
  EXPECT_EQ(decode.flow(0).ip_tos, 8);
  EXPECT_EQ(decode.flow(1).ip_tos, 0) << "the reverse one was not said";
}

TEST(Quirk, Row54_SoftflowdsSelectorInOptions) {
  EXPECT_EQ(announced_rate({{304, 2}, {305, 4}, {306, 4}}, WireBytes().u16(1).u32(1).u32(9)), 10u);
}

TEST(Quirk, Row55_PmacctsScopeAndTimesOfSixteenBytes) {
  EXPECT_EQ(announced_rate({{48, 1}, {49, 1}, {50, 4}}, WireBytes().u8(1).u8(2).u32(100)), 100u);
  DecodeFixture decode;
  decode(
      SetMessage::ipfix()
          .tmpl(256, {{154, 16}, {155, 16}, {1, 4}})
          .data(256, WireBytes().u64(kHeaderSeconds - 1).u64(250000).u64(kHeaderSeconds).u64(500000).u32(7)));
  EXPECT_EQ(decode.flow().time_flow_start_ns, kHeaderNs - 750000000ULL);
  EXPECT_EQ(decode.flow().time_flow_end_ns, kHeaderNs + 500000000ULL);
  const auto report = decode(
      SetMessage::ipfix().tmpl(257, {{154, 12}, {155, 12}, {1, 4}}).data(257, WireBytes().zeros(24).u32(7)));
  EXPECT_EQ(report.count(DecodeCount::flows), 1u) << "a width that no time has leaves the time out";
  EXPECT_EQ(decode.flow().bytes, 7u);
  EXPECT_EQ(decode.flow().time_flow_end_ns, kHeaderNs);
}

TEST(Quirk, Row58_OpenVswitchsManyTemplatesAndTunnelElements) {
  DecodeFixture decode;
  const SetMessage::Fields fields{{61, 1},
                                  {82, kVariableLength},
                                  {83, kVariableLength},
                                  {8, 4},
                                  {12, 4},
                                  {158, 4},
                                  {159, 4},
                                  {2, 8},
                                  {1, 8},
                                  {352, 8},
                                  {132, 8},
                                  {892, kVariableLength, 6876},
                                  {893, 4, 6876}};
  SetMessage message = SetMessage::ipfix(123);
  for (std::uint16_t id = 256; id < 376; ++id) message.tmpl(id, fields);
  EXPECT_EQ(decode(message).count(DecodeCount::templates), 120u);
  WireBytes record;
  record.u8(1).u8(4).u8('v').u8('e').u8('t').u8('h').u8(0).address("192.0.2.1").address("192.0.2.2");
  record.u32(5000000).u32(1000000).u64(3).u64(252).u64(294).u64(~0ULL).u8(3).u8(0).u16(77).address(
      "203.0.113.1");
  const auto report = decode(SetMessage::ipfix(123).data(375, record));
  EXPECT_EQ(report.count(DecodeCount::flows), 1u);
  EXPECT_FALSE(report.any_error());
  const FlowRecord& flow = decode.flow();
  EXPECT_EQ(flow.flow_direction, FlowDirection::egress) << "so that a query can count one side";
  EXPECT_EQ(flow.bytes, 252u) << "layer 3, not layer 2";
  EXPECT_EQ(flow.packets, 3u) << "not the drops of 132";
  EXPECT_EQ(flow.time_flow_start_ns, kHeaderNs - 5000000000ULL);
  EXPECT_EQ(flow.time_flow_end_ns, kHeaderNs - 1000000000ULL);
  EXPECT_EQ(decode.extras()->get(ExtraScalar::vni), 77u);
}

TEST(Quirk, Row58_OpenVswitchsBytesOfNetflow5AreAsSent) {
  DecodeFixture decode;
  decode(WireBytes()
             .u16(5)
             .u16(1)
             .u32(0)
             .u32(kHeaderSeconds)
             .zeros(12)
             .zeros(16)
             .u32(3)
             .u32(294)
             .zeros(24)
             .data());
  EXPECT_EQ(decode.flow().bytes, 294u) << "with Ethernet headers, whose tags nobody knows";
}

}  // namespace
}  // namespace sluice::decode
