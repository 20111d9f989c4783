// What exporters really send, where an exporter's settings have to say how it is meant. Row numbers are those
// of docs/protocols.md.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "quirk_support.hpp"
#include "sflow_fixture.hpp"
#include "support/decode_fixture.hpp"

namespace sluice::decode {
namespace {

using test::DecodeFixture;
using test::kHeaderSeconds;
using test::kReceivedNs;
using test::PacketBuilder;
using test::SetMessage;
using test::SflowSample;
using test::WireBytes;

constexpr std::uint64_t kSecond = 1000000000;

WireBytes nsel(std::uint64_t connection, unsigned event, std::uint32_t there, std::uint32_t back) {
  return WireBytes().u32(connection).address("192.0.2.1").address("192.0.2.2").u8(event).u32(there).u32(back);
}
SetMessage nsel_template() {
  return SetMessage::v9().tmpl(263, {{148, 4}, {8, 4}, {12, 4}, {233, 1}, {231, 4}, {232, 4}});
}

TEST(Quirk, Row1_FirewallVolumeIsCountedOnce) {
  DecodeFixture decode;
  decode(nsel_template());
  const auto event = [&](const WireBytes& record) { return decode(SetMessage::v9().data(263, record)); };
  EXPECT_EQ(event(nsel(7, 1, 0, 0)).count(DecodeCount::flows), 1u) << "created";
  EXPECT_EQ(decode.extras()->get(ExtraScalar::firewall_event), 1u);
  EXPECT_EQ(event(nsel(7, 5, 100, 900)).count(DecodeCount::flows), 2u) << "update: both directions";
  EXPECT_EQ(decode.flow(0).bytes, 100u);
  EXPECT_EQ(decode.flow(1).bytes, 900u);
  EXPECT_EQ(decode.extras(1)->get(ExtraScalar::firewall_event), 5u);
  EXPECT_EQ(event(nsel(7, 2, 100, 900)).count(DecodeCount::flows), 1u)
      << "deleted: the event stays, the volume was counted";
  EXPECT_EQ(decode.flow().bytes, 0u);
  EXPECT_EQ(decode.extras()->get(ExtraScalar::firewall_event), 2u);
  EXPECT_EQ(event(nsel(7, 2, 5, 6)).count(DecodeCount::flows), 2u)
      << "the number is used again, by a connection without updates";
  EXPECT_EQ(decode.flow(1).bytes, 6u);
  EXPECT_EQ(event(nsel(8, 3, 0, 0)).count(DecodeCount::flows), 1u) << "denied";
}

TEST(Quirk, Row1_FirewallVolumeAsSent) {
  DecodeFixture decode({}, with(&ExporterSettings::teardown_repeats_updates, false));
  decode(nsel_template());
  decode(SetMessage::v9().data(263, nsel(7, 5, 100, 900)));
  EXPECT_EQ(decode(SetMessage::v9().data(263, nsel(7, 2, 10, 90))).count(DecodeCount::flows), 2u);
  EXPECT_EQ(decode.flow(0).bytes, 10u);
  EXPECT_EQ(decode.flow(1).bytes, 90u);
}

TEST(Quirk, Row1_ConnectionsOfAFirewallAreBounded) {
  Limits limits;
  limits.max_connections = 8;
  DecodeFixture decode(limits);
  decode(nsel_template());
  std::uint32_t forgotten = 0;
  for (std::uint64_t connection = 1; connection <= 100; ++connection)
    forgotten +=
        decode(SetMessage::v9().data(263, nsel(connection, 5, 1, 1))).count(DecodeError::connection_limit);
  decode.exporters.for_each([&](Exporter& exporter) {
    EXPECT_LE(exporter.connections.size(), 9u);
    EXPECT_EQ(exporter.connections.size() + forgotten, 100u);
  });
  EXPECT_EQ(decode(SetMessage::v9().data(263, nsel(100, 2, 1, 1))).count(DecodeCount::flows), 1u)
      << "the latest are known";
}

TEST(Quirk, Row1_BiflowsMayStayOneFlow) {
  DecodeFixture decode({}, with(&ExporterSettings::split_biflows, false));
  decode(nsel_template());
  EXPECT_EQ(decode(SetMessage::v9().data(263, nsel(7, 5, 100, 900))).count(DecodeCount::flows), 1u);
  EXPECT_EQ(decode.flow().bytes, 100u);
  const auto report =
      decode(SetMessage::ipfix().tmpl(256, {{1, 4}, {1, 4, 29305}}).data(256, WireBytes().u32(3).u32(4)));
  EXPECT_EQ(report.count(DecodeCount::flows), 1u);
  EXPECT_EQ(decode.flow().bytes, 3u);
}

TEST(Quirk, Row8_FullSixteenBitsOfNetflow5Sampling) {
  const auto header = [](unsigned field) {
    return WireBytes().u16(5).u16(1).u32(0).u32(kHeaderSeconds).zeros(10).u16(field).zeros(48).data();
  };
  DecodeFixture plain;
  plain(header(50000));
  EXPECT_EQ(plain.flow().sampling_rate, 50000u) << "mode 3 is undefined, so all bits are the rate";
  plain(header(0x4000 | 1000));
  EXPECT_EQ(plain.flow().sampling_rate, 1000u);
  plain(header(0));
  EXPECT_EQ(plain.flow().sampling_rate, 0u);
  EXPECT_EQ(plain.flow().sampling_rate_source, SamplingRateSource::unknown);
  DecodeFixture wide({}, with(&ExporterSettings::netflow5_sampling_16bit, true));
  wide(header(20000));
  EXPECT_EQ(wide.flow().sampling_rate, 20000u) << "whose high bits look like mode 1";
}

TEST(Quirk, Row9_NoOutputAndNoNextHopMayMeanDropped) {
  const auto message = [] {
    return SetMessage::v9()
        .tmpl(256, {{14, 4}, {15, 4}, {18, 4}, {61, 1}})
        .data(256, WireBytes()
                       .u32(0)
                       .zeros(4)
                       .address("192.0.2.7")
                       .u8(255)
                       .u32(5)
                       .zeros(4)
                       .zeros(4)
                       .u8(0)
                       .u32(0)
                       .address("192.0.2.8")
                       .zeros(4)
                       .u8(1));
  };
  DecodeFixture plain;
  plain(message());
  EXPECT_EQ(plain.flow(0).forwarding_status, 0);
  EXPECT_EQ(plain.flow(0).flow_direction, FlowDirection::unknown) << "255";
  DecodeFixture decode({}, with(&ExporterSettings::derive_forwarding_status, true));
  decode(message());
  EXPECT_EQ(decode.flow(0).forwarding_status, 128) << "the BGP next hop may be there all the same";
  EXPECT_EQ(decode.flow(1).forwarding_status, 0);
  EXPECT_EQ(decode.flow(2).forwarding_status, 0);
  decode(
      SetMessage::v9().tmpl(257, {{14, 4}, {15, 4}, {89, 1}}).data(257, WireBytes().u32(0).zeros(4).u8(64)));
  EXPECT_EQ(decode.flow().forwarding_status, 64) << "what the exporter says counts";
}

TEST(Quirk, Row16_ConfiguredRateBeatsTheAnnouncedOne) {
  DecodeFixture decode({}, with(&ExporterSettings::sampling_rate_override, std::uint64_t{1000}));
  decode(SetMessage::ipfix().tmpl(256, {{34, 4}, {1, 4}}).data(256, WireBytes().u32(2048).u32(1)));
  EXPECT_EQ(decode.flow().sampling_rate, 1000u);
  EXPECT_EQ(decode.flow().sampling_rate_source, SamplingRateSource::configured);
}

TEST(Quirk, Row26_WrongTimesAreMovedToTheReceipt) {
  DecodeFixture decode({}, with(&ExporterSettings::times_received, true));
  const auto report =
      decode(SetMessage::ipfix()
                 .tmpl(256, {{150, 4}, {151, 4}})
                 .data(256, WireBytes().u32(kHeaderSeconds - 7230).u32(kHeaderSeconds - 7200)));
  EXPECT_EQ(decode.flow().time_flow_end_ns, kReceivedNs);
  EXPECT_EQ(decode.flow().time_flow_start_ns, kReceivedNs - 30 * kSecond) << "it lasted half a minute";
  EXPECT_EQ(report.count(DecodeCount::times_replaced) + report.count(DecodeCount::starts_replaced), 0u);
}

TEST(Quirk, Row38_ExportersBehindOneAddressAreToldApartByPort) {
  const auto tmpl = [](std::uint16_t element) { return SetMessage::ipfix().tmpl(256, {{element, 4}}); };
  const auto data = SetMessage::ipfix().data(256, WireBytes().u32(5)).bytes();
  DecodeFixture one;
  one(tmpl(1));
  one.source_port = 2056;
  one(tmpl(2));
  one.source_port = 2055;
  EXPECT_EQ(one(data).count(DecodeCount::flows), 1u);
  EXPECT_EQ(one.flow().packets, 5u) << "one exporter, whose template was replaced";
  EXPECT_EQ(one.exporters.size(), 1u);

  DecodeFixture two({}, with(&ExporterSettings::key_with_port, true));
  two(tmpl(1));
  two.source_port = 2056;
  two(tmpl(2));
  EXPECT_EQ(two(data).count(DecodeCount::flows), 1u);
  EXPECT_EQ(two.flow().packets, 5u);
  two.source_port = 2055;
  EXPECT_EQ(two(data).count(DecodeCount::flows), 1u);
  EXPECT_EQ(two.flow().bytes, 5u);
  EXPECT_EQ(two.exporters.size(), 2u);
}

TEST(Quirk, Row39_WrongHeaderTimeIsReplacedByTheReceipt) {
  DecodeFixture decode({}, with(&ExporterSettings::times_received, true));
  auto message = SetMessage::v9(1, 7, 600000)
                     .tmpl(256, {{22, 4}, {21, 4}, {10, 2}, {14, 2}})
                     .data(256, WireBytes().u32(500000).u32(560000).u16(3).u16(3))
                     .bytes();
  for (const std::size_t at : {8u, 9u, 10u, 11u}) message[at] = std::byte{0x11};  // 1979
  decode(message);
  EXPECT_EQ(decode.flow().time_flow_end_ns, kReceivedNs);
  EXPECT_EQ(decode.flow().time_flow_start_ns, kReceivedNs - 60 * kSecond);
  EXPECT_EQ(decode.flow().in_if, decode.flow().out_if) << "both interfaces as sent";
  auto v5 =
      WireBytes().u16(5).u16(1).u32(600000).u32(1).zeros(12).zeros(24).u32(500000).u32(560000).zeros(16);
  decode(v5.data());
  EXPECT_EQ(decode.flow().time_flow_end_ns, kReceivedNs);
  EXPECT_EQ(decode.flow().time_flow_start_ns, kReceivedNs - 60 * kSecond);
}

TEST(Quirk, Row46_BytesOfTheFrameOrOfTheIpPacket) {
  const auto packet =
      PacketBuilder().ethernet().vlan(7).ipv4("192.0.2.1", "192.0.2.2").tcp(443, 50000).bytes();
  const auto sample = [](const std::vector<std::byte>& bytes, std::uint32_t frame) {
    return SflowSample::flow().raw_header(bytes, frame);
  };
  const ExporterSettings ip = with(&ExporterSettings::sflow_ip_bytes, true);
  EXPECT_EQ(SflowDecode(sample(packet, 68)).flow().bytes, 68u) << "the frame with its checksum";
  EXPECT_EQ(SflowDecode(sample(packet, 68), ip).flow().bytes, 40u)
      << "the padding of a short frame is left out";
  auto offloaded = packet;
  offloaded[20] = offloaded[21] = std::byte{0};
  EXPECT_EQ(SflowDecode(sample(offloaded, 1522), ip).flow().bytes, 1500u)
      << "no length in the header: the frame less tag, Ethernet and what was stripped";
  const auto v6 = PacketBuilder().ethernet().ipv6("2001:db8::1", "2001:db8::2").udp(53, 53).bytes();
  EXPECT_EQ(SflowDecode(sample(v6, 70), ip).flow().bytes, 48u);
  const auto arp = WireBytes().u48(1).u48(2).u16(0x0806).zeros(28).data();
  EXPECT_EQ(SflowDecode(sample(arp, 64), ip).flow().bytes, 64u) << "no IP packet";
  EXPECT_EQ(
      SflowDecode(SflowSample::flow()
                      .sampled_ethernet(1018, 1, 2, 0x0800)
                      .sampled_ip({.length = 1000, .protocol = 6, .src = "192.0.2.1", .dst = "192.0.2.2"}),
                  ip)
          .flow()
          .bytes,
      1000u);
}

const std::vector<std::byte>& vxlan_packet() {
  static const auto packet = PacketBuilder()
                                 .ethernet(1, 2)
                                 .vlan(5)
                                 .ipv4("192.0.2.1", "192.0.2.2", {.tos = 0x10, .ttl = 99})
                                 .udp(50001, 4789)
                                 .vxlan(5000)
                                 .ethernet(3, 4)
                                 .ipv4("10.0.0.1", "10.0.0.2", {.ttl = 3})
                                 .tcp(443, 40000, 0x12)
                                 .bytes();
  return packet;
}

void expect_decapsulated(const FlowRecord& flow, const FlowExtras& extras) {
  EXPECT_EQ(flow.source().to_string(), "10.0.0.1");
  EXPECT_EQ(flow.destination().to_string(), "10.0.0.2");
  EXPECT_EQ(flow.proto, 6);
  EXPECT_EQ(flow.src_port, 443);
  EXPECT_EQ(flow.dst_port, 40000);
  EXPECT_EQ(flow.tcp_flags, 0x12);
  EXPECT_EQ(flow.ip_ttl, 3);
  EXPECT_EQ(flow.ip_tos, 0);
  EXPECT_EQ(flow.src_mac, 3u);
  EXPECT_EQ(flow.vlan_id, 5) << "tags stay the outer packet's";
  EXPECT_EQ(extras.get(ExtraAddress::inner_src_addr).to_string(), "192.0.2.1");
  EXPECT_EQ(extras.get(ExtraAddress::inner_dst_addr).to_string(), "192.0.2.2");
  EXPECT_EQ(extras.get(ExtraScalar::inner_proto), 17u);
  EXPECT_EQ(extras.get(ExtraScalar::inner_src_port), 50001u);
  EXPECT_EQ(extras.get(ExtraScalar::inner_dst_port), 4789u);
  EXPECT_EQ(extras.get(ExtraScalar::vni), 5000u);
}

TEST(Quirk, Row47_TunnelIsDecapsulatedWhereAskedFor) {
  const auto sample = SflowSample::flow().raw_header(vxlan_packet(), 1500);
  SflowDecode outer(sample);
  EXPECT_EQ(outer.flow().source().to_string(), "192.0.2.1");
  EXPECT_EQ(outer.extras().get(ExtraAddress::inner_src_addr).to_string(), "10.0.0.1");
  SflowDecode inner(sample, with(&ExporterSettings::decapsulate, Decapsulate::inner));
  expect_decapsulated(inner.flow(), inner.extras());
  EXPECT_EQ(inner.flow().bytes, 1500u);
  for (const auto& fields : {SetMessage::Fields{{315, static_cast<std::uint16_t>(vxlan_packet().size())}},
                             SetMessage::Fields{{315, kVariableLength}}}) {
    DecodeFixture decode({}, with(&ExporterSettings::decapsulate, Decapsulate::inner));
    WireBytes record;
    if (fields[0].length == kVariableLength) record.u8(vxlan_packet().size());
    decode(SetMessage::ipfix().tmpl(256, fields).data(256, record.raw(vxlan_packet())));
    expect_decapsulated(decode.flow(), *decode.extras());
  }
}

TEST(Quirk, Row47_ExportersChoiceBeatsTheListeners) {
  const auto datagram =
      test::SflowDatagram().add(SflowSample::flow().raw_header(vxlan_packet(), 1500)).bytes();
  DecodeFixture decode;
  decode.listener_decapsulates = Decapsulate::inner;
  decode(datagram);
  expect_decapsulated(decode.flow(), *decode.extras());
  DecodeFixture outer({}, with(&ExporterSettings::decapsulate, Decapsulate::outer));
  outer.listener_decapsulates = Decapsulate::inner;
  outer(datagram);
  EXPECT_EQ(outer.flow().source().to_string(), "192.0.2.1");
}

TEST(Quirk, Row47_PacketWithoutAddressesInsideStaysTheOuterOne) {
  const auto packet = PacketBuilder().ipv4("192.0.2.1", "192.0.2.2").udp(1, 4789).vxlan(7).ethernet().bytes();
  SflowDecode decode(SflowSample::flow().raw_header(packet, 100, 11),
                     with(&ExporterSettings::decapsulate, Decapsulate::inner));
  EXPECT_EQ(decode.flow().source().to_string(), "192.0.2.1");
  EXPECT_EQ(decode.flow().dst_port, 4789);
  SflowDecode plain(SflowSample::flow().raw_header(
                        PacketBuilder().ipv4("192.0.2.1", "192.0.2.2").udp(1, 53).bytes(), 100, 11),
                    with(&ExporterSettings::decapsulate, Decapsulate::inner));
  EXPECT_EQ(plain.flow().dst_port, 53) << "and so does a packet without a tunnel";
}

TEST(Quirk, Row48_TimeBoundsOfOneExporter) {
  ExporterSettings settings;
  settings.max_past_ns = 60 * kSecond;
  settings.max_future_ns = 10 * kSecond;
  settings.max_flow_age_ns = 30 * kSecond;
  DecodeFixture decode({}, settings);
  decode(SetMessage::ipfix().tmpl(256, {{150, 4}, {151, 4}}));
  const auto received = static_cast<std::uint32_t>(kReceivedNs / kSecond);
  const auto times = [&](std::uint32_t start, std::uint32_t end) {
    return decode(SetMessage::ipfix().data(256, WireBytes().u32(start).u32(end)));
  };
  EXPECT_EQ(times(received - 90, received - 60).count(DecodeCount::times_replaced), 0u);
  EXPECT_EQ(times(received - 90, received - 61).count(DecodeCount::times_replaced), 1u);
  EXPECT_EQ(times(received, received + 10).count(DecodeCount::times_replaced), 0u);
  EXPECT_EQ(times(received, received + 11).count(DecodeCount::times_replaced), 1u);
  EXPECT_EQ(times(received - 31, received).count(DecodeCount::starts_replaced), 1u);
  EXPECT_EQ(decode.flow().time_flow_start_ns, kReceivedNs);
}

TEST(Quirk, Row56_IcmpTypeInTheSourcePort) {
  const auto v5 = [](unsigned src_port, unsigned dst_port) {
    return WireBytes()
        .u16(5)
        .u16(1)
        .u32(0)
        .u32(kHeaderSeconds)
        .zeros(12)
        .zeros(32)
        .u16(src_port)
        .u16(dst_port)
        .u16(0)
        .u8(1)
        .zeros(9)
        .data();
  };
  DecodeFixture decode;
  decode(v5(8, 0));
  EXPECT_EQ(decode.flow().icmp_type, 8) << "nothing in the destination port";
  EXPECT_EQ(decode.flow().icmp_code, 0);
  decode(v5(0, 0x0303));
  EXPECT_EQ(decode.flow().icmp_type, 3);
  EXPECT_EQ(decode.flow().icmp_code, 3);
  decode(v5(3, 1));
  EXPECT_EQ(decode.flow().icmp_type, 1) << "a port of one byte is a type; the setting is for this";
  DecodeFixture both({}, with(&ExporterSettings::icmp_in_both_ports, true));
  both(v5(3, 1));
  EXPECT_EQ(both.flow().icmp_type, 3);
  EXPECT_EQ(both.flow().icmp_code, 1);
  both(SetMessage::v9().tmpl(256, {{4, 1}, {7, 2}, {11, 2}}).data(256, WireBytes().u8(58).u16(1).u16(4)));
  EXPECT_EQ(both.flow().icmp_type, 1);
  EXPECT_EQ(both.flow().icmp_code, 4);
}

}  // namespace
}  // namespace sluice::decode
