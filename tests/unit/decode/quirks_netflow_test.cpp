// What exporters of NetFlow v5 and v9 really send. Row numbers are those of docs/protocols.md.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "quirk_support.hpp"
#include "support/decode_fixture.hpp"

namespace sluice::decode {
namespace {

using test::DecodeFixture;
using test::kHeaderSeconds;
using test::kHeaderUptimeMs;
using test::kReceivedNs;
using test::SetMessage;
using test::WireBytes;

constexpr std::uint64_t kMs = 1000000;
constexpr std::uint64_t kHeaderNs = kHeaderSeconds * 1000000000ULL;
constexpr std::uint64_t kMinute = 60ULL * 1000000000;

TEST(Quirk, Row2_ResponderCountersAloneMakeTwoFlows) {
  DecodeFixture decode;
  decode(SetMessage::v9()
             .tmpl(263, {{148, 4}, {8, 4}, {12, 4}, {1, 4}, {2, 4}, {231, 4}, {232, 4}, {298, 4}, {299, 4}})
             .data(263, WireBytes()
                            .u32(7)
                            .address("192.0.2.1")
                            .address("192.0.2.2")
                            .u32(0)
                            .u32(0)
                            .u32(100)
                            .u32(900)
                            .u32(1)
                            .u32(9)));
  ASSERT_EQ(decode.batch.size(), 2u);
  EXPECT_EQ(decode.flow(0).bytes, 100u);
  EXPECT_EQ(decode.flow(0).packets, 1u);
  EXPECT_EQ(decode.flow(1).bytes, 900u);
  EXPECT_EQ(decode.flow(1).packets, 9u);
  EXPECT_EQ(decode.flow(1).source().to_string(), "192.0.2.2");
  decode(SetMessage::v9().tmpl(264, {{148, 4}, {1, 4}, {2, 4}}).data(264, WireBytes().u32(7).u32(0).u32(0)));
  EXPECT_EQ(decode.batch.size(), 1u) << "without the elements the zeros stand";
  EXPECT_EQ(decode.flow().bytes, 0u);
}

TEST(Quirk, Row3_ElementsOfAsaBeforeIanaNumberedThem) {
  for (const std::uint16_t width : {std::uint16_t{20}, std::uint16_t{65}}) {
    DecodeFixture decode;
    decode(SetMessage::v9()
               .tmpl(263, {{40001, 4},
                           {40002, 4},
                           {40003, 2},
                           {40004, 2},
                           {40005, 1},
                           {33000, 12},
                           {33001, 12},
                           {33002, 2},
                           {40000, width},
                           {1, 4}})
               .data(263, WireBytes()
                              .address("203.0.113.1")
                              .address("203.0.113.2")
                              .u16(1024)
                              .u16(443)
                              .u8(2)
                              .zeros(26)
                              .u8('m')
                              .u8('e')
                              .zeros(width - 2U)
                              .u32(55)));
    ASSERT_EQ(decode.batch.size(), 1u);
    const FlowExtras& extras = *decode.extras();
    EXPECT_EQ(extras.get(ExtraAddress::post_nat_src_addr).to_string(), "203.0.113.1");
    EXPECT_EQ(extras.get(ExtraAddress::post_nat_dst_addr).to_string(), "203.0.113.2");
    EXPECT_EQ(extras.get(ExtraScalar::post_nat_src_port), 1024u);
    EXPECT_EQ(extras.get(ExtraScalar::post_nat_dst_port), 443u);
    EXPECT_EQ(extras.get(ExtraScalar::firewall_event), 2u);
    EXPECT_EQ(extras.get(ExtraText::user_name), "me") << width;
    EXPECT_EQ(decode.flow().bytes, 55u) << "what has no field is skipped by its length";
  }
}

TEST(Quirk, Row4_SamplingIntervalInTheHostsByteOrder) {
  const std::pair<std::uint32_t, std::uint64_t> rates[] = {
      {0x01000000, 1}, {0xe8030000, 1000},       {0, 0},
      {1000, 1000},    {0x00ffffff, 0x00ffffff}, {0x01000001, 0x01000001}};
  for (const auto& [sent, meant] : rates) {
    DecodeFixture decode;
    decode(SetMessage::v9().tmpl(256, {{34, 4}, {1, 4}}).data(256, WireBytes().u32(sent).u32(1)));
    EXPECT_EQ(decode.flow().sampling_rate, meant) << sent;
  }
}

TEST(Quirk, Row6_SetOfWrongLengthCostsItselfAlone) {
  DecodeFixture decode;
  const auto report = decode(SetMessage::v9()
                                 .tmpl(256, {{27, 16}, {1, 8}})
                                 .data(256, WireBytes().address("2001:db8::1").u64(~0ULL))
                                 .set_of_length(256, 4 + 24 + 12, WireBytes().address("2001:db8::2").u64(7)));
  EXPECT_EQ(report.count(DecodeCount::flows), 1u);
  EXPECT_EQ(report.count(DecodeError::bad_set), 1u);
  EXPECT_EQ(decode.flow().bytes, ~0ULL) << "counters are never made smaller than they came";
}

TEST(Quirk, Row7_SamplingIntervalOfTwoOrFourBytes) {
  for (const std::uint16_t width : {std::uint16_t{2}, std::uint16_t{4}}) {
    DecodeFixture decode;
    WireBytes record;
    record.u32(1);
    width == 2 ? record.u16(512) : record.u32(512);
    decode(SetMessage::v9().options_tmpl(300, {{1, 4}}, {{34, width}}).data(300, record));
    decode(SetMessage::v9().tmpl(256, {{54, 2}, {1, 4}}).data(256, WireBytes().u16(0).u32(1)));
    EXPECT_EQ(decode.flow().sampling_rate, 512u) << width;
    EXPECT_EQ(decode.flow().fragment_id, 0u) << "a fragment id that is not filled";
  }
}

TEST(Quirk, Row11_NegativeDurationsBecomeNone) {
  DecodeFixture decode;
  const auto report =
      decode(SetMessage::v9()
                 .tmpl(256, {{22, 4}, {21, 4}})
                 .data(256, WireBytes().u32(kHeaderUptimeMs - 1000).u32(kHeaderUptimeMs - 2000)));
  EXPECT_EQ(report.count(DecodeCount::starts_replaced), 1u);
  EXPECT_EQ(decode.flow().time_flow_end_ns, kHeaderNs - 2000 * kMs);
  EXPECT_EQ(decode.flow().time_flow_start_ns, decode.flow().time_flow_end_ns);
}

TEST(Quirk, Row12_TotalsWithoutDeltasAndFieldsWithoutBytes) {
  DecodeFixture decode;
  const auto report = decode(SetMessage::v9()
                                 .options_tmpl(300, {{1, 0}}, {{34, 4}})
                                 .data(300, WireBytes().u32(100))
                                 .tmpl(256, {{85, 4}, {95, 0}, {86, 4}})
                                 .data(256, WireBytes().u32(7000).u32(70)));
  EXPECT_EQ(report.count(DecodeCount::options_records), 1u);
  EXPECT_EQ(decode.flow().bytes, 7000u);
  EXPECT_EQ(decode.flow().packets, 70u);
  EXPECT_EQ(decode.flow().sampling_rate, 100u);
  EXPECT_FALSE(report.any_error());
}

TEST(Quirk, Row15b_UnknownWidthCostsTheFieldAlone) {
  DecodeFixture decode;
  const auto report = decode(SetMessage::v9()
                                 .tmpl(256, {{70, 5}, {8, 6}, {1, 9}, {777, 3}, {2, 4}})
                                 .data(256, WireBytes().zeros(5 + 6 + 9 + 3).u32(42)));
  EXPECT_EQ(report.count(DecodeCount::flows), 1u);
  EXPECT_FALSE(report.any_error());
  EXPECT_EQ(decode.flow().packets, 42u);
  EXPECT_TRUE(decode.flow().source().empty());
}

TEST(Quirk, Row17_InterfaceNumbersAreTheBoxesOwn) {
  DecodeFixture decode;
  decode(
      SetMessage::v9().tmpl(256, {{10, 4}, {14, 4}}).data(256, WireBytes().u32(0x08208000).u32(1610899523)));
  EXPECT_EQ(decode.flow().in_if, 0x08208000u);
  EXPECT_EQ(decode.flow().out_if, 1610899523u);
}

TEST(Quirk, Row20_WidthsOfIosXr) {
  DecodeFixture decode;
  decode(SetMessage::v9()
             .options_tmpl(300, {{1, 4}}, {{48, 2}, {50, 2}})
             .data(300, WireBytes().u32(1).u16(0x0102).u16(4000).zeros(2)));
  const auto report = decode(SetMessage::v9()
                                 .tmpl(256, {{48, 2}, {89, 4}, {371, kVariableLength}})
                                 .data(256, WireBytes().u16(0x0102).u32(0x82).u8(1).u8('x').zeros(2)));
  EXPECT_EQ(report.count(DecodeCount::flows), 1u)
      << "two bytes of padding behind a record of variable length are no record";
  EXPECT_FALSE(report.any_error());
  EXPECT_EQ(decode.flow().sampling_rate, 4000u);
  EXPECT_EQ(decode.flow().forwarding_status, 0x82);
}

TEST(Quirk, Row21_SamplerZeroMissingOrUnknown) {
  DecodeFixture decode({}, with_default_rate(9));
  const auto rate = [&](std::uint32_t domain, const SetMessage::Fields& fields, const WireBytes& record) {
    decode(SetMessage::v9(domain).tmpl(256, fields).data(256, record));
    return decode.flow().sampling_rate;
  };
  const auto learn = [&](std::uint32_t domain, std::uint32_t sampler, std::uint32_t n) {
    decode(SetMessage::v9(domain)
               .options_tmpl(300, {{1, 4}}, {{48, 4}, {34, 4}})
               .data(300, WireBytes().u32(1).u32(sampler).u32(n)));
  };
  EXPECT_EQ(rate(1, {{1, 4}}, WireBytes().u32(1)), 9u) << "the default";
  learn(1, 3, 100);
  EXPECT_EQ(rate(1, {{1, 4}}, WireBytes().u32(1)), 100u) << "the only one";
  EXPECT_EQ(rate(1, {{48, 4}}, WireBytes().u32(0)), 100u) << "0 in the flow";
  learn(1, 4, 200);
  EXPECT_EQ(rate(1, {{48, 4}}, WireBytes().u32(4)), 200u) << "the one that it names";
  EXPECT_EQ(rate(1, {{48, 4}}, WireBytes().u32(5)), 9u) << "one of several: nobody knows which";
  learn(1, 0, 300);
  EXPECT_EQ(rate(1, {{48, 4}}, WireBytes().u32(5)), 300u) << "sampler 0";
  EXPECT_EQ(rate(1, {{60, 1}}, WireBytes().u8(0)), 300u) << "and no IP version";
}

TEST(Quirk, Row22_ScopeIsNotJudged) {
  for (const std::uint16_t scope :
       {std::uint16_t{0}, std::uint16_t{2}, std::uint16_t{144}, std::uint16_t{9999}}) {
    DecodeFixture decode;
    decode(SetMessage::v9()
               .options_tmpl(300, {{scope, 4}}, {{48, 1}, {50, 4}})
               .data(300, WireBytes().u32(0xffffffff).u8(1).u32(64)));
    decode(SetMessage::v9().tmpl(256, {{48, 1}, {1, 4}}).data(256, WireBytes().u8(1).u32(1)));
    EXPECT_EQ(decode.flow().sampling_rate, 64u) << scope;
  }
}

TEST(Quirk, Row23_BothFamiliesInOneTemplate) {
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
  EXPECT_EQ(decode.flow(1).destination().to_string(), "2001:db8::2");
  EXPECT_EQ(decode.flow(1).etype, 0x86dd);
}

TEST(Quirk, Row24_EightByteUptimes) {
  DecodeFixture decode;
  decode(SetMessage::v9()
             .tmpl(256, {{22, 8}, {21, 8}})
             .data(256, WireBytes().u64(kHeaderUptimeMs - 5000).u64(kHeaderUptimeMs - 1000)));
  EXPECT_EQ(decode.flow().time_flow_start_ns, kHeaderNs - 5000 * kMs);
  EXPECT_EQ(decode.flow().time_flow_end_ns, kHeaderNs - 1000 * kMs);
}

TEST(Quirk, Row25_Layer2SectionIsAPacket) {
  const auto frame =
      test::PacketBuilder().ethernet(5, 6).vlan(9).ipv4("192.0.2.1", "192.0.2.2").udp(53, 5353).bytes();
  DecodeFixture decode;
  decode(SetMessage::v9()
             .tmpl(256, {{312, 2}, {104, static_cast<std::uint16_t>(frame.size())}})
             .data(256, WireBytes().u16(800).raw(frame)));
  EXPECT_EQ(decode.flow().source().to_string(), "192.0.2.1");
  EXPECT_EQ(decode.flow().dst_port, 5353);
  EXPECT_EQ(decode.flow().vlan_id, 9);
  EXPECT_EQ(decode.flow().src_mac, 5u);
  EXPECT_EQ(decode.flow().bytes, 800u);
}

TEST(Quirk, Row27_IcmpFromElementsOrEitherPort) {
  const auto icmp = [](const SetMessage::Fields& fields, const WireBytes& record) {
    DecodeFixture decode;
    decode(SetMessage::v9().tmpl(256, fields).data(256, record));
    return std::pair<int, int>(decode.flow().icmp_type, decode.flow().icmp_code);
  };
  const std::pair unreachable{3, 1};
  EXPECT_EQ(icmp({{4, 1}, {11, 2}}, WireBytes().u8(1).u16(0x0301)), unreachable);
  EXPECT_EQ(icmp({{4, 1}, {7, 2}, {11, 2}}, WireBytes().u8(1).u16(0x0301).u16(0)), unreachable);
  EXPECT_EQ(icmp({{4, 1}, {32, 2}}, WireBytes().u8(1).u16(0x0301)), unreachable);
  EXPECT_EQ(icmp({{4, 1}, {139, 2}}, WireBytes().u8(58).u16(0x0301)), unreachable);
  EXPECT_EQ(icmp({{4, 1}, {176, 1}, {177, 1}}, WireBytes().u8(1).u8(3).u8(1)), unreachable);
  EXPECT_EQ(icmp({{4, 1}, {178, 1}, {179, 1}, {11, 2}}, WireBytes().u8(58).u8(3).u8(1).u16(0xffff)),
            unreachable);
  EXPECT_EQ(icmp({{4, 1}, {11, 2}}, WireBytes().u8(6).u16(0x0301)), std::pair(0, 0)) << "TCP";
}

TEST(Quirk, Row28_TailOfZerosAndNoTimes) {
  DecodeFixture decode;
  const auto report =
      decode(SetMessage::v9()
                 .tmpl(256, {{1, 4}, {22, 4}, {21, 4}})
                 .data(256, WireBytes().u32(9).u32(kHeaderUptimeMs + 5000).u32(kHeaderUptimeMs - 10))
                 .raw(WireBytes().zeros(200)));
  EXPECT_EQ(report.count(DecodeCount::flows), 1u);
  EXPECT_FALSE(report.any_error());
  EXPECT_EQ(decode.flow().time_flow_start_ns, decode.flow().time_flow_end_ns) << "a start after the end";
  decode(SetMessage::v9().tmpl(257, {{1, 4}}).data(257, WireBytes().u32(9)));
  EXPECT_EQ(decode.flow().time_flow_end_ns, kHeaderNs) << "no time at all: that of the export";
}

TEST(Quirk, Row29_ScopeIsNoSamplingAndApplicationIdsHaveAnyWidth) {
  DecodeFixture decode;
  decode(SetMessage::v9()
             .options_tmpl(300, {{34, 4}}, {{67, 4}, {68, 4}, {69, 4}})
             .data(300, WireBytes().u32(77).u32(1).u32(2).u32(3)));
  for (const std::uint16_t width : {std::uint16_t{4}, std::uint16_t{5}, std::uint16_t{9}}) {
    decode(SetMessage::v9()
               .tmpl(256, {{95, width}, {1, 4}})
               .data(256, WireBytes().u8(20).zeros(width - 2U).u8(7).u32(5)));
    EXPECT_EQ(decode.flow().sampling_rate, 0u) << "nothing said a rate";
    EXPECT_EQ(decode.extras()->get(ExtraText::application_id).size(), width);
    EXPECT_EQ(decode.flow().bytes, 5u);
  }
}

TEST(Quirk, Row29a_HalfAnHourBetweenTemplatesAndOfActiveFlows) {
  DecodeFixture decode;
  decode(SetMessage::v9().tmpl(256, {{150, 4}, {151, 4}, {1, 4}}));
  const std::uint64_t later = kReceivedNs + 30 * kMinute;
  const auto now = static_cast<std::uint32_t>(later / 1000000000);
  decode.exporters.expire(later);
  const auto report =
      decode(SetMessage::v9().data(256, WireBytes().u32(now - 1800).u32(now).u32(5)).bytes(), later);
  EXPECT_EQ(report.count(DecodeCount::flows), 1u);
  EXPECT_EQ(report.count(DecodeCount::times_replaced) + report.count(DecodeCount::starts_replaced), 0u);
  EXPECT_EQ(decode.flow().time_flow_end_ns - decode.flow().time_flow_start_ns, 30 * kMinute)
      << "long flows keep both times, for whoever spreads them";
}

TEST(Quirk, Row29b_TenMinutesBetweenTemplatesAndNoSampling) {
  DecodeFixture decode({}, with_default_rate(1));
  decode(SetMessage::v9().tmpl(256, {{1, 4}}));
  decode.exporters.expire(kReceivedNs + 10 * kMinute);
  EXPECT_EQ(decode(SetMessage::v9().data(256, WireBytes().u32(5)).bytes(), kReceivedNs + 10 * kMinute)
                .count(DecodeCount::flows),
            1u);
  EXPECT_EQ(decode.flow().sampling_rate, 1u);
  EXPECT_EQ(decode.flow().sampling_rate_source, SamplingRateSource::configured);
}

TEST(Quirk, Row30_NoRateTakesTheConfiguredOne) {
  DecodeFixture decode({}, with_default_rate(4096));
  const auto v5 = WireBytes().u16(5).u16(1).u32(0).u32(kHeaderSeconds).zeros(12).zeros(48).data();
  EXPECT_EQ(decode(v5).count(DecodeCount::flows), 1u);
  EXPECT_EQ(decode.flow().sampling_rate, 4096u) << "0 in the header";
  decode(SetMessage::v9().tmpl(256, {{34, 4}, {1, 4}}).data(256, WireBytes().u32(512).u32(1).u32(0).u32(1)));
  EXPECT_EQ(decode.flow(0).sampling_rate, 512u) << "in the record";
  EXPECT_EQ(decode.flow(1).sampling_rate, 4096u) << "0 in the record";
}

TEST(Quirk, Row32_VariableLengthInNetflow9) {
  DecodeFixture decode;
  const auto report = decode(SetMessage::v9()
                                 .tmpl(256, {{371, kVariableLength}, {1, 4}})
                                 .data(256, WireBytes().u8(2).u8('m').u8('e').u32(1).u8(0).u32(2)));
  EXPECT_EQ(report.count(DecodeCount::flows), 2u);
  EXPECT_EQ(decode.extras(0)->get(ExtraText::user_name), "me");
  EXPECT_EQ(decode.flow(1).bytes, 2u);
}

TEST(Quirk, Row33_PaddingOfAnyLength) {
  for (unsigned padding = 0; padding < 8; ++padding) {
    DecodeFixture decode;
    WireBytes tmpl;
    tmpl.u16(256).u16(1).u16(27).u16(16).zeros(padding);
    const auto report =
        decode(SetMessage::v9().set(0, tmpl).data(256, WireBytes().address("2001:db8::1").zeros(padding)));
    EXPECT_EQ(report.count(DecodeCount::templates), 1u) << padding;
    EXPECT_EQ(report.count(DecodeCount::flows), 1u) << padding;
    EXPECT_FALSE(report.any_error()) << padding;
  }
}

TEST(Quirk, Row34_HeadersCountIsIgnored) {
  for (const unsigned count : {0u, 1u, 30u, 65535u}) {
    DecodeFixture decode;
    auto message = SetMessage::v9().tmpl(256, {{1, 4}}).data(256, WireBytes().u32(1).u32(2).u32(3)).bytes();
    message[2] = static_cast<std::byte>(count >> 8);
    message[3] = static_cast<std::byte>(count);
    EXPECT_EQ(decode(message).count(DecodeCount::flows), 3u) << count;
  }
}

TEST(Quirk, Row35_TemplatesOfEmptyRecordsAreRefused) {
  DecodeFixture decode;
  const auto report = decode(SetMessage::v9().tmpl(256, {}).tmpl(257, {{8, 0}, {12, 0}}).tmpl(258, {{1, 4}}));
  EXPECT_EQ(report.count(DecodeError::bad_template), 2u);
  EXPECT_EQ(report.count(DecodeCount::templates), 1u) << "the good one beside them";
  decode(SetMessage::v9().data(256, WireBytes().zeros(400)).data(258, WireBytes().u32(1)));
  EXPECT_EQ(decode.batch.size(), 1u);
}

TEST(Quirk, Row36_TemplateIsReplacedAtOnce) {
  DecodeFixture decode;
  decode(SetMessage::v9()
             .tmpl(256, {{1, 4}})
             .data(256, WireBytes().u32(1))
             .tmpl(256, {{2, 2}})
             .data(256, WireBytes().u16(7)));
  ASSERT_EQ(decode.batch.size(), 2u);
  EXPECT_EQ(decode.flow(0).bytes, 1u);
  EXPECT_EQ(decode.flow(1).packets, 7u);
  EXPECT_EQ(decode.templates(), 1u);
}

TEST(Quirk, Row37_DomainsOfOneAddressAreApart) {
  DecodeFixture decode;
  decode(SetMessage::v9(1).tmpl(256, {{1, 4}}));
  decode(SetMessage::v9(2).tmpl(256, {{2, 4}}));
  decode(SetMessage::v9(1).data(256, WireBytes().u32(5)));
  EXPECT_EQ(decode.flow().bytes, 5u);
  decode(SetMessage::v9(2).data(256, WireBytes().u32(5)));
  EXPECT_EQ(decode.flow().packets, 5u);
}

TEST(Quirk, Row40_InterfaceNumbersWithGaps) {
  DecodeFixture decode;
  decode(
      SetMessage::v9().tmpl(256, {{10, 2}, {14, 2}}).data(256, WireBytes().u16(1).u16(37).u16(65535).u16(0)));
  EXPECT_EQ(decode.flow(0).out_if, 37u);
  EXPECT_EQ(decode.flow(1).in_if, 65535u);
  EXPECT_EQ(decode.flow(1).out_if, 0u);
}

TEST(Quirk, Row41_ReducedSizesAndNoSampling) {
  for (std::uint16_t width = 1; width <= 8; ++width) {
    DecodeFixture decode({}, with_default_rate(1));
    WireBytes record;
    record.u8(0x1b).zeros(width - 1U).u8(200).zeros(width - 1U).u8(3);
    decode(SetMessage::v9().tmpl(256, {{6, 1}, {1, width}, {2, width}}).data(256, record));
    EXPECT_EQ(decode.flow().tcp_flags, 0x1b);
    EXPECT_EQ(decode.flow().bytes, 200u) << width;
    EXPECT_EQ(decode.flow().packets, 3u) << width;
    EXPECT_EQ(decode.flow().sampling_rate, 1u);
  }
}

TEST(Quirk, Row42_EmptyPlacesOfTheMplsStackAreNone) {
  SetMessage::Fields fields{{1, 4}};
  for (std::uint16_t element = 70; element < 80; ++element) fields.push_back({element, 3});
  DecodeFixture decode;
  decode(SetMessage::v9().tmpl(1024, fields).data(1024, WireBytes().u32(5).zeros(30)));
  EXPECT_EQ(decode.flow().bytes, 5u);
  EXPECT_EQ(decode.extras(), nullptr);
}

TEST(Quirk, Row47b_TimesAFewMillisecondsPastTheHeader) {
  DecodeFixture decode;
  decode(SetMessage::v9()
             .tmpl(256, {{22, 4}, {21, 4}})
             .data(256, WireBytes().u32(kHeaderUptimeMs + 2).u32(kHeaderUptimeMs + 5)));
  EXPECT_EQ(decode.flow().time_flow_start_ns, kHeaderNs + 2 * kMs);
  EXPECT_EQ(decode.flow().time_flow_end_ns, kHeaderNs + 5 * kMs);
}

TEST(Quirk, Row48_UptimeWraps) {
  DecodeFixture decode;
  decode(SetMessage::v9(1, 7, 1000)
             .tmpl(256, {{22, 4}, {21, 4}})
             .data(256, WireBytes().u32(0xffffffff - 999).u32(500)));
  EXPECT_EQ(decode.flow().time_flow_start_ns, kHeaderNs - 2000 * kMs) << "before the counter began again";
  EXPECT_EQ(decode.flow().time_flow_end_ns, kHeaderNs - 500 * kMs);
}

TEST(Quirk, Row51_CountersInOrderOfPreference) {
  const auto bytes = [](const SetMessage::Fields& fields, const WireBytes& record) {
    DecodeFixture decode;
    decode(SetMessage::v9().tmpl(256, fields).data(256, record));
    return std::pair(decode.flow().bytes, decode.flow().packets);
  };
  const auto record = [](std::uint32_t a, std::uint32_t b) {
    return WireBytes().u32(a).u32(a + 1).u32(b).u32(b + 1);
  };
  const auto pair = [](std::uint64_t a) { return std::pair(a, a + 1); };
  EXPECT_EQ(bytes({{23, 4}, {24, 4}, {1, 4}, {2, 4}}, record(10, 20)), pair(20)) << "delta first";
  EXPECT_EQ(bytes({{85, 4}, {86, 4}, {23, 4}, {24, 4}}, record(10, 20)), pair(20))
      << "then the one after the box";
  EXPECT_EQ(bytes({{85, 4}, {86, 4}}, WireBytes().u32(10).u32(11)), pair(10)) << "then totals";
  EXPECT_EQ(bytes({{231, 4}, {298, 4}}, WireBytes().u32(10).u32(11)), pair(10)) << "then the initiator's";
}

TEST(Quirk, Row53_NonFirstFragmentsHaveProtocolZero) {
  DecodeFixture decode;
  const auto report = decode(
      SetMessage::v9()
          .tmpl(256, {{27, 16}, {28, 16}, {4, 1}, {7, 2}, {11, 2}, {1, 2}})
          .data(256,
                WireBytes().address("2001:db8::1").address("2001:db8::2").u8(0).u16(0).u16(0).u16(1280)));
  EXPECT_EQ(report.count(DecodeCount::flows), 1u) << "in a set of 43 bytes";
  EXPECT_FALSE(report.any_error());
  EXPECT_EQ(decode.flow().proto, 0);
  EXPECT_EQ(decode.flow().bytes, 1280u);
}

TEST(Quirk, Row54_SoftflowdsSampling) {
  const auto v5 = [](unsigned field) {
    return WireBytes().u16(5).u16(1).u32(0).u32(kHeaderSeconds).zeros(10).u16(field).zeros(48).data();
  };
  DecodeFixture decode;
  decode(v5(0x4000));
  EXPECT_EQ(decode.flow().sampling_rate, 0u) << "a mode and no rate";
  decode(v5(10));
  EXPECT_EQ(decode.flow().sampling_rate, 10u);
  decode(SetMessage::v9()
             .options_tmpl(256, {{1, 4}}, {{34, 4}, {35, 1}})
             .data(256, WireBytes().u32(0).u32(10).u8(1))
             .tmpl(1024, {{1, 4}})
             .data(1024, WireBytes().u32(5)));
  EXPECT_EQ(decode.flow().sampling_rate, 10u);
  EXPECT_EQ(decode.flow().sampling_rate_source, SamplingRateSource::options);
}

TEST(Quirk, Row55_PmacctsSamplerInItsOptions) {
  for (const std::uint16_t scope : {std::uint16_t{0}, std::uint16_t{1}}) {
    DecodeFixture decode;
    decode(SetMessage::v9()
               .options_tmpl(4096, {{scope, 4}}, {{48, 1}, {49, 1}, {50, 4}})
               .data(4096, WireBytes().u32(0).u8(1).u8(2).u32(100).zeros(2))
               .tmpl(1024, {{48, 1}, {4, 1}, {11, 2}})
               .data(1024, WireBytes().u8(1).u8(1).u16(8 * 256)));
    ASSERT_EQ(decode.batch.size(), 1u) << scope;
    EXPECT_EQ(decode.flow().sampling_rate, 100u) << scope;
    EXPECT_EQ(decode.flow().icmp_type, 8);
  }
}

TEST(Quirk, Row57_EnginesAreNoExportersAndTemplatesChangeWithTheFamily) {
  const auto v5 = [](unsigned engine) {
    return WireBytes().u16(5).u16(1).u32(0).u32(kHeaderSeconds).zeros(8).u16(engine).zeros(50).data();
  };
  DecodeFixture decode;
  EXPECT_EQ(decode(v5(0x1234)).count(DecodeCount::flows), 1u);
  EXPECT_EQ(decode(v5(0x4321)).count(DecodeCount::flows), 1u);
  EXPECT_EQ(decode.exporters.size(), 1u);
  for (int i = 0; i < 3; ++i) {
    decode(SetMessage::v9().tmpl(256, {{8, 4}}).data(256, WireBytes().address("192.0.2.1")));
    EXPECT_EQ(decode.flow().source().to_string(), "192.0.2.1");
    decode(SetMessage::v9().tmpl(256, {{27, 16}}).data(256, WireBytes().address("2001:db8::1")));
    EXPECT_EQ(decode.flow().source().to_string(), "2001:db8::1");
  }
}

}  // namespace
}  // namespace sluice::decode
