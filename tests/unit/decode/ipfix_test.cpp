#include <gtest/gtest.h>

#include "support/decode_fixture.hpp"

namespace sluice::decode {
namespace {

using test::DecodeFixture;
using test::SetMessage;
using test::WireBytes;

constexpr std::uint64_t kNtpOffset = 2208988800ULL;

TEST(Ipfix, HeaderFieldsReachTheFlow) {
  DecodeFixture decode;
  const auto report = decode(SetMessage::ipfix(99, 1000)
                                 .tmpl(256, {{8, 4}, {1, 8}})
                                 .data(256, WireBytes().address("192.0.2.1").u64(5)));
  EXPECT_EQ(report.protocol, Protocol::ipfix);
  EXPECT_FALSE(report.any_error());
  const Origin& origin = decode.batch.origin_of(decode.flow());
  EXPECT_EQ(origin.type, FlowType::ipfix);
  EXPECT_EQ(origin.observation_domain_id, 99u);
  EXPECT_EQ(origin.sequence_num, 1000u);
  EXPECT_EQ(decode.flow().bytes, 5u);
}

TEST(Ipfix, EveryTimeEncoding) {
  const auto ntp = [](std::uint64_t seconds, std::uint64_t fraction) {
    return (seconds + kNtpOffset) << 32 | fraction;
  };
  struct Row {
    const char* what;
    SetMessage::Fields fields;
    WireBytes record;
    std::uint64_t start, end;
  };
  const std::vector<Row> rows{
      {"seconds",
       {{150, 4}, {151, 4}},
       WireBytes().u32(1699999990).u32(1699999999),
       1699999990000000000,
       1699999999000000000},
      {"milliseconds",
       {{152, 8}, {153, 8}},
       WireBytes().u64(1699999990001).u64(1699999999002),
       1699999990001000000,
       1699999999002000000},
      {"microseconds as NTP",
       {{154, 8}, {155, 8}},
       WireBytes().u64(ntp(1699999990, 0x80000000)).u64(ntp(1699999999, 0x40000000)),
       1699999990500000000,
       1699999999250000000},
      {"nanoseconds as NTP",
       {{156, 8}, {157, 8}},
       WireBytes().u64(ntp(1699999990, 0xffffffff)).u64(ntp(1699999999, 1)),
       1699999990999999999,
       1699999999000000000},
      {"seconds and microseconds of pmacct",
       {{154, 16}, {155, 16}},
       WireBytes().u64(1699999990).u64(7).u64(1699999999).u64(999999),
       1699999990000007000,
       1699999999999999000},
      {"microseconds before export",
       {{158, 4}, {159, 4}},
       WireBytes().u32(2000000).u32(1),
       1699999998000000000,
       1699999999999999000},
      {"uptime with IE 160 after it",
       {{22, 4}, {21, 4}, {160, 8}},
       WireBytes().u32(1000).u32(2000).u64(1699999990000),
       1699999991000000000,
       1699999992000000000},
      {"uptime without IE 160: the export time",
       {{22, 4}, {21, 4}},
       WireBytes().u32(1000).u32(2000),
       1700000000000000000,
       1700000000000000000},
      {"one observation",
       {{323, 8}},
       WireBytes().u64(1699999999123),
       1699999999123000000,
       1699999999123000000},
      {"an end alone", {{153, 8}}, WireBytes().u64(1699999999123), 1699999999123000000, 1699999999123000000},
      {"a start alone", {{152, 8}}, WireBytes().u64(1699999999123), 1699999999123000000, 1699999999123000000},
      {"none: the export time", {{4, 1}}, WireBytes().u8(6), 1700000000000000000, 1700000000000000000},
      {"an odd width is left out",
       {{154, 5}, {155, 5}},
       WireBytes().zeros(10),
       1700000000000000000,
       1700000000000000000},
  };
  for (const Row& row : rows) {
    DecodeFixture decode;
    const auto report = decode(SetMessage::ipfix().tmpl(256, row.fields).data(256, row.record));
    ASSERT_EQ(report.count(DecodeCount::flows), 1u) << row.what;
    EXPECT_EQ(decode.flow().time_flow_start_ns, row.start) << row.what;
    EXPECT_EQ(decode.flow().time_flow_end_ns, row.end) << row.what;
    EXPECT_EQ(report.count(DecodeCount::times_replaced) + report.count(DecodeCount::starts_replaced), 0u)
        << row.what;
  }
}

TEST(Ipfix, SystemInitTimeFromOptionsServesLaterFlows) {
  DecodeFixture decode;
  decode(SetMessage::ipfix()
             .options_tmpl(300, {{149, 4}}, {{160, 8}})
             .data(300, WireBytes().u32(1).u64(1699999990000)));
  decode(SetMessage::ipfix().tmpl(256, {{22, 4}, {21, 4}}).data(256, WireBytes().u32(1000).u32(2000)));
  EXPECT_EQ(decode.flow().time_flow_end_ns, 1699999992000000000u);
}

TEST(Ipfix, EnterpriseElementsAreSkippedByTheirLength) {
  DecodeFixture decode;
  const auto report = decode(SetMessage::ipfix()
                                 .tmpl(256, {{1, 4}, {1, 4, 9}, {9999, kVariableLength, 35632}, {2, 4}})
                                 .data(256, WireBytes().u32(10).u32(20).u8(3).zeros(3).u32(30)));
  EXPECT_EQ(report.count(DecodeCount::flows), 1u);
  EXPECT_EQ(decode.flow().bytes, 10u) << "an enterprise's element 1 is another";
  EXPECT_EQ(decode.flow().packets, 30u);
}

TEST(Ipfix, RecordOfBothDirectionsBecomesTwoFlows) {
  const SetMessage::Fields fields{{8, 4},        {12, 4},       {7, 2},        {11, 2},       {4, 1},
                                  {10, 4},       {14, 4},       {5, 1},        {1, 4},        {2, 4},
                                  {1, 4, 29305}, {2, 4, 29305}, {6, 1, 29305}, {5, 1, 29305}, {234, 4}};
  const auto record = [](std::uint32_t reverse) {
    return WireBytes()
        .address("192.0.2.1")
        .address("192.0.2.2")
        .u16(50000)
        .u16(443)
        .u8(6)
        .u32(3)
        .u32(4)
        .u8(8)
        .u32(100)
        .u32(2)
        .u32(reverse)
        .u32(reverse ? 5 : 0)
        .u8(0x1b)
        .u8(16)
        .u32(77);
  };
  DecodeFixture decode;
  const auto report =
      decode(SetMessage::ipfix().tmpl(256, fields).data(256, record(900).raw(record(0).data())));
  EXPECT_EQ(report.count(DecodeCount::flow_records), 2u);
  ASSERT_EQ(report.count(DecodeCount::flows), 3u) << "a reverse counter of 0 makes no flow";
  ASSERT_EQ(decode.batch.size(), 3u);
  EXPECT_EQ(decode.flow(0).bytes, 100u);
  EXPECT_EQ(decode.flow(0).ip_tos, 8);
  const FlowRecord& back = decode.flow(2);
  EXPECT_EQ(back.source().to_string(), "192.0.2.2");
  EXPECT_EQ(back.destination().to_string(), "192.0.2.1");
  EXPECT_EQ(back.src_port, 443);
  EXPECT_EQ(back.dst_port, 50000);
  EXPECT_EQ(back.in_if, 4u);
  EXPECT_EQ(back.out_if, 3u);
  EXPECT_EQ(back.bytes, 900u);
  EXPECT_EQ(back.packets, 5u);
  EXPECT_EQ(back.tcp_flags, 0x1b);
  EXPECT_EQ(back.ip_tos, 16);
  EXPECT_EQ(decode.extras(2)->get(ExtraScalar::egress_vrf_id), 77u);
  EXPECT_FALSE(decode.extras(2)->has(ExtraScalar::ingress_vrf_id));
}

TEST(Ipfix, TotalsOfTheWayBackCountWhereThereAreNoDeltas) {
  const SetMessage::Fields totals{{8, 4}, {12, 4}, {85, 4}, {85, 4, 29305}, {86, 4}, {86, 4, 29305}};
  SetMessage::Fields both = totals;
  both.insert(both.end(), {{1, 4, 29305}, {2, 4, 29305}});
  const auto record = [] {
    return WireBytes().address("192.0.2.1").address("192.0.2.2").u32(100).u32(900).u32(1).u32(9);
  };
  DecodeFixture decode;
  decode(SetMessage::ipfix().tmpl(256, totals).data(256, record()));
  ASSERT_EQ(decode.batch.size(), 2u);
  EXPECT_EQ(decode.flow(0).bytes, 100u);
  EXPECT_EQ(decode.flow(1).source().to_string(), "192.0.2.2");
  EXPECT_EQ(decode.flow(1).bytes, 900u);
  EXPECT_EQ(decode.flow(1).packets, 9u);
  decode(SetMessage::ipfix().tmpl(257, both).data(257, record().u32(20).u32(2)));
  ASSERT_EQ(decode.batch.size(), 2u);
  EXPECT_EQ(decode.flow(1).bytes, 20u);
  EXPECT_EQ(decode.flow(1).packets, 2u);
  decode(SetMessage::ipfix().tmpl(257, both).data(257, record().u32(0).u32(0)));
  EXPECT_EQ(decode.batch.size(), 1u) << "a total is no stand-in for a delta of 0";
}

TEST(Ipfix, RecordOfTheWayBackAloneIsOneFlow) {
  DecodeFixture decode;
  const auto report = decode(
      SetMessage::ipfix()
          .tmpl(256, {{8, 4}, {12, 4}, {7, 2}, {11, 2}, {4, 1}, {1, 4}, {1, 4, 29305}})
          .data(
              256,
              WireBytes().address("192.0.2.1").address("192.0.2.2").u16(0x0301).u16(0).u8(1).u32(0).u32(9)));
  EXPECT_EQ(report.count(DecodeCount::flow_records), 1u);
  ASSERT_EQ(report.count(DecodeCount::flows), 1u);
  EXPECT_EQ(decode.flow().source().to_string(), "192.0.2.2");
  EXPECT_EQ(decode.flow().bytes, 9u);
  EXPECT_EQ(decode.flow().icmp_type, 3) << "the type that came back";
  EXPECT_EQ(decode.flow().icmp_code, 1);
}

TEST(Ipfix, ResponderCountersOfFirewalls) {
  DecodeFixture decode;
  decode(SetMessage::ipfix()
             .tmpl(256, {{8, 4}, {12, 4}, {231, 4}, {232, 4}, {298, 4}, {299, 4}})
             .data(256, WireBytes().address("192.0.2.1").address("192.0.2.2").u32(10).u32(20).u32(1).u32(2)));
  ASSERT_EQ(decode.batch.size(), 2u);
  EXPECT_EQ(decode.flow(0).bytes, 10u);
  EXPECT_EQ(decode.flow(1).bytes, 20u);
  EXPECT_EQ(decode.flow(1).packets, 2u);
  EXPECT_EQ(decode.flow(1).source().to_string(), "192.0.2.2");
}

TEST(Ipfix, VariableLengthInBothForms) {
  DecodeFixture decode;
  WireBytes record;
  record.u8(0).u32(1).u8(255).u16(3).u8('x').u8('y').u8('z').u32(2);
  const auto report =
      decode(SetMessage::ipfix().tmpl(256, {{371, kVariableLength}, {1, 4}}).data(256, record));
  EXPECT_EQ(report.count(DecodeCount::flows), 2u);
  EXPECT_EQ(decode.extras(0), nullptr) << "an empty text is none";
  EXPECT_EQ(decode.extras(1)->get(ExtraText::user_name), "xyz");
  EXPECT_EQ(decode.flow(1).bytes, 2u);
}

TEST(Ipfix, RecordThatEndsTooSoonKeepsTheOnesBefore) {
  DecodeFixture decode;
  const auto report = decode(SetMessage::ipfix()
                                 .tmpl(256, {{371, kVariableLength}, {1, 4}})
                                 .data(256, WireBytes().u8(1).u8('a').u32(1).u8(200).u8('b').u32(2))
                                 .tmpl(257, {{1, 4}})
                                 .data(257, WireBytes().u32(3)));
  EXPECT_EQ(report.count(DecodeCount::flows), 2u);
  EXPECT_EQ(report.count(DecodeError::bad_record), 1u);
  EXPECT_EQ(decode.flow(1).bytes, 3u);
}

TEST(Ipfix, WithdrawalOfOneTemplate) {
  DecodeFixture decode(test::hold_nothing());
  decode(SetMessage::ipfix().tmpl(256, {{1, 4}}).tmpl(257, {{1, 4}}));
  EXPECT_EQ(decode(SetMessage::ipfix().withdraw(256)).count(DecodeCount::withdrawals), 1u);
  const auto report = decode(SetMessage::ipfix().data(256, WireBytes().u32(1)).data(257, WireBytes().u32(1)));
  EXPECT_EQ(report.count(DecodeError::missing_template), 1u);
  EXPECT_EQ(report.count(DecodeCount::flows), 1u);
}

TEST(Ipfix, WithdrawalOfAllKeepsOptionsTemplatesAndOtherDomains) {
  DecodeFixture decode;
  decode(
      SetMessage::ipfix(1).tmpl(256, {{1, 4}}).tmpl(257, {{1, 4}}).options_tmpl(300, {{149, 4}}, {{34, 4}}));
  decode(SetMessage::ipfix(2).tmpl(256, {{1, 4}}));
  EXPECT_EQ(decode(SetMessage::ipfix(1).withdraw(2)).count(DecodeCount::withdrawals), 2u);
  EXPECT_EQ(
      decode(SetMessage::ipfix(1).data(300, WireBytes().u32(0).u32(5))).count(DecodeCount::options_records),
      1u);
  EXPECT_EQ(decode(SetMessage::ipfix(2).data(256, WireBytes().u32(5))).count(DecodeCount::flows), 1u);
  EXPECT_EQ(decode(SetMessage::ipfix(1).withdraw(3, true)).count(DecodeCount::withdrawals), 1u);
}

TEST(Ipfix, SamplingRates) {
  struct Row {
    const char* what;
    SetMessage::Fields options;
    WireBytes record;
    std::uint64_t rate;
  };
  const std::vector<Row> rows{
      {"interval and space", {{304, 2}, {305, 4}, {306, 4}}, WireBytes().u16(1).u32(1).u32(999), 1000},
      {"interval of more than one", {{305, 4}, {306, 4}}, WireBytes().u32(10).u32(990), 100},
      {"interval alone", {{305, 4}}, WireBytes().u32(2000), 2000},
      {"random interval", {{50, 2}}, WireBytes().u16(512), 512},
      {"sampling interval", {{34, 4}, {35, 1}}, WireBytes().u32(128).u8(2), 128},
      {"size and population", {{309, 4}, {310, 4}}, WireBytes().u32(2).u32(512), 256},
      {"probability", {{311, 8}}, WireBytes().u64(0x3f50624dd2f1a9fcULL), 1000},
      {"probability in four bytes", {{311, 4}}, WireBytes().u32(0x3c23d70aU), 100},
      {"interval beats the rest", {{34, 4}, {305, 4}, {50, 4}}, WireBytes().u32(1).u32(2).u32(3), 2},
  };
  for (const Row& row : rows) {
    DecodeFixture decode;
    decode(SetMessage::ipfix()
               .options_tmpl(300, {{302, 4}}, row.options)
               .data(300, WireBytes().u32(5).raw(row.record.data())));
    decode(SetMessage::ipfix().tmpl(256, {{302, 4}, {1, 4}}).data(256, WireBytes().u32(5).u32(1)));
    ASSERT_EQ(decode.batch.size(), 1u) << row.what;
    EXPECT_EQ(decode.flow().sampling_rate, row.rate) << row.what;
    EXPECT_EQ(decode.flow().sampling_rate_source, SamplingRateSource::options) << row.what;
  }
}

TEST(Ipfix, ReducedSizeAndRareElements) {
  DecodeFixture decode;
  decode(SetMessage::ipfix()
             .tmpl(256, {{1, 2},
                         {136, 1},
                         {148, 8},
                         {225, 4},
                         {281, 16},
                         {227, 2},
                         {230, 1},
                         {233, 1},
                         {197, 1},
                         {31, 4},
                         {351, 8},
                         {138, 8}})
             .data(256, WireBytes()
                            .u16(77)
                            .u8(3)
                            .u64(123456789012)
                            .address("203.0.113.9")
                            .zeros(16)
                            .u16(1024)
                            .u8(0)
                            .u8(5)
                            .u8(0x40)
                            .u32(0xabcde)
                            .u64(0x0100000000001388ULL)
                            .u64(6)));
  EXPECT_EQ(decode.flow().bytes, 77u);
  EXPECT_EQ(decode.flow().flow_end_reason, 3);
  EXPECT_EQ(decode.flow().ip_flags, 2);
  EXPECT_EQ(decode.flow().ipv6_flow_label, 0xabcdeu);
  const FlowExtras& extras = *decode.extras();
  EXPECT_EQ(extras.get(ExtraScalar::flow_id), 123456789012u);
  EXPECT_EQ(extras.get(ExtraAddress::post_nat_src_addr).to_string(), "203.0.113.9");
  EXPECT_EQ(extras.get(ExtraScalar::post_nat_src_port), 1024u);
  EXPECT_TRUE(extras.has(ExtraScalar::nat_event));
  EXPECT_EQ(extras.get(ExtraScalar::firewall_event), 5u);
  EXPECT_EQ(extras.get(ExtraScalar::vni), 5000u);
  EXPECT_EQ(extras.get(ExtraScalar::observation_point_id), 6u);
}

TEST(Ipfix, FrameSectionIsParsedWithItsSize) {
  const auto frame =
      test::PacketBuilder().ethernet().vlan(7).ipv6("2001:db8::1", "2001:db8::2").udp(53, 5353).bytes();
  DecodeFixture decode;
  WireBytes record;
  record.u16(1514).u8(frame.size()).raw(frame);
  decode(SetMessage::ipfix().tmpl(256, {{312, 2}, {315, kVariableLength}}).data(256, record));
  EXPECT_EQ(decode.flow().source().to_string(), "2001:db8::1");
  EXPECT_EQ(decode.flow().dst_port, 5353);
  EXPECT_EQ(decode.flow().vlan_id, 7);
  EXPECT_EQ(decode.flow().bytes, 1514u);
  EXPECT_EQ(decode.flow().packets, 1u);
}

TEST(Ipfix, IpSectionKnowsItsFamily) {
  const auto packet = test::PacketBuilder().ipv6("2001:db8::1", "2001:db8::2").udp(53, 5353).bytes();
  DecodeFixture decode;
  decode(SetMessage::ipfix()
             .tmpl(256, {{313, static_cast<std::uint16_t>(packet.size())}})
             .data(256, WireBytes().raw(packet)));
  EXPECT_EQ(decode.flow().source().to_string(), "2001:db8::1");
  EXPECT_EQ(decode.flow().etype, 0x86dd);
}

TEST(Ipfix, SectionsWithATunnelHaveOuterAndInnerFields) {
  const auto tunnel = [](test::PacketBuilder packet) {
    return packet.ipv4("192.0.2.1", "192.0.2.2")
        .udp(1, 4789)
        .vxlan(7)
        .ethernet()
        .ipv4("10.0.0.1", "10.0.0.2")
        .tcp(1, 2)
        .bytes();
  };
  const std::pair<std::uint16_t, std::vector<std::byte>> sections[] = {
      {315, tunnel(test::PacketBuilder().ethernet())}, {313, tunnel(test::PacketBuilder())}};
  for (const auto& [element, packet] : sections) {
    SCOPED_TRACE(element);
    DecodeFixture decode;
    decode(SetMessage::ipfix()
               .tmpl(256, {{element, static_cast<std::uint16_t>(packet.size())}})
               .data(256, WireBytes().raw(packet)));
    EXPECT_EQ(decode.flow().source().to_string(), "192.0.2.1");
    const FlowExtras& extras = *decode.extras();
    EXPECT_EQ(extras.get(ExtraAddress::inner_src_addr).to_string(), "10.0.0.1");
    EXPECT_EQ(extras.get(ExtraScalar::inner_proto), 6u);
    EXPECT_EQ(extras.get(ExtraScalar::vni), 7u);
  }
}

TEST(Ipfix, SegmentIdOfTheExporterBeatsThatOfTheTunnel) {
  const auto packet =
      test::PacketBuilder().ipv4("192.0.2.1", "192.0.2.2").udp(1, 4789).vxlan(7).ethernet().bytes();
  const auto size = static_cast<std::uint16_t>(packet.size());
  DecodeFixture decode;
  decode(SetMessage::ipfix()
             .tmpl(256, {{351, 8}, {313, size}})
             .data(256, WireBytes().u64(1ULL << 56 | 9).raw(packet))
             .tmpl(257, {{313, size}, {351, 8}})
             .data(257, WireBytes().raw(packet).u64(1ULL << 56 | 9)));
  for (const std::size_t i : {0u, 1u}) EXPECT_EQ(decode.extras(i)->get(ExtraScalar::vni), 9u) << i;
}

TEST(Ipfix, LengthBeyondTheDatagramKeepsWhatCame) {
  DecodeFixture decode;
  auto message = SetMessage::ipfix().tmpl(256, {{1, 4}}).data(256, WireBytes().u32(1)).bytes();
  message[2] = std::byte{0xff};
  const auto report = decode(message);
  EXPECT_EQ(report.count(DecodeCount::flows), 1u);
  EXPECT_EQ(report.count(DecodeError::bad_length), 1u);
}

TEST(Ipfix, BytesPastTheMessageAreNotRead) {
  DecodeFixture decode;
  auto message = SetMessage::ipfix().tmpl(256, {{1, 4}}).data(256, WireBytes().u32(1)).bytes();
  const auto tail = WireBytes().u16(256).u16(8).u32(2).data();
  message.insert(message.end(), tail.begin(), tail.end());
  const auto report = decode(message);
  EXPECT_EQ(report.count(DecodeCount::flows), 1u);
  EXPECT_FALSE(report.any_error());
}

TEST(Ipfix, SetThatReachesPastTheHeadersLengthIsBelieved) {
  DecodeFixture decode;
  auto message = SetMessage::ipfix().tmpl(256, {{1, 4}}).data(256, WireBytes().u32(1).u32(2)).bytes();
  message[3] = static_cast<std::byte>(message.size() - 2);
  const auto report = decode(message);
  EXPECT_EQ(report.count(DecodeCount::flows), 2u);
  EXPECT_EQ(report.count(DecodeError::bad_length), 1u);
}

TEST(Ipfix, EveryTruncationKeepsWhatIsWhole) {
  const auto whole = SetMessage::ipfix()
                         .tmpl(256, {{8, 4}, {1, 4}})
                         .data(256, WireBytes().address("192.0.2.1").u32(1))
                         .data(256, WireBytes().address("192.0.2.2").u32(2))
                         .bytes();
  for (std::size_t n = 0; n < whole.size(); ++n) {
    DecodeFixture decode;
    const auto report = decode({whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(n)});
    EXPECT_TRUE(report.any_error()) << n;
    EXPECT_EQ(report.count(DecodeCount::flows), n < whole.size() - 12 ? 0u : 1u) << n;
  }
}

}  // namespace
}  // namespace sluice::decode
