#include <gtest/gtest.h>

#include "support/decode_fixture.hpp"

namespace sluice::decode {
namespace {

using test::DecodeFixture;
using test::kHeaderUptimeMs;
using test::SetMessage;
using test::WireBytes;

const SetMessage::Fields kPlain{{8, 4}, {12, 4}, {7, 2}, {11, 2}, {4, 1}, {1, 4}, {2, 4}};

WireBytes plain_record(std::uint32_t bytes = 1500) {
  return WireBytes().address("192.0.2.1").address("198.51.100.2").u16(50000).u16(443).u8(6).u32(bytes).u32(3);
}

TEST(Netflow9, TemplateAndDataInOneMessage) {
  DecodeFixture decode;
  const auto report = decode(
      SetMessage::v9(42, 1234).tmpl(256, kPlain).data(256, plain_record().raw(plain_record(7).data())));
  EXPECT_EQ(report.protocol, Protocol::netflow9);
  EXPECT_EQ(report.count(DecodeCount::templates), 1u);
  EXPECT_EQ(report.count(DecodeCount::flow_records), 2u);
  ASSERT_EQ(decode.batch.size(), 2u);
  EXPECT_EQ(decode.flow(0).source().to_string(), "192.0.2.1");
  EXPECT_EQ(decode.flow(0).destination().to_string(), "198.51.100.2");
  EXPECT_EQ(decode.flow(0).src_port, 50000);
  EXPECT_EQ(decode.flow(0).dst_port, 443);
  EXPECT_EQ(decode.flow(0).proto, 6);
  EXPECT_EQ(decode.flow(0).bytes, 1500u);
  EXPECT_EQ(decode.flow(0).packets, 3u);
  EXPECT_EQ(decode.flow(0).etype, 0x0800);
  EXPECT_EQ(decode.flow(1).bytes, 7u);
  const Origin& origin = decode.batch.origin_of(decode.flow());
  EXPECT_EQ(origin.observation_domain_id, 42u);
  EXPECT_EQ(origin.sequence_num, 1234u);
}

TEST(Netflow9, DataWithoutTemplateIsCountedAndCostsNothingElse) {
  DecodeFixture decode(test::hold_nothing());
  const auto report =
      decode(SetMessage::v9().data(300, plain_record()).tmpl(256, kPlain).data(256, plain_record()));
  EXPECT_EQ(report.count(DecodeError::missing_template), 1u);
  EXPECT_EQ(report.count(DecodeCount::flows), 1u);
}

TEST(Netflow9, TemplatesOfOtherDomainsAndExportersAreNotUsed) {
  DecodeFixture decode(test::hold_nothing());
  decode(SetMessage::v9(1).tmpl(256, kPlain));
  EXPECT_EQ(decode(SetMessage::v9(2).data(256, plain_record())).count(DecodeError::missing_template), 1u);
  decode.source = IpAddress::v4(0x0a000001);
  EXPECT_EQ(decode(SetMessage::v9(1).data(256, plain_record())).count(DecodeError::missing_template), 1u);
}

TEST(Netflow9, UptimesBecomeUnixTimes) {
  DecodeFixture decode;
  decode(SetMessage::v9()
             .tmpl(256, {{22, 4}, {21, 4}})
             .data(256, WireBytes().u32(kHeaderUptimeMs - 5000).u32(kHeaderUptimeMs + 3)));
  EXPECT_EQ(decode.flow().time_flow_start_ns, 1699999995000000000u);
  EXPECT_EQ(decode.flow().time_flow_end_ns, 1700000000003000000u);
}

TEST(Netflow9, EightByteUptimesOfNxos) {
  DecodeFixture decode;
  decode(SetMessage::v9()
             .tmpl(256, {{22, 8}, {21, 8}})
             .data(256, WireBytes().u64(kHeaderUptimeMs - 5000).u64(kHeaderUptimeMs - 1000)));
  EXPECT_EQ(decode.flow().time_flow_start_ns, 1699999995000000000u);
  EXPECT_EQ(decode.flow().time_flow_end_ns, 1699999999000000000u);
}

TEST(Netflow9, AbsoluteTimesBeatUptimes) {
  DecodeFixture decode;
  decode(SetMessage::v9()
             .tmpl(256, {{22, 4}, {21, 4}, {152, 8}, {153, 8}})
             .data(256, WireBytes().u32(1).u32(2).u64(1699999990123).u64(1699999999456)));
  EXPECT_EQ(decode.flow().time_flow_start_ns, 1699999990123000000u);
  EXPECT_EQ(decode.flow().time_flow_end_ns, 1699999999456000000u);
}

TEST(Netflow9, FarOffEndBecomesTheReceiveTime) {
  DecodeFixture decode;
  const auto report =
      decode(SetMessage::v9().tmpl(256, {{150, 4}, {151, 4}}).data(256, WireBytes().u32(1000).u32(2000)));
  EXPECT_EQ(decode.flow().time_flow_start_ns, test::kReceivedNs);
  EXPECT_EQ(decode.flow().time_flow_end_ns, test::kReceivedNs);
  EXPECT_EQ(report.count(DecodeCount::times_replaced), 1u);
}

TEST(Netflow9, TimeBoundsAreInclusive) {
  constexpr std::uint32_t kReceived = 1700000001;
  for (const auto& [end, replaced] : std::vector<std::pair<std::uint32_t, bool>>{{kReceived + 3600, false},
                                                                                 {kReceived + 3601, true},
                                                                                 {kReceived - 86400, false},
                                                                                 {kReceived - 86401, true}}) {
    DecodeFixture decode;
    const auto report =
        decode(SetMessage::v9().tmpl(256, {{150, 4}, {151, 4}}).data(256, WireBytes().u32(end).u32(end)));
    EXPECT_EQ(report.count(DecodeCount::times_replaced), replaced ? 1u : 0u) << end;
  }
}

TEST(Netflow9, StartAfterTheEndOrTooOldBecomesTheEnd) {
  DecodeFixture decode;
  const auto report =
      decode(SetMessage::v9()
                 .tmpl(256, {{150, 4}, {151, 4}})
                 .data(256, WireBytes().u32(1700000000).u32(1699999999).u32(1600000000).u32(1699999999)));
  EXPECT_EQ(decode.flow(0).time_flow_start_ns, 1699999999000000000u);
  EXPECT_EQ(decode.flow(1).time_flow_start_ns, 1699999999000000000u);
  EXPECT_EQ(report.count(DecodeCount::starts_replaced), 2u);
}

TEST(Netflow9, ZeroNeverOverwritesAValue) {
  DecodeFixture decode;
  decode(
      SetMessage::v9()
          .tmpl(256, {{23, 4}, {1, 4}, {231, 4}})
          .data(256, WireBytes().u32(200).u32(0).u32(300).u32(200).u32(100).u32(300).u32(0).u32(0).u32(300)));
  EXPECT_EQ(decode.flow(0).bytes, 200u);
  EXPECT_EQ(decode.flow(1).bytes, 100u);
  EXPECT_EQ(decode.flow(2).bytes, 300u);
}

TEST(Netflow9, TotalsCountOnlyWhereNoDeltaIsSent) {
  DecodeFixture decode;
  decode(SetMessage::v9().tmpl(256, {{85, 8}, {86, 8}}).data(256, WireBytes().u64(5000).u64(50)));
  EXPECT_EQ(decode.flow().bytes, 5000u);
  EXPECT_EQ(decode.flow().packets, 50u);
  decode(SetMessage::v9().tmpl(257, {{85, 8}, {1, 4}}).data(257, WireBytes().u64(5000).u32(0)));
  EXPECT_EQ(decode.flow().bytes, 0u);
}

TEST(Netflow9, BothAddressFamiliesInOneTemplate) {
  const SetMessage::Fields fields{{8, 4}, {12, 4}, {27, 16}, {28, 16}};
  DecodeFixture decode;
  decode(SetMessage::v9()
             .tmpl(256, fields)
             .data(256, WireBytes()
                            .address("192.0.2.1")
                            .address("192.0.2.2")
                            .zeros(32)
                            .zeros(8)
                            .address("2001:db8::1")
                            .address("2001:db8::2")));
  EXPECT_EQ(decode.flow(0).source().to_string(), "192.0.2.1");
  EXPECT_EQ(decode.flow(0).etype, 0x0800);
  EXPECT_EQ(decode.flow(1).source().to_string(), "2001:db8::1");
  EXPECT_EQ(decode.flow(1).destination().to_string(), "2001:db8::2");
  EXPECT_EQ(decode.flow(1).etype, 0x86dd);
}

TEST(Netflow9, IpVersionDecidesBetweenFamilies) {
  DecodeFixture decode;
  decode(SetMessage::v9()
             .tmpl(256, {{8, 4}, {27, 16}, {60, 1}})
             .data(256, WireBytes()
                            .address("192.0.2.1")
                            .address("2001:db8::1")
                            .u8(6)
                            .address("192.0.2.1")
                            .address("2001:db8::1")
                            .u8(4)));
  EXPECT_EQ(decode.flow(0).source().to_string(), "2001:db8::1");
  EXPECT_EQ(decode.flow(1).source().to_string(), "192.0.2.1");
}

TEST(Netflow9, ZeroNextHopOfTheOtherFamilyNeverOverwrites) {
  DecodeFixture decode;
  decode(SetMessage::v9()
             .tmpl(256, {{15, 4}, {62, 16}, {18, 4}, {63, 16}})
             .data(256, WireBytes().address("192.0.2.254").zeros(16).zeros(4).address("2001:db8::fe")));
  EXPECT_EQ(decode.flow().next_hop_address().to_string(), "192.0.2.254");
  ASSERT_TRUE(decode.extras());
  EXPECT_EQ(decode.extras()->get(ExtraAddress::bgp_next_hop).to_string(), "2001:db8::fe");
}

TEST(Netflow9, DuplicateElementsKeepTheFirst) {
  DecodeFixture decode;
  decode(SetMessage::v9().tmpl(256, {{1, 4}, {1, 4}}).data(256, WireBytes().u32(10).u32(20)));
  EXPECT_EQ(decode.flow().bytes, 10u);
}

TEST(Netflow9, ImpossibleWidthCostsTheFieldNotTheTemplate) {
  DecodeFixture decode;
  const auto report = decode(SetMessage::v9()
                                 .tmpl(256, {{8, 3}, {1, 9}, {2, 4}, {70, 5}})
                                 .data(256, WireBytes().zeros(3).zeros(9).u32(5).zeros(5)));
  EXPECT_EQ(report.count(DecodeCount::flows), 1u);
  EXPECT_EQ(decode.flow().packets, 5u);
  EXPECT_EQ(decode.flow().src_addr_size, 0);
}

TEST(Netflow9, MplsLabelsInOrderWithoutEmptyPlaces) {
  DecodeFixture decode;
  decode(SetMessage::v9()
             .tmpl(256, {{71, 3}, {70, 3}, {72, 3}, {47, 4}})
             .data(256, WireBytes().u8(0).u16(0x0201).u8(0).u16(0x0100).zeros(3).address("192.0.2.7")));
  ASSERT_TRUE(decode.extras());
  EXPECT_EQ(decode.extras()->list(ExtraList::mpls_label), (std::vector<std::uint32_t>{16, 32}));
  EXPECT_EQ(decode.extras()->list(ExtraAddressList::mpls_ip).at(0).to_string(), "192.0.2.7");
}

TEST(Netflow9, VariableLengthFieldOfH3c) {
  DecodeFixture decode;
  const auto report = decode(
      SetMessage::v9()
          .tmpl(256, {{371, kVariableLength}, {1, 4}})
          .data(256, WireBytes().u8(3).u8('a').u8('n').u8('n').u32(11).u8(255).u16(1).u8('x').u32(12)));
  EXPECT_EQ(report.count(DecodeCount::flows), 2u);
  EXPECT_EQ(decode.extras(0)->get(ExtraText::user_name), "ann");
  EXPECT_EQ(decode.extras(1)->get(ExtraText::user_name), "x");
  EXPECT_EQ(decode.flow(1).bytes, 12u);
}

TEST(Netflow9, FixedTextLosesItsPadding) {
  DecodeFixture decode;
  decode(SetMessage::v9()
             .tmpl(256, {{40000, 20}, {1, 4}})
             .data(256, WireBytes().u8('b').u8('o').u8('b').zeros(17).u32(1)));
  EXPECT_EQ(decode.extras()->get(ExtraText::user_name), "bob");
}

TEST(Netflow9, ZeroTailEndsTheMessageWithoutAnError) {
  DecodeFixture decode;
  const auto report =
      decode(SetMessage::v9().tmpl(256, kPlain).data(256, plain_record()).raw(WireBytes().zeros(400)));
  EXPECT_EQ(report.count(DecodeCount::flows), 1u);
  EXPECT_FALSE(report.any_error());
}

TEST(Netflow9, PaddingOfAnyLengthIsNoRecord) {
  for (std::size_t padding = 0; padding < 7; ++padding) {
    DecodeFixture decode;
    const auto report = decode(SetMessage::v9().tmpl(256, kPlain).data(256, plain_record().zeros(padding)));
    EXPECT_EQ(report.count(DecodeCount::flows), 1u) << padding;
    EXPECT_FALSE(report.any_error()) << padding;
  }
}

TEST(Netflow9, PaddedTemplateSet) {
  DecodeFixture decode;
  const auto report = decode(SetMessage::v9()
                                 .set(0, WireBytes().u16(256).u16(1).u16(1).u16(4).zeros(7))
                                 .data(256, WireBytes().u32(9)));
  EXPECT_EQ(report.count(DecodeCount::templates), 1u);
  EXPECT_EQ(report.count(DecodeCount::flows), 1u);
  EXPECT_FALSE(report.any_error());
}

TEST(Netflow9, SetReachingPastTheDatagramKeepsTheSetsBefore) {
  DecodeFixture decode;
  const auto report = decode(
      SetMessage::v9().tmpl(256, kPlain).data(256, plain_record()).set_of_length(256, 2000, plain_record()));
  EXPECT_EQ(report.count(DecodeCount::flows), 1u);
  EXPECT_EQ(report.count(DecodeError::bad_set), 1u);
}

TEST(Netflow9, SetShorterThanItsHeaderEndsTheMessage) {
  DecodeFixture decode;
  const auto report =
      decode(SetMessage::v9().tmpl(256, kPlain).data(256, plain_record()).set_of_length(257, 3, WireBytes()));
  EXPECT_EQ(report.count(DecodeCount::flows), 1u);
  EXPECT_EQ(report.count(DecodeError::bad_set), 1u);
}

TEST(Netflow9, SetOfAReservedIdIsCountedAndSkipped) {
  DecodeFixture decode;
  const auto report =
      decode(SetMessage::v9().set(77, WireBytes().zeros(8)).tmpl(256, kPlain).data(256, plain_record()));
  EXPECT_EQ(report.count(DecodeError::unknown_set), 1u);
  EXPECT_EQ(report.count(DecodeCount::flows), 1u);
}

TEST(Netflow9, TemplateOfEmptyRecordsIsRefused) {
  DecodeFixture decode(test::hold_nothing());
  const auto report =
      decode(SetMessage::v9().tmpl(256, {{1, 0}, {2, 0}}).tmpl(257, {}).data(256, WireBytes().zeros(100)));
  EXPECT_EQ(report.count(DecodeError::bad_template), 2u);
  EXPECT_EQ(report.count(DecodeError::missing_template), 1u);
  EXPECT_EQ(report.count(DecodeCount::flows), 0u);
}

TEST(Netflow9, ZeroLengthFieldsAreLeftOut) {
  DecodeFixture decode;
  const auto report =
      decode(SetMessage::v9().tmpl(256, {{1, 4}, {2, 0}, {4, 1}}).data(256, WireBytes().u32(9).u8(17)));
  EXPECT_EQ(report.count(DecodeCount::flows), 1u);
  EXPECT_EQ(decode.flow().bytes, 9u);
  EXPECT_EQ(decode.flow().packets, 0u);
  EXPECT_EQ(decode.flow().proto, 17);
}

TEST(Netflow9, TooManyFieldsAreRefusedAndTheNextTemplateIsFound) {
  Limits limits;
  limits.max_template_fields = 3;
  DecodeFixture decode(limits);
  const auto report = decode(SetMessage::v9().set(0, WireBytes()
                                                         .u16(256)
                                                         .u16(4)
                                                         .u16(1)
                                                         .u16(4)
                                                         .u16(2)
                                                         .u16(4)
                                                         .u16(4)
                                                         .u16(1)
                                                         .u16(5)
                                                         .u16(1)
                                                         .u16(257)
                                                         .u16(1)
                                                         .u16(1)
                                                         .u16(4)));
  EXPECT_EQ(report.count(DecodeError::template_too_large), 1u);
  EXPECT_EQ(report.count(DecodeCount::templates), 1u);
}

TEST(Netflow9, RecordLengthIsBounded) {
  Limits limits;
  limits.max_record_length = 1000;
  DecodeFixture decode(limits);
  const auto report =
      decode(SetMessage::v9().tmpl(256, {{1, 4}, {999, 997}}).tmpl(257, {{1, 4}, {999, 996}}));
  EXPECT_EQ(report.count(DecodeError::template_too_large), 1u);
  EXPECT_EQ(report.count(DecodeCount::templates), 1u);
}

TEST(Netflow9, TemplatesPerExporterAreBounded) {
  Limits limits;
  limits.max_templates = 2;
  DecodeFixture decode(limits);
  const auto report =
      decode(SetMessage::v9().tmpl(256, kPlain).tmpl(257, kPlain).tmpl(258, kPlain).tmpl(257, {{1, 4}}));
  EXPECT_EQ(report.count(DecodeError::template_limit), 1u);
  EXPECT_EQ(report.count(DecodeCount::templates), 3u);  // 257 twice: a known one may always be replaced
}

TEST(Netflow9, TemplateIsReplacedAtOnce) {
  DecodeFixture decode;
  decode(SetMessage::v9().tmpl(256, kPlain));
  decode(SetMessage::v9().tmpl(256, {{1, 4}}).data(256, WireBytes().u32(99)));
  ASSERT_EQ(decode.batch.size(), 1u);
  EXPECT_EQ(decode.flow().bytes, 99u);
}

TEST(Netflow9, SamplingRateFromOptionsBySampler) {
  DecodeFixture decode;
  const auto options =
      decode(SetMessage::v9()
                 .options_tmpl(300, {{1, 4}}, {{48, 1}, {49, 1}, {50, 4}})
                 .data(300, WireBytes().zeros(4).u8(3).u8(2).u32(100).zeros(4).u8(4).u8(2).u32(200)));
  EXPECT_EQ(options.count(DecodeCount::options_records), 2u);
  EXPECT_EQ(options.count(DecodeCount::flow_records), 0u);
  const auto report = decode(SetMessage::v9()
                                 .tmpl(256, {{48, 1}, {1, 4}})
                                 .data(256, WireBytes().u8(4).u32(1).u8(3).u32(1).u8(9).u32(1)));
  EXPECT_EQ(decode.flow(0).sampling_rate, 200u);
  EXPECT_EQ(decode.flow(0).sampling_rate_source, SamplingRateSource::options);
  EXPECT_EQ(decode.flow(1).sampling_rate, 100u);
  EXPECT_EQ(decode.flow(2).sampling_rate, 0u);  // two samplers are known, and this is neither
  EXPECT_EQ(report.count(DecodeCount::rates_unknown), 1u);
}

TEST(Netflow9, TheOnlySamplerServesFlowsThatNameNone) {
  DecodeFixture decode;
  decode(SetMessage::v9()
             .options_tmpl(300, {{1, 4}}, {{48, 2}, {50, 2}})
             .data(300, WireBytes().zeros(4).u16(7).u16(64)));
  decode(SetMessage::v9().tmpl(256, kPlain).data(256, plain_record()));
  EXPECT_EQ(decode.flow().sampling_rate, 64u);
  decode(SetMessage::v9(2).tmpl(256, kPlain).data(256, plain_record()));
  EXPECT_EQ(decode.flow().sampling_rate, 0u) << "another source id has samplers of its own";
}

TEST(Netflow9, TheRecordsOwnRateBeatsOptions) {
  DecodeFixture decode;
  decode(SetMessage::v9().options_tmpl(300, {{1, 4}}, {{34, 4}}).data(300, WireBytes().zeros(4).u32(64)));
  decode(SetMessage::v9().tmpl(256, {{34, 2}, {1, 4}}).data(256, WireBytes().u16(10).u32(1).u16(0).u32(1)));
  EXPECT_EQ(decode.flow(0).sampling_rate, 10u);
  EXPECT_EQ(decode.flow(0).sampling_rate_source, SamplingRateSource::record);
  EXPECT_EQ(decode.flow(1).sampling_rate, 64u);
}

TEST(Netflow9, ScopeIsNotReadAsAnElement) {
  DecodeFixture decode;
  decode(SetMessage::v9().options_tmpl(300, {{34, 4}}, {{48, 1}}).data(300, WireBytes().u32(999).u8(1)));
  decode(SetMessage::v9().tmpl(256, kPlain).data(256, plain_record()));
  EXPECT_EQ(decode.flow().sampling_rate, 0u);
}

TEST(Netflow9, ScopeOfNoLength) {
  DecodeFixture decode;
  const auto report =
      decode(SetMessage::v9().options_tmpl(300, {{1, 0}}, {{34, 4}}).data(300, WireBytes().u32(64)));
  EXPECT_EQ(report.count(DecodeCount::options_records), 1u);
  EXPECT_FALSE(report.any_error());
}

TEST(Netflow9, SamplersAreBounded) {
  Limits limits;
  limits.max_samplers = 2;
  DecodeFixture decode(limits);
  const auto report =
      decode(SetMessage::v9()
                 .options_tmpl(300, {{1, 4}}, {{48, 1}, {50, 1}})
                 .data(300, WireBytes().zeros(4).u8(1).u8(1).zeros(4).u8(2).u8(1).zeros(4).u8(3).u8(1)));
  EXPECT_EQ(report.count(DecodeCount::options_records), 3u);
  EXPECT_EQ(report.count(DecodeError::sampler_limit), 1u);
}

TEST(Netflow9, FieldsWithReducedAndWiderSize) {
  DecodeFixture decode;
  decode(SetMessage::v9()
             .tmpl(256, {{1, 3}, {2, 8}, {6, 1}, {10, 4}, {14, 1}, {16, 2}, {89, 4}, {5, 1}})
             .data(256,
                   WireBytes().u8(1).u16(0).u64(9).u8(0x12).u32(70000).u8(3).u16(64512).u32(0x40).u8(0xb8)));
  EXPECT_EQ(decode.flow().bytes, 65536u);
  EXPECT_EQ(decode.flow().packets, 9u);
  EXPECT_EQ(decode.flow().tcp_flags, 0x12);
  EXPECT_EQ(decode.flow().in_if, 70000u);
  EXPECT_EQ(decode.flow().out_if, 3u);
  EXPECT_EQ(decode.flow().src_as, 64512u);
  EXPECT_EQ(decode.flow().forwarding_status, 0x40);
  EXPECT_EQ(decode.flow().ip_tos, 0xb8);
}

TEST(Netflow9, IcmpPreference) {
  DecodeFixture decode;
  const SetMessage::Fields fields{{4, 1}, {11, 2}, {32, 2}};
  decode(
      SetMessage::v9()
          .tmpl(256, fields)
          .data(256,
                WireBytes().u8(1).u16(0x0301).u16(0x0800).u8(1).u16(0x0301).u16(0).u8(6).u16(0x0301).u16(0)));
  EXPECT_EQ(decode.flow(0).icmp_type, 8);
  EXPECT_EQ(decode.flow(1).icmp_type, 3);
  EXPECT_EQ(decode.flow(1).icmp_code, 1);
  EXPECT_EQ(decode.flow(2).icmp_type, 0) << "TCP has no ICMP type";
  decode(SetMessage::v9()
             .tmpl(257, {{4, 1}, {11, 2}, {176, 1}, {177, 1}})
             .data(257, WireBytes().u8(1).u16(0x0301).u8(0).u8(0)));
  EXPECT_EQ(decode.flow().icmp_type, 0)
      << "an element of its own is believed, even if it says 0 (echo reply)";
}

TEST(Netflow9, DirectionVlansAndRareFields) {
  DecodeFixture decode;
  decode(SetMessage::v9()
             .tmpl(256, {{61, 1}, {58, 2}, {59, 2}, {234, 4}, {235, 4}, {95, 4}, {56, 6}, {80, 6}, {57, 6}})
             .data(256, WireBytes()
                            .u8(1)
                            .u16(100)
                            .u16(200)
                            .u32(0)
                            .u32(5)
                            .u32(0x0d0001c5)
                            .u48(0x020000000001)
                            .u48(0x020000000002)
                            .u48(0x020000000003)));
  EXPECT_EQ(decode.flow().flow_direction, FlowDirection::egress);
  EXPECT_EQ(decode.flow().vlan_id, 100);
  EXPECT_EQ(decode.flow().src_vlan, 100);
  EXPECT_EQ(decode.flow().dst_vlan, 200);
  EXPECT_EQ(decode.flow().src_mac, 0x020000000001u);
  EXPECT_EQ(decode.flow().dst_mac, 0x020000000002u);
  ASSERT_TRUE(decode.extras());
  EXPECT_TRUE(decode.extras()->has(ExtraScalar::ingress_vrf_id)) << "VRF 0 is a fact";
  EXPECT_EQ(decode.extras()->get(ExtraScalar::egress_vrf_id), 5u);
  EXPECT_EQ(decode.extras()->get(ExtraText::application_id), std::string("\x0d\x00\x01\xc5", 4));
}

TEST(Netflow9, UnknownDirectionStaysUnknown) {
  DecodeFixture decode;
  decode(SetMessage::v9().tmpl(256, {{61, 1}}).data(256, WireBytes().u8(255).u8(0)));
  EXPECT_EQ(decode.flow(0).flow_direction, FlowDirection::unknown);
  EXPECT_EQ(decode.flow(1).flow_direction, FlowDirection::ingress);
}

TEST(Netflow9, Layer2SectionIsParsedAsAPacket) {
  const auto frame = test::PacketBuilder().ethernet().ipv4("192.0.2.1", "192.0.2.2").tcp(443, 50000).bytes();
  DecodeFixture decode;
  decode(SetMessage::v9()
             .tmpl(256, {{104, static_cast<std::uint16_t>(frame.size())}, {312, 2}})
             .data(256, WireBytes().raw(frame).u16(1400)));
  EXPECT_EQ(decode.flow().source().to_string(), "192.0.2.1");
  EXPECT_EQ(decode.flow().src_port, 443);
  EXPECT_EQ(decode.flow().bytes, 1400u);
  EXPECT_EQ(decode.flow().packets, 1u);
}

TEST(Netflow9, Layer2SectionWithAGreTunnelHasOuterAndInnerFields) {
  const auto frame = test::PacketBuilder()
                         .ethernet()
                         .ipv4("192.0.2.1", "192.0.2.2")
                         .gre(0x2000, 4)
                         .ipv6("2001:db8::1", "2001:db8::2")
                         .tcp(443, 50000)
                         .bytes();
  DecodeFixture decode;
  decode(SetMessage::v9()
             .tmpl(256, {{104, static_cast<std::uint16_t>(frame.size())}})
             .data(256, WireBytes().raw(frame)));
  EXPECT_EQ(decode.flow().source().to_string(), "192.0.2.1");
  EXPECT_EQ(decode.flow().proto, 47);
  const FlowExtras& extras = *decode.extras();
  EXPECT_EQ(extras.get(ExtraAddress::inner_dst_addr).to_string(), "2001:db8::2");
  EXPECT_EQ(extras.get(ExtraScalar::inner_dst_port), 50000u);
}

}  // namespace
}  // namespace sluice::decode
