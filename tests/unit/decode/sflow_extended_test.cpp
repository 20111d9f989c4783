// The rare records of a flow sample, and packets that were discarded.
#include "unit/decode/sflow_fixture.hpp"

namespace sluice::decode {
namespace {

using test::PacketBuilder;
using test::SflowDatagram;
using test::SflowSample;
using test::XdrBytes;
using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::byte> plain_packet() {
  return PacketBuilder().ethernet().ipv4("192.0.2.1", "198.51.100.2").tcp(443, 50000, 0x18).bytes();
}
SflowSample sample() { return SflowSample::flow().raw_header(plain_packet(), 1518); }

XdrBytes user(std::uint32_t src_charset, std::string_view src, std::uint32_t dst_charset,
              std::string_view dst) {
  XdrBytes out;
  out.u32(src_charset).u32(src.size());
  out.opaque(std::as_bytes(std::span(src)));
  out.u32(dst_charset).u32(dst.size());
  out.opaque(std::as_bytes(std::span(dst)));
  return out;
}
XdrBytes mpls(std::string_view next_hop, std::initializer_list<std::uint32_t> in,
              std::initializer_list<std::uint32_t> out) {
  XdrBytes body;
  body.typed_address(next_hop).list(in).list(out);
  return body;
}
XdrBytes number(std::uint32_t value) {
  XdrBytes out;
  out.u32(value);
  return out;
}

TEST(SflowExtended, UserIsTheSourcesElseTheDestinations) {
  SflowDecode source(sample().record(1004, user(106, "alice", 106, "bob")));
  EXPECT_EQ(source.extras().get(ExtraText::user_name), "alice");
  SflowDecode destination(sample().record(1004, user(0, "", 106, "bob")));
  EXPECT_EQ(destination.extras().get(ExtraText::user_name), "bob");
  SflowDecode nobody(sample().record(1004, user(0, "", 0, "")));
  EXPECT_FALSE(nobody.extras().has(ExtraText::user_name));
}

TEST(SflowExtended, UserInLatin1BecomesUtf8AndUtf16IsLeftOut) {
  SflowDecode latin1(sample().record(1004, user(4, "J\xf6rg", 0, "")));
  EXPECT_EQ(latin1.extras().get(ExtraText::user_name), "J\xc3\xb6rg");
  SflowDecode utf8(sample().record(1004, user(106, "J\xc3\xb6rg", 0, "")));
  EXPECT_EQ(utf8.extras().get(ExtraText::user_name), "J\xc3\xb6rg");
  SflowDecode utf16(sample().record(1004, user(1013, std::string_view("\0a", 2), 106, "bob")));
  EXPECT_EQ(utf16.extras().get(ExtraText::user_name), "bob");
}

TEST(SflowExtended, MplsGivesLabelsAndNextHop) {
  SflowDecode d(
      sample().record(1006, mpls("192.0.2.9", {16U << 12 | 64, 17U << 12 | 0x100 | 63}, {18U << 12})));
  EXPECT_THAT(d.extras().list(ExtraList::mpls_label), ElementsAre(16, 17));
  EXPECT_THAT(d.extras().list(ExtraList::mpls_ttl), ElementsAre(64, 63));
  EXPECT_EQ(d.flow().next_hop_address().to_string(), "192.0.2.9");
}

TEST(SflowExtended, MplsOfThePacketIsTheOneItLeftWithWhereItCameWithout) {
  SflowDecode d(
      sample().extended_router("192.0.2.254", 24, 16).record(1006, mpls("192.0.2.9", {}, {18U << 12 | 9})));
  EXPECT_THAT(d.extras().list(ExtraList::mpls_label), ElementsAre(18));
  EXPECT_EQ(d.flow().next_hop_address().to_string(), "192.0.2.254") << "the router's next hop comes first";
}

TEST(SflowExtended, MplsYieldsToTheLabelsOfThePacketItself) {
  const auto labelled = PacketBuilder().mpls(5, 6, true).ipv4("192.0.2.1", "192.0.2.2").udp(1, 2).bytes();
  SflowDecode d(
      SflowSample::flow().raw_header(labelled, 64, 13).record(1006, mpls("192.0.2.9", {77U << 12}, {})));
  EXPECT_THAT(d.extras().list(ExtraList::mpls_label), ElementsAre(5));
}

TEST(SflowExtended, NatGivesAddressesAndPortsAfterTranslation) {
  XdrBytes addresses, ports;
  addresses.typed_address("203.0.113.1").typed_address("2001:db8::7");
  ports.u32(1025).u32(8443);
  SflowDecode d(sample().record(1007, addresses).record(1020, ports));
  EXPECT_EQ(d.extras().get(ExtraAddress::post_nat_src_addr).to_string(), "203.0.113.1");
  EXPECT_EQ(d.extras().get(ExtraAddress::post_nat_dst_addr).to_string(), "2001:db8::7");
  EXPECT_EQ(d.extras().get(ExtraScalar::post_nat_src_port), 1025U);
  EXPECT_EQ(d.extras().get(ExtraScalar::post_nat_dst_port), 8443U);
}

TEST(SflowExtended, StrippedVlanTagsStandBeforeThoseOfThePacket) {
  const auto tagged =
      PacketBuilder().ethernet().vlan(300, 1).ipv4("192.0.2.1", "192.0.2.2").udp(1, 2).bytes();
  XdrBytes one, two, none;
  one.list({0x88a80000U | 5U << 13 | 100});
  two.list({0x88a80000U | 6U << 13 | 101, 0x81000000U | 200});
  none.list({});
  SflowDecode outer(SflowSample::flow().raw_header(tagged, 64).record(1012, one));
  EXPECT_EQ(outer.flow().vlan_id, 100);
  EXPECT_EQ(outer.extras().get(ExtraScalar::customer_vlan_id), 300U);
  EXPECT_EQ(outer.extras().get(ExtraScalar::vlan_priority), 5U);
  SflowDecode both(SflowSample::flow().raw_header(tagged, 64).record(1012, two));
  EXPECT_EQ(both.flow().vlan_id, 101);
  EXPECT_EQ(both.extras().get(ExtraScalar::customer_vlan_id), 200U);
  SflowDecode unstripped(SflowSample::flow().raw_header(tagged, 64).record(1012, none));
  EXPECT_EQ(unstripped.flow().vlan_id, 300);
}

TEST(SflowExtended, VniOfIngressBeforeEgressAndThePacketsOwnBeforeBoth) {
  SflowDecode both(sample().record(1029, number(7)).record(1030, number(8)));
  EXPECT_EQ(both.extras().get(ExtraScalar::vni), 8U);
  SflowDecode egress(sample().record(1029, number(7)));
  EXPECT_EQ(egress.extras().get(ExtraScalar::vni), 7U);
  const auto tunnel = PacketBuilder()
                          .ethernet()
                          .ipv4("192.0.2.1", "192.0.2.2")
                          .udp(50001, 4789)
                          .vxlan(5000)
                          .raw(test::WireBytes().raw(plain_packet()))
                          .bytes();
  SflowDecode packet(SflowSample::flow().raw_header(tunnel, 1568).record(1030, number(8)));
  EXPECT_EQ(packet.extras().get(ExtraScalar::vni), 5000U);
}

TEST(SflowExtended, PathKeepsSetsAndSequencesInOrder) {
  XdrBytes gateway;
  gateway.typed_address("192.0.2.253").u32(64500).u32(64501).u32(64502).u32(3);
  constexpr std::uint32_t kSet = 1, kSequence = 2;
  gateway.u32(kSequence);
  gateway.list({64510, 64511}).u32(kSet);
  gateway.list({64520, 64521}).u32(kSequence);
  gateway.list({64530});
  gateway.list({1, 2, 3}).u32(100);
  SflowDecode d(sample().record(1003, gateway));
  EXPECT_THAT(d.extras().list(ExtraList::as_path), ElementsAre(64510, 64511, 64520, 64521, 64530));
  EXPECT_THAT(d.extras().list(ExtraList::bgp_communities), ElementsAre(1, 2, 3));
  EXPECT_EQ(d.flow().dst_as, 64530U);
}

TEST(SflowExtended, RecordsThatFillNothingAreNoFault) {
  SflowDecode d(sample()
                    .record(1008, number(1))     // MPLS tunnel
                    .record(1009, number(1))     // MPLS VC
                    .record(1010, number(1))     // MPLS FTN
                    .record(1011, number(24))    // MPLS LDP FEC
                    .record(1021, number(1))     // outer Ethernet of a tunnel, at egress
                    .record(1027, number(14)));  // decapsulation at egress
  EXPECT_FALSE(d.report.any_error());
  EXPECT_EQ(d.report.count(DecodeCount::flows), 1U);
  EXPECT_EQ(d.flow().src_port, 443);
}

XdrBytes text(std::string_view value) {
  XdrBytes out;
  out.u32(static_cast<std::uint32_t>(value.size()));
  out.opaque(std::as_bytes(std::span(value)));
  return out;
}

TEST(SflowExtended, WhatASwitchSaysOfThePacketsWay) {
  XdrBytes acl;
  acl.u32(12).raw(text("edge-in").data()).u32(1);
  SflowDecode d(sample().record(1036, number(3)).record(1037, acl).record(1038, text("ip_forward")));
  EXPECT_FALSE(d.report.any_error());
  EXPECT_EQ(d.extras().get(ExtraScalar::egress_queue), 3U);
  EXPECT_EQ(d.extras().get(ExtraText::acl_name), "edge-in");
  EXPECT_EQ(d.extras().get(ExtraText::function_name), "ip_forward");
}

TEST(SflowExtended, AnAccessListWithoutANameIsItsNumber) {
  XdrBytes acl;
  acl.u32(12).raw(text("").data()).u32(1);
  EXPECT_EQ(SflowDecode(sample().record(1037, acl)).extras().get(ExtraText::acl_name), "12");
}

XdrBytes outer_ipv4(const char* source, const char* destination) {
  XdrBytes out;
  out.u32(120).u32(47).address(source).address(destination).u32(0).u32(0).u32(0).u32(0);
  return out;
}

TEST(SflowExtended, TunnelOfIngressBeforeThatOfEgress) {
  SflowDecode d(sample()
                    .record(1023, outer_ipv4("192.0.2.5", "192.0.2.6"))
                    .record(1024, outer_ipv4("192.0.2.7", "192.0.2.8")));
  EXPECT_EQ(d.extras().get(ExtraAddress::tunnel_src_addr).to_string(), "192.0.2.7");
  EXPECT_EQ(d.extras().get(ExtraAddress::tunnel_dst_addr).to_string(), "192.0.2.8");
  EXPECT_EQ(SflowDecode(sample().record(1026, outer_ipv4("2001:db8::1", "2001:db8::2")))
                .extras()
                .get(ExtraAddress::tunnel_dst_addr)
                .to_string(),
            "2001:db8::2");
}

TEST(SflowExtended, HttpRequestOfAServerBeforeTheUrlOfASwitch) {
  XdrBytes url, request;
  url.u32(1).raw(text("/seen").data()).raw(text("seen.example").data());
  request.u32(2).u32(1001);
  for (const char* member : {"/path", "www.example", "", "curl", "", "alice", "text/html"})
    request.raw(text(member).data());
  request.u64(10).u64(20).u32(30).u32(404);
  SflowDecode d(sample().record(1005, url).record(2206, request));
  EXPECT_FALSE(d.report.any_error());
  EXPECT_EQ(d.extras().get(ExtraText::http_url), "/path");
  EXPECT_EQ(d.extras().get(ExtraText::http_host), "www.example");
  EXPECT_EQ(d.extras().get(ExtraText::user_name), "alice");
  EXPECT_EQ(d.extras().get(ExtraScalar::http_status), 404U);
  EXPECT_EQ(SflowDecode(sample().record(1005, url)).extras().get(ExtraText::http_host), "seen.example");
}

TEST(SflowExtended, ASocketIsTheFlowWhereNoPacketWasSampled) {
  XdrBytes socket;
  socket.u32(6).address("192.0.2.80").address("198.51.100.9").u32(80).u32(40000);
  SflowDecode d(SflowSample::flow().record(2100, socket));
  EXPECT_EQ(d.flow().source().to_string(), "198.51.100.9");
  EXPECT_EQ(d.flow().destination().to_string(), "192.0.2.80");
  EXPECT_EQ(d.flow().src_port, 40000);
  EXPECT_EQ(d.flow().dst_port, 80);
  EXPECT_EQ(d.flow().proto, 6);
  EXPECT_EQ(d.flow().etype, 0x0800);
  EXPECT_NE(SflowDecode(sample().record(2100, socket)).flow().source().to_string(), "198.51.100.9");
}

TEST(SflowExtended, NothingOfOneSampleIsLeftInTheNext) {
  XdrBytes tags, addresses;
  tags.list({0x88a80064U, 0x81000065U});
  addresses.typed_address("203.0.113.1").typed_address("203.0.113.2");
  SflowDecode d(SflowDatagram()
                    .add(sample()
                             .record(1004, user(106, "alice", 106, "bob"))
                             .record(1006, mpls("192.0.2.9", {16U << 12}, {}))
                             .record(1007, addresses)
                             .record(1012, tags)
                             .record(1030, number(8)))
                    .add(sample().record(1006, mpls("192.0.2.8", {}, {}))));
  ASSERT_EQ(d.batch.size(), 2U);
  EXPECT_FALSE(d.extras(1).has(ExtraText::user_name));
  EXPECT_THAT(d.extras(1).list(ExtraList::mpls_label), IsEmpty());
  EXPECT_FALSE(d.extras(1).has(ExtraAddress::post_nat_src_addr));
  EXPECT_FALSE(d.extras(1).has(ExtraScalar::vni));
  EXPECT_EQ(d.flow(1).vlan_id, 0);
  EXPECT_EQ(d.flow(1).next_hop_address().to_string(), "192.0.2.8");
}

// Each cut at every length, and with a count of its lists that no datagram could hold.
TEST(SflowExtended, DamagedRecordsCostOnlyThemselves) {
  XdrBytes nat, ports, tags, many_tags, many_labels;
  nat.typed_address("203.0.113.1").typed_address("2001:db8::7");
  ports.u32(1).u32(2);
  tags.list({0x88a80064U, 0x81000065U});
  many_tags.u32(0xffffffffU).u32(1);
  many_labels.typed_address("192.0.2.9").u32(0xffffffffU).u32(1);
  const std::pair<std::uint32_t, XdrBytes> whole[] = {{1004, user(106, "alice", 106, "bob")},
                                                      {1006, mpls("192.0.2.9", {1, 2}, {3})},
                                                      {1007, nat},
                                                      {1020, ports},
                                                      {1012, tags},
                                                      {1030, number(8)}};
  for (const auto& [format, body] : whole) {
    for (std::size_t n = 0; n < body.size(); n += 4) {
      SCOPED_TRACE(std::to_string(format) + " cut to " + std::to_string(n));
      XdrBytes cut;
      cut.raw(Bytes(body.data()).first(n));
      SflowDecode d(sample().record(format, cut));
      EXPECT_EQ(d.errors(DecodeError::bad_sample_record), 1U);
      EXPECT_EQ(d.report.count(DecodeCount::flows), 1U);
      EXPECT_EQ(d.flow().extras == kNoExtras || d.extras().texts_set() == 0, true);
      EXPECT_EQ(d.flow().vlan_id, 0);
    }
  }
  for (const auto& [format, body] : {std::pair(1012U, many_tags), std::pair(1006U, many_labels)}) {
    SflowDecode d(sample().record(format, body));
    EXPECT_EQ(d.errors(DecodeError::bad_sample_record), 1U) << format;
    EXPECT_EQ(d.report.count(DecodeCount::flows), 1U) << format;
  }
}

TEST(SflowDiscard, IsAFlowOfTheDroppedPacket) {
  SflowDecode d(
      SflowSample::discarded().input(7).output(8).reason(258).drops(12).raw_header(plain_packet(), 1518));
  EXPECT_EQ(d.report.count(DecodeCount::discard_samples), 1U);
  EXPECT_EQ(d.report.count(DecodeCount::flow_records), 1U);
  EXPECT_EQ(d.report.count(DecodeCount::flows), 1U);
  EXPECT_FALSE(d.report.any_error());
  EXPECT_EQ(d.extras().get(ExtraScalar::drop_reason), 258U);
  EXPECT_EQ(d.flow().forwarding_status, 130);
  EXPECT_EQ(d.flow().packets, 1U);
  EXPECT_EQ(d.flow().bytes, 1518U);
  EXPECT_EQ(d.flow().in_if, 7U);
  EXPECT_EQ(d.flow().out_if, 8U);
  EXPECT_EQ(d.flow().source().to_string(), "192.0.2.1");
  EXPECT_EQ(d.flow().time_flow_end_ns, SflowDecode::kReceived);
  EXPECT_FALSE(d.extras().has(ExtraScalar::out_if_discard_reason));
}

// Each is one packet, so the rate that stands for samples must not multiply it.
TEST(SflowDiscard, StandsForOnePacketWhateverIsConfigured) {
  ExporterSettings settings;
  settings.sampling_rate_override = 4096;
  SflowDecode d(SflowSample::discarded().raw_header(plain_packet(), 1518), settings);
  EXPECT_EQ(d.flow().sampling_rate, 1U);
  EXPECT_EQ(d.flow().sampling_rate_source, SamplingRateSource::header);
  EXPECT_EQ(d.exporter.counters_of(Protocol::sflow5).sampling_rate, 0U) << "not the exporter's rate";
  EXPECT_EQ(d.report.count(DecodeCount::rates_unknown), 0U);
}

TEST(SflowDiscard, WithoutRecordsStillTellsInterfacesAndReason) {
  SflowDecode d(SflowSample::discarded().input(7).reason(0));
  ASSERT_EQ(d.report.count(DecodeCount::flows), 1U);
  EXPECT_EQ(d.flow().in_if, 7U);
  EXPECT_TRUE(d.extras().has(ExtraScalar::drop_reason));
  EXPECT_EQ(d.flow().forwarding_status, 131);
}

TEST(SflowDiscard, DamagedIsCounted) {
  const std::size_t whole = SflowSample::discarded().body().size();
  for (std::size_t n = 0; n < whole; n += 4) {
    SflowDecode d(SflowDatagram().add_of_length(SflowSample::discarded(), n));
    EXPECT_EQ(d.report.count(DecodeCount::flows), 0U) << n;
    EXPECT_EQ(d.errors(DecodeError::bad_sample), 1U) << n;
  }
  SflowDecode records(SflowSample::discarded().record_of_length(1, 400, number(1)));
  EXPECT_EQ(records.report.count(DecodeCount::flows), 0U);
  EXPECT_EQ(records.report.count(DecodeCount::discard_samples), 1U);
  EXPECT_EQ(records.errors(DecodeError::bad_sample), 1U);
}

struct ReasonCase {
  std::uint32_t reason;
  std::uint8_t status;
};

TEST(SflowDiscard, ReasonsBecomeForwardingStatus) {
  const ReasonCase cases[] = {{0, 131},   {1, 131},   {2, 131},   {3, 131},   {4, 133},   {5, 131},
                              {6, 131},   {7, 131},   {8, 132},   {9, 129},   {10, 129},  {13, 129},
                              {14, 128},  {256, 128}, {257, 137}, {258, 130}, {259, 143}, {260, 139},
                              {261, 138}, {262, 135}, {263, 131}, {269, 130}, {279, 132}, {280, 140},
                              {302, 140}, {5000, 128}};
  for (const auto& [reason, status] : cases) {
    SCOPED_TRACE(reason);
    SflowDecode notified(SflowSample::discarded().reason(reason).raw_header(plain_packet(), 64));
    EXPECT_EQ(notified.flow().forwarding_status, status);
    SflowDecode sampled(sample().output(reason, 1));
    EXPECT_EQ(sampled.flow().forwarding_status, status);
    EXPECT_EQ(sampled.extras().get(ExtraScalar::out_if_discard_reason), reason);
    SflowDecode expanded(SflowSample::expanded_flow().output(reason, 1).raw_header(plain_packet(), 64));
    EXPECT_EQ(expanded.flow().forwarding_status, status);
  }
  EXPECT_EQ(SflowDecode(sample().output(4)).flow().forwarding_status, 0) << "forwarded, as far as is known";
}

}  // namespace
}  // namespace sluice::decode
