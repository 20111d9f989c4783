#include "unit/decode/sflow_fixture.hpp"

namespace sluice::decode {
namespace {

using test::PacketBuilder;
using test::SflowDatagram;
using test::SflowSample;
using test::XdrBytes;
using testing::ElementsAre;

std::vector<std::byte> web_packet() {
  return PacketBuilder()
      .ethernet()
      .vlan(100, 5)
      .ipv4("192.0.2.1", "198.51.100.2")
      .tcp(443, 50000, 0x18)
      .payload(20)
      .bytes();
}
SflowSample web_sample() { return SflowSample::flow().raw_header(web_packet(), 1518); }

ExporterSettings named(std::string name) {
  ExporterSettings out;
  out.name = std::move(name);
  return out;
}
ExporterSettings configured_rates(std::optional<std::uint64_t> fallback,
                                  std::optional<std::uint64_t> overriding) {
  ExporterSettings out;
  out.sampling_rate_default = fallback;
  out.sampling_rate_override = overriding;
  return out;
}

TEST(Sflow, ClaimsOnlyVersionFiveInThirtyTwoBits) {
  SflowDecoder decoder;
  EXPECT_EQ(decoder.protocol(), Protocol::sflow5);
  EXPECT_TRUE(decoder.claims(SflowDatagram().bytes()));
  test::WireBytes netflow5, version4, cut;
  EXPECT_FALSE(decoder.claims(netflow5.u16(5).u16(1).data()));
  EXPECT_FALSE(decoder.claims(version4.u32(4).data()));
  EXPECT_FALSE(decoder.claims(cut.u16(0).u8(5).data()));
}

TEST(Sflow, OriginComesFromHeaderAndDatagram) {
  SflowDecode d(SflowDatagram().agent("192.0.2.200").sequence(77).add(web_sample()), named("edge-1"));
  const Origin& origin = d.batch.origin_of(d.flow());
  EXPECT_EQ(d.report.protocol, Protocol::sflow5);
  EXPECT_EQ(origin.type, FlowType::sflow5);
  EXPECT_EQ(origin.sequence_num, 77U);
  EXPECT_EQ(origin.observation_domain_id, 0U);
  EXPECT_EQ(origin.sampler_address.to_string(), "192.0.2.200");
  EXPECT_EQ(origin.exporter_address.to_string(), "203.0.113.9");
  EXPECT_EQ(origin.exporter_name, "edge-1");
  EXPECT_EQ(origin.time_received_ns, SflowDecode::kReceived);
}

TEST(Sflow, AgentAddressMayBeIpv6) {
  SflowDecode d(SflowDatagram().agent("2001:db8::fe").add(web_sample()));
  EXPECT_EQ(d.batch.origin(0).sampler_address.to_string(), "2001:db8::fe");
  EXPECT_EQ(d.report.count(DecodeCount::flows), 1U);
}

TEST(Sflow, AgentAddressMayBeUnknown) {
  XdrBytes datagram;
  datagram.u32(5).u32(0).u32(0).u32(9).u32(1).u32(0);
  SflowDecode d{Bytes(datagram.data())};
  EXPECT_TRUE(d.batch.origin(0).sampler_address.empty());
  EXPECT_EQ(d.batch.origin(0).sequence_num, 9U);
  EXPECT_FALSE(d.report.any_error());
}

TEST(Sflow, RawHeaderFillsTheFlow) {
  SflowDecode d(SflowSample::flow().rate(512).input(3).output(4).raw_header(web_packet(), 1518));
  EXPECT_EQ(d.report.count(DecodeCount::flow_records), 1U);
  EXPECT_EQ(d.report.count(DecodeCount::flows), 1U);
  EXPECT_FALSE(d.report.any_error());
  EXPECT_EQ(d.flow().bytes, 1518U);
  EXPECT_EQ(d.flow().packets, 1U);
  EXPECT_EQ(d.flow().sampling_rate, 512U);
  EXPECT_EQ(d.flow().sampling_rate_source, SamplingRateSource::header);
  EXPECT_EQ(d.flow().in_if, 3U);
  EXPECT_EQ(d.flow().out_if, 4U);
  EXPECT_EQ(d.flow().time_flow_start_ns, SflowDecode::kReceived);
  EXPECT_EQ(d.flow().time_flow_end_ns, SflowDecode::kReceived);
  EXPECT_EQ(d.flow().vlan_id, 100);
  EXPECT_EQ(d.flow().source().to_string(), "192.0.2.1");
  EXPECT_EQ(d.flow().dst_port, 50000);
  EXPECT_EQ(d.exporter.counters_of(Protocol::sflow5).sampling_rate, 512U);
}

TEST(Sflow, EverySampleIsAFlowOfOneOrigin) {
  SflowDecode d(SflowDatagram().add(web_sample()).add(web_sample().rate(9)).add(web_sample()));
  EXPECT_EQ(d.batch.size(), 3U);
  EXPECT_EQ(d.batch.origin_count(), 1U);
  EXPECT_EQ(d.flow(1).sampling_rate, 9U);
}

TEST(Sflow, HeaderProtocolsChooseTheFirstLayer) {
  const auto v4 = PacketBuilder().ipv4("192.0.2.1", "192.0.2.2").udp(1, 2).bytes();
  const auto v6 = PacketBuilder().ipv6("2001:db8::1", "2001:db8::2").udp(1, 2).bytes();
  const auto mpls = PacketBuilder().mpls(5, 6, true).ipv4("192.0.2.1", "192.0.2.2").udp(1, 2).bytes();
  const auto ppp = PacketBuilder().ppp(0x21).ipv4("192.0.2.1", "192.0.2.2").udp(1, 2).bytes();
  EXPECT_EQ(SflowDecode(SflowSample::flow().raw_header(v4, 28, 11)).flow().etype, 0x0800);
  EXPECT_EQ(SflowDecode(SflowSample::flow().raw_header(v6, 48, 12)).flow().etype, 0x86dd);
  EXPECT_EQ(SflowDecode(SflowSample::flow().raw_header(mpls, 32, 13)).flow().dst_port, 2);
  EXPECT_EQ(SflowDecode(SflowSample::flow().raw_header(ppp, 32, 7)).flow().dst_port, 2);
}

// An Arista's ingress sample has the VXLAN tunnel, its egress sample the plain packet.
TEST(Sflow, RawHeaderWithAVxlanTunnelHasOuterAndInnerFields) {
  const auto plain = PacketBuilder().ethernet().ipv4("10.0.0.1", "10.0.0.2").tcp(443, 40000).bytes();
  const auto tunnel = PacketBuilder()
                          .ethernet()
                          .ipv4("192.0.2.1", "192.0.2.2")
                          .udp(50001, 4789)
                          .vxlan(5000)
                          .raw(test::WireBytes().raw(plain))
                          .bytes();
  SflowDecode d(SflowDatagram()
                    .add(SflowSample::flow().raw_header(tunnel, 1568))
                    .add(SflowSample::flow().raw_header(plain, 1518)));
  ASSERT_EQ(d.batch.size(), 2U);
  EXPECT_EQ(d.flow(0).source().to_string(), "192.0.2.1");
  EXPECT_EQ(d.flow(0).dst_port, 4789);
  EXPECT_EQ(d.flow(0).bytes, 1568U);
  EXPECT_EQ(d.extras(0).get(ExtraAddress::inner_src_addr).to_string(), "10.0.0.1");
  EXPECT_EQ(d.extras(0).get(ExtraAddress::inner_dst_addr).to_string(), "10.0.0.2");
  EXPECT_EQ(d.extras(0).get(ExtraScalar::inner_dst_port), 40000U);
  EXPECT_EQ(d.extras(0).get(ExtraScalar::vni), 5000U);
  EXPECT_EQ(d.flow(1).source().to_string(), "10.0.0.1");
  EXPECT_FALSE(d.extras(1).has(ExtraAddress::inner_src_addr));
  EXPECT_FALSE(d.extras(1).has(ExtraScalar::vni));
}

TEST(Sflow, UnknownHeaderProtocolStillCountsItsBytes) {
  SflowDecode d(SflowSample::flow().raw_header(web_packet(), 900, 4));
  EXPECT_EQ(d.flow().bytes, 900U);
  EXPECT_EQ(d.flow().src_addr_size, 0);
  EXPECT_FALSE(d.report.any_error());
}

struct InterfaceCase {
  const char* rule;
  SflowSample sample;
  std::uint32_t in_if, out_if;
  int discard_reason, multiple;  // -1: absent
};

TEST(Sflow, InterfaceFormats) {
  constexpr std::uint32_t kLocal = 0x3fffffff;
  const InterfaceCase cases[] = {
      {"ifIndex", SflowSample::flow().input(7).output(8), 7, 8, -1, -1},
      {"local keeps its value", SflowSample::flow().input(7).output(kLocal), 7, kLocal, -1, -1},
      {"discarded with a reason", SflowSample::flow().input(7).output(256, 1), 7, 0, 256, -1},
      {"discarded, reason 0", SflowSample::flow().input(7).output(0, 1), 7, 0, 0, -1},
      {"three outputs", SflowSample::flow().input(7).output(3, 2), 7, 0, -1, 3},
      {"outputs of unknown number", SflowSample::flow().input(7).output(0, 2), 7, 0, -1, 0},
      {"input that is no ifIndex", SflowSample::flow().input(7, 2).output(8), 0, 8, -1, -1},
      {"expanded: all 32 bits", SflowSample::expanded_flow().input(0x4b000000).output(0xc0000001), 0x4b000000,
       0xc0000001, -1, -1},
      {"expanded: discarded", SflowSample::expanded_flow().input(7).output(258, 1), 7, 0, 258, -1},
      {"expanded: multiple", SflowSample::expanded_flow().input(7).output(5, 2), 7, 0, -1, 5},
  };
  for (const InterfaceCase& c : cases) {
    SCOPED_TRACE(c.rule);
    SflowSample sample = c.sample;
    SflowDecode d(sample.raw_header(web_packet(), 1518));
    EXPECT_EQ(d.flow().in_if, c.in_if);
    EXPECT_EQ(d.flow().out_if, c.out_if);
    EXPECT_EQ(d.extras().has(ExtraScalar::out_if_discard_reason), c.discard_reason >= 0);
    EXPECT_EQ(d.extras().has(ExtraScalar::out_if_multiple), c.multiple >= 0);
    EXPECT_EQ(d.extras().get(ExtraScalar::out_if_discard_reason),
              static_cast<std::uint64_t>(std::max(0, c.discard_reason)));
    EXPECT_EQ(d.extras().get(ExtraScalar::out_if_multiple),
              static_cast<std::uint64_t>(std::max(0, c.multiple)));
  }
}

TEST(Sflow, SamplingRateOverrideBeatsTheSample) {
  SflowDecode d(web_sample().rate(512), configured_rates(5, 4096));
  EXPECT_EQ(d.flow().sampling_rate, 4096U);
  EXPECT_EQ(d.flow().sampling_rate_source, SamplingRateSource::configured);
}

TEST(Sflow, SamplingRateDefaultStandsInOnlyForNothing) {
  SflowDecode said(web_sample().rate(512), configured_rates(5, std::nullopt));
  EXPECT_EQ(said.flow().sampling_rate, 512U);
  SflowDecode unsaid(web_sample().rate(0), configured_rates(5, std::nullopt));
  EXPECT_EQ(unsaid.flow().sampling_rate, 5U);
  EXPECT_EQ(unsaid.flow().sampling_rate_source, SamplingRateSource::configured);
  EXPECT_EQ(unsaid.report.count(DecodeCount::rates_unknown), 0U);
}

TEST(Sflow, UnknownSamplingRateKeepsTheFlowAndIsCounted) {
  SflowDecode d(web_sample().rate(0));
  EXPECT_EQ(d.report.count(DecodeCount::flows), 1U);
  EXPECT_EQ(d.flow().sampling_rate, 0U);
  EXPECT_EQ(d.flow().sampling_rate_source, SamplingRateSource::unknown);
  EXPECT_EQ(d.report.count(DecodeCount::rates_unknown), 1U);
}

TEST(Sflow, SampledIpv4) {
  SflowDecode d(SflowSample::flow().sampled_ip({.length = 1400,
                                                .protocol = 6,
                                                .src = "192.0.2.1",
                                                .dst = "192.0.2.2",
                                                .src_port = 80,
                                                .dst_port = 1024,
                                                .flags = 0x12,
                                                .tos = 0x20}));
  EXPECT_EQ(d.flow().bytes, 1400U);
  EXPECT_EQ(d.flow().etype, 0x0800);
  EXPECT_EQ(d.flow().proto, 6);
  EXPECT_EQ(d.flow().source().to_string(), "192.0.2.1");
  EXPECT_EQ(d.flow().destination().to_string(), "192.0.2.2");
  EXPECT_EQ(d.flow().src_port, 80);
  EXPECT_EQ(d.flow().dst_port, 1024);
  EXPECT_EQ(d.flow().tcp_flags, 0x12);
  EXPECT_EQ(d.flow().ip_tos, 0x20);
}

TEST(Sflow, SampledIpv6) {
  SflowDecode d(SflowSample::flow().sampled_ip({.length = 900,
                                                .protocol = 17,
                                                .src = "2001:db8::1",
                                                .dst = "2001:db8::2",
                                                .src_port = 53,
                                                .dst_port = 1024,
                                                .flags = 0,
                                                .tos = 8}));
  EXPECT_EQ(d.flow().bytes, 900U);
  EXPECT_EQ(d.flow().etype, 0x86dd);
  EXPECT_EQ(d.flow().source().to_string(), "2001:db8::1");
  EXPECT_EQ(d.flow().src_port, 53);
  EXPECT_EQ(d.flow().ip_tos, 8);
}

TEST(Sflow, SampledEthernet) {
  SflowDecode d(SflowSample::flow().sampled_ethernet(64, 0x020000000001, 0x020000000002, 0x0806));
  EXPECT_EQ(d.flow().bytes, 64U);
  EXPECT_EQ(d.flow().src_mac, 0x020000000001U);
  EXPECT_EQ(d.flow().dst_mac, 0x020000000002U);
  EXPECT_EQ(d.flow().etype, 0x0806);
}

// Huawei sends all three for one packet, with different lengths, in any order.
TEST(Sflow, RawHeaderBeatsSampledRecordsInAnyOrder) {
  const SflowSample::Ip ip{.length = 182, .protocol = 6, .src = "10.0.0.1", .dst = "10.0.0.2"};
  const auto header = PacketBuilder().ethernet().ipv4("192.0.2.1", "192.0.2.2").tcp(443, 50000).bytes();
  for (const auto& sample :
       {SflowSample::flow().sampled_ethernet(196, 1, 2, 0x0800).raw_header(header, 200).sampled_ip(ip),
        SflowSample::flow().sampled_ip(ip).raw_header(header, 200).sampled_ethernet(196, 1, 2, 0x0800)}) {
    SflowDecode d(sample);
    EXPECT_EQ(d.report.count(DecodeCount::flows), 1U);
    EXPECT_EQ(d.flow().bytes, 200U);
    EXPECT_EQ(d.flow().source().to_string(), "192.0.2.1");
    EXPECT_EQ(d.flow().src_port, 443);
    EXPECT_EQ(d.flow().src_mac, PacketBuilder::kSrcMac);
  }
}

TEST(Sflow, SampledRecordsFillInWhatAShortHeaderLacks) {
  const auto header = PacketBuilder().ethernet(0x020000000009, 0x02000000000a).then_ethertype(0x0800).bytes();
  SflowDecode d(SflowSample::flow().raw_header(header, 0).sampled_ip(
      {.length = 182, .protocol = 17, .src = "10.0.0.1", .dst = "10.0.0.2"}));
  EXPECT_EQ(d.flow().src_mac, 0x020000000009U);
  EXPECT_EQ(d.flow().source().to_string(), "10.0.0.1");
  EXPECT_EQ(d.flow().bytes, 182U) << "a frame length of 0 is none";
}

TEST(Sflow, OfTwoRecordsOfAKindTheFirstCounts) {
  SflowDecode d(SflowSample::flow()
                    .raw_header(web_packet(), 1518)
                    .raw_header(PacketBuilder().ethernet().vlan(7).bytes(), 64)
                    .extended_router("192.0.2.254", 24, 16)
                    .extended_router("192.0.2.253", 8, 8));
  EXPECT_EQ(d.flow().bytes, 1518U);
  EXPECT_EQ(d.flow().vlan_id, 100);
  EXPECT_EQ(d.flow().next_hop_address().to_string(), "192.0.2.254");
  EXPECT_EQ(d.flow().src_net, 24);
}

TEST(Sflow, ExtendedSwitch) {
  const auto untagged = PacketBuilder().ethernet().ipv4("192.0.2.1", "192.0.2.2").udp(1, 2).bytes();
  SflowDecode d(SflowSample::flow().raw_header(untagged, 64).extended_switch(10, 3, 20, 0));
  EXPECT_EQ(d.flow().src_vlan, 10);
  EXPECT_EQ(d.flow().dst_vlan, 20);
  EXPECT_EQ(d.flow().vlan_id, 0);
  EXPECT_EQ(d.extras().get(ExtraScalar::vlan_priority), 3U);
}

TEST(Sflow, ExtendedSwitchYieldsToTheTagAndKnowsUnknown) {
  SflowDecode tagged(SflowSample::flow().extended_switch(10, 3, 20, 0).raw_header(web_packet(), 64));
  EXPECT_EQ(tagged.extras().get(ExtraScalar::vlan_priority), 5U);
  SflowDecode unknown(SflowSample::flow().extended_switch(0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff));
  EXPECT_EQ(unknown.flow().src_vlan, 0);
  EXPECT_EQ(unknown.flow().dst_vlan, 0);
  EXPECT_FALSE(unknown.extras().has(ExtraScalar::vlan_priority));
}

TEST(Sflow, ExtendedRouter) {
  SflowDecode v4(SflowSample::flow().extended_router("192.0.2.254", 24, 16));
  EXPECT_EQ(v4.flow().next_hop_address().to_string(), "192.0.2.254");
  EXPECT_EQ(v4.flow().src_net, 24);
  EXPECT_EQ(v4.flow().dst_net, 16);
  SflowDecode v6(SflowSample::flow().extended_router("2001:db8::ff", 48, 128));
  EXPECT_EQ(v6.flow().next_hop_address().to_string(), "2001:db8::ff");
  EXPECT_EQ(v6.flow().dst_net, 128);
  SflowDecode absurd(SflowSample::flow().extended_router("192.0.2.254", 0xffffffff, 24));
  EXPECT_EQ(absurd.flow().src_net, 0);
}

TEST(Sflow, ExtendedGateway) {
  SflowDecode d(SflowSample::flow().extended_gateway({.next_hop = "192.0.2.253",
                                                      .as = 64500,
                                                      .src_as = 64501,
                                                      .src_peer_as = 64502,
                                                      .segments = {{64510, 64511}, {64512}},
                                                      .communities = {64500U << 16 | 1, 64500U << 16 | 2},
                                                      .local_pref = 120}));
  EXPECT_EQ(d.flow().src_as, 64501U);
  EXPECT_EQ(d.flow().dst_as, 64512U);
  EXPECT_EQ(d.extras().get(ExtraScalar::next_hop_as), 64510U);
  EXPECT_EQ(d.extras().get(ExtraScalar::src_peer_as), 64502U);
  EXPECT_EQ(d.extras().get(ExtraScalar::local_pref), 120U);
  EXPECT_EQ(d.extras().get(ExtraAddress::bgp_next_hop).to_string(), "192.0.2.253");
  EXPECT_THAT(d.extras().list(ExtraList::as_path), ElementsAre(64510, 64511, 64512));
  EXPECT_THAT(d.extras().list(ExtraList::bgp_communities), ElementsAre(64500U << 16 | 1, 64500U << 16 | 2));
}

TEST(Sflow, GatewayWithoutPathOrSourceAsMeansTheRoutersOwn) {
  SflowDecode d(SflowSample::flow().extended_gateway({.next_hop = "2001:db8::1",
                                                      .as = 64500,
                                                      .src_as = 0,
                                                      .src_peer_as = 0,
                                                      .segments = {},
                                                      .communities = {},
                                                      .local_pref = 0}));
  EXPECT_EQ(d.flow().src_as, 64500U);
  EXPECT_EQ(d.flow().dst_as, 64500U);
  EXPECT_FALSE(d.extras().has(ExtraScalar::next_hop_as));
  EXPECT_TRUE(d.extras().has(ExtraScalar::local_pref));
}

TEST(Sflow, NothingOfOneSampleIsLeftInTheNext) {
  SflowDecode d(SflowDatagram()
                    .add(SflowSample::flow()
                             .raw_header(web_packet(), 1518)
                             .extended_switch(1, 1, 1, 1)
                             .extended_router("192.0.2.254", 24, 16)
                             .extended_gateway({"192.0.2.253", 1, 2, 3, {{4}}, {5}, 6}))
                    .add(SflowSample::flow().sampled_ethernet(64, 1, 2, 0x0806)));
  ASSERT_EQ(d.batch.size(), 2U);
  EXPECT_EQ(d.flow(1).src_addr_size, 0);
  EXPECT_EQ(d.flow(1).next_hop_size, 0);
  EXPECT_EQ(d.flow(1).src_vlan, 0);
  EXPECT_EQ(d.flow(1).dst_as, 0U);
  EXPECT_FALSE(d.extras(1).has(ExtraScalar::local_pref));
  EXPECT_TRUE(d.extras(1).list(ExtraList::as_path).empty());
}

TEST(Sflow, CounterSamplesAreCountedAndMakeNoFlow) {
  XdrBytes opaque;
  opaque.zeros(52);
  SflowDecode d(SflowDatagram()
                    .add(SflowSample::counter().record(2, opaque))
                    .add(SflowSample::expanded_counter().record(2001, opaque))
                    .add(web_sample()));
  EXPECT_EQ(d.report.count(DecodeCount::counter_samples), 2U);
  EXPECT_EQ(d.report.count(DecodeCount::flows), 1U);
  EXPECT_FALSE(d.report.any_error());
}

TEST(Sflow, EachSourceNumbersItsFlowSamplesAndNoOthersAreCounted) {
  SflowDecode d(SflowDatagram()
                    .add(web_sample().sequence(7).source(0, 12).drops(3))
                    .add(SflowSample::expanded_flow().sequence(8).source(2, 0x100000c).drops(6))
                    .add(SflowSample::expanded_flow().sequence(9).source(0, 12).drops(5))
                    .add(SflowSample::counter().sequence(90).source(0, 12))
                    .add(SflowSample::discarded().sequence(91).source(0, 12).drops(99))
                    .add(web_sample().sequence(10).source(2, 12).drops(7)));
  const SampleCounts& samples = d.exporter.counters_of(Protocol::sflow5).samples;
  EXPECT_EQ(samples.samples, 4U);
  EXPECT_EQ(samples.lost(), 1U);  // of source 0:12, compact and expanded alike
  EXPECT_EQ(samples.drops, 2U);
  EXPECT_EQ(d.exporter.sequences.sources(), 3U);
}

}  // namespace
}  // namespace sluice::decode
