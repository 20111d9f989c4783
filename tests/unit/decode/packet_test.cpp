#include "sluice/decode/packet.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/packet_builder.hpp"

namespace sluice::decode {
namespace {

using test::PacketBuilder;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr auto kEthernet = static_cast<std::uint32_t>(Layer::ethernet),
               kDot1q = static_cast<std::uint32_t>(Layer::dot1q),
               kMpls = static_cast<std::uint32_t>(Layer::mpls),
               kIpv4 = static_cast<std::uint32_t>(Layer::ipv4),
               kIpv6 = static_cast<std::uint32_t>(Layer::ipv6), kTcp = static_cast<std::uint32_t>(Layer::tcp),
               kUdp = static_cast<std::uint32_t>(Layer::udp), kIcmp = static_cast<std::uint32_t>(Layer::icmp),
               kIcmpv6 = static_cast<std::uint32_t>(Layer::icmpv6),
               kRouting = static_cast<std::uint32_t>(Layer::ipv6_routing),
               kFragment = static_cast<std::uint32_t>(Layer::ipv6_fragment),
               kCustom = static_cast<std::uint32_t>(Layer::custom);

// A parsed packet and what a test asks of it.
struct Parsed {
  explicit Parsed(const PacketBuilder& packet, FirstHeader first = FirstHeader::ethernet)
      : Parsed(packet.bytes(), first) {}
  explicit Parsed(Bytes packet, FirstHeader first = FirstHeader::ethernet) {
    batch.add_origin();
    FlowRecord& flow = batch.append_one();
    flow.bytes = 1500;
    flow.packets = 1;
    whole = parse_packet(first, packet, batch, flow);
  }
  FlowRecord& flow() { return batch.flows()[0]; }
  const FlowExtras& extras() { return batch.extras(flow()); }
  const std::vector<std::uint32_t>& stack() { return extras().list(ExtraList::layer_stack); }
  const std::vector<std::uint32_t>& sizes() { return extras().list(ExtraList::layer_size); }
  std::string source() { return flow().source().to_string(); }
  std::string destination() { return flow().destination().to_string(); }

  FlowBatch batch;
  bool whole = false;
};

TEST(Packet, EthernetIpv4TcpFillsEveryField) {
  Parsed p(PacketBuilder()
               .ethernet(0x0200c0ffee01, 0x0200c0ffee02)
               .ipv4("192.0.2.1", "198.51.100.2", {.tos = 0xb8, .id = 0xbeef, .flags = 2, .ttl = 63})
               .tcp(443, 50000, 0x18)
               .payload(40));
  EXPECT_TRUE(p.whole);
  EXPECT_EQ(p.flow().src_mac, 0x0200c0ffee01U);
  EXPECT_EQ(p.flow().dst_mac, 0x0200c0ffee02U);
  EXPECT_EQ(p.flow().etype, 0x0800);
  EXPECT_EQ(p.source(), "192.0.2.1");
  EXPECT_EQ(p.destination(), "198.51.100.2");
  EXPECT_EQ(p.flow().proto, 6);
  EXPECT_EQ(p.flow().ip_tos, 0xb8);
  EXPECT_EQ(p.flow().ip_ttl, 63);
  EXPECT_EQ(p.flow().fragment_id, 0xbeefU);
  EXPECT_EQ(p.flow().fragment_offset, 0);
  EXPECT_EQ(p.flow().ip_flags, 2);
  EXPECT_EQ(p.flow().src_port, 443);
  EXPECT_EQ(p.flow().dst_port, 50000);
  EXPECT_EQ(p.flow().tcp_flags, 0x18);
  EXPECT_THAT(p.stack(), ElementsAre(kEthernet, kIpv4, kTcp));
  EXPECT_THAT(p.sizes(), ElementsAre(14, 20, 20));
}

TEST(Packet, BytesAndPacketsAreLeftAlone) {
  Parsed p(PacketBuilder().ethernet().ipv4("192.0.2.1", "192.0.2.2").udp(1, 2));
  EXPECT_EQ(p.flow().bytes, 1500U);
  EXPECT_EQ(p.flow().packets, 1U);
}

TEST(Packet, TcpKeepsNineFlagBits) {
  Parsed p(PacketBuilder().ipv4("192.0.2.1", "192.0.2.2").tcp(1, 2, 0x1ff), FirstHeader::ipv4);
  EXPECT_EQ(p.flow().tcp_flags, 0x1ff);
}

TEST(Packet, Ipv4OptionsAreSkipped) {
  Parsed p(PacketBuilder().ethernet().ipv4("192.0.2.1", "192.0.2.2", {.options = 12}).udp(53, 40000));
  EXPECT_EQ(p.flow().src_port, 53);
  EXPECT_EQ(p.flow().dst_port, 40000);
  EXPECT_THAT(p.sizes(), ElementsAre(14, 32, 8));
}

TEST(Packet, FirstFragmentHasPorts) {
  Parsed p(PacketBuilder().ethernet().ipv4("192.0.2.1", "192.0.2.2", {.id = 7, .flags = 1}).udp(53, 40000));
  EXPECT_EQ(p.flow().ip_flags, 1);
  EXPECT_EQ(p.flow().src_port, 53);
}

TEST(Packet, LaterFragmentHasNoPorts) {
  Parsed p(PacketBuilder()
               .ethernet()
               .ipv4("192.0.2.1", "192.0.2.2", {.id = 7, .flags = 1, .offset = 185})
               .udp(53, 40000));
  EXPECT_EQ(p.flow().fragment_id, 7U);
  EXPECT_EQ(p.flow().fragment_offset, 185);
  EXPECT_EQ(p.flow().proto, 17);
  EXPECT_EQ(p.flow().src_port, 0);
  EXPECT_EQ(p.flow().dst_port, 0);
  EXPECT_THAT(p.stack(), ElementsAre(kEthernet, kIpv4));
}

TEST(Packet, PaddingOfAShortFrameIsNoTransportHeader) {
  auto packet = PacketBuilder().ethernet().ipv4("192.0.2.1", "192.0.2.2").then_protocol(17).bytes();
  packet.resize(60, std::byte{0x55});
  Parsed p{Bytes(packet)};
  EXPECT_EQ(p.flow().proto, 17);
  EXPECT_EQ(p.flow().src_port, 0);
  EXPECT_THAT(p.sizes(), ElementsAre(14, 20));
}

TEST(Packet, TotalLengthZeroOfSegmentationOffloadStillHasPorts) {
  auto packet = PacketBuilder().ipv4("192.0.2.1", "192.0.2.2").tcp(443, 50000).bytes();
  packet[2] = packet[3] = std::byte{0};
  Parsed p(Bytes(packet), FirstHeader::ipv4);
  EXPECT_EQ(p.flow().src_port, 443);
}

TEST(Packet, Ipv4OfWrongVersionOrHeaderLengthIsNotTaken) {
  for (const int first : {0x65, 0x44, 0x05}) {
    auto packet = PacketBuilder().ipv4("192.0.2.1", "192.0.2.2").tcp(443, 50000).bytes();
    packet[0] = static_cast<std::byte>(first);
    Parsed p(Bytes(packet), FirstHeader::ipv4);
    EXPECT_FALSE(p.whole) << first;
    EXPECT_EQ(p.flow().src_addr_size, 0) << first;
  }
}

struct TagCase {
  const char* rule;
  PacketBuilder packet;
  std::uint16_t vlan;
  std::uint64_t priority;
  int customer_vlan;  // -1: absent
};

TEST(Packet, OuterTagIsTheVlanAndInnerTheCustomers) {
  const TagCase cases[] = {
      {"one 802.1Q tag", PacketBuilder().ethernet().vlan(100, 5), 100, 5, -1},
      {"VLAN 0 carries a priority only", PacketBuilder().ethernet().vlan(0, 6), 0, 6, -1},
      {"802.1ad", PacketBuilder().ethernet().vlan(200, 3, 0x88a8).vlan(30, 1), 200, 3, 30},
      {"tag type 0x9100", PacketBuilder().ethernet().vlan(200, 0, 0x9100).vlan(0), 200, 0, 0},
      {"tag type 0x9200", PacketBuilder().ethernet().vlan(200, 0, 0x9200).vlan(4095, 7), 200, 0, 4095},
      {"a third tag changes nothing", PacketBuilder().ethernet().vlan(1).vlan(2).vlan(3, 7), 1, 0, 2},
  };
  for (const TagCase& c : cases) {
    SCOPED_TRACE(c.rule);
    PacketBuilder packet = c.packet;
    Parsed p(packet.ipv4("192.0.2.1", "192.0.2.2").udp(53, 40000));
    EXPECT_EQ(p.flow().vlan_id, c.vlan);
    EXPECT_TRUE(p.extras().has(ExtraScalar::vlan_priority));
    EXPECT_EQ(p.extras().get(ExtraScalar::vlan_priority), c.priority);
    EXPECT_EQ(p.extras().has(ExtraScalar::customer_vlan_id), c.customer_vlan >= 0);
    if (c.customer_vlan >= 0) {
      EXPECT_EQ(p.extras().get(ExtraScalar::customer_vlan_id), static_cast<std::uint64_t>(c.customer_vlan));
    }
    EXPECT_EQ(p.flow().etype, 0x0800);
    EXPECT_EQ(p.flow().src_port, 53);
  }
}

TEST(Packet, TagsAreLayers) {
  Parsed p(PacketBuilder().ethernet().vlan(1).vlan(2).ipv6("2001:db8::1", "2001:db8::2").udp(1, 2));
  EXPECT_THAT(p.stack(), ElementsAre(kEthernet, kDot1q, kDot1q, kIpv6, kUdp));
  EXPECT_THAT(p.sizes(), ElementsAre(14, 4, 4, 40, 8));
}

TEST(Packet, SnapFrameCarriesAnEthertype) {
  Parsed p(PacketBuilder().ethernet().snap().ipv4("192.0.2.1", "192.0.2.2").udp(53, 40000));
  EXPECT_EQ(p.flow().etype, 0x0800);
  EXPECT_EQ(p.flow().src_port, 53);
  EXPECT_THAT(p.sizes(), ElementsAre(22, 20, 8));
}

TEST(Packet, OtherLlcFramesHaveMacsAndNoEthertype) {
  Parsed vendor(PacketBuilder().ethernet().snap(0x00000c).then_ethertype(0x2000).payload(60));
  EXPECT_TRUE(vendor.whole);
  EXPECT_EQ(vendor.flow().etype, 0);
  EXPECT_EQ(vendor.flow().src_mac, PacketBuilder::kSrcMac);
  Parsed cut(PacketBuilder().ethernet().then_ethertype(38));
  EXPECT_TRUE(cut.whole);
  EXPECT_EQ(cut.flow().etype, 0);
}

TEST(Packet, MplsStackToIpv4) {
  Parsed p(PacketBuilder()
               .ethernet()
               .mpls(16001, 62, false)
               .mpls(299776, 61, true)
               .ipv4("192.0.2.1", "192.0.2.2")
               .tcp(179, 50000));
  EXPECT_THAT(p.extras().list(ExtraList::mpls_label), ElementsAre(16001, 299776));
  EXPECT_THAT(p.extras().list(ExtraList::mpls_ttl), ElementsAre(62, 61));
  EXPECT_EQ(p.flow().etype, 0x0800);
  EXPECT_EQ(p.flow().src_port, 179);
  EXPECT_THAT(p.stack(), ElementsAre(kEthernet, kMpls, kIpv4, kTcp));
  EXPECT_THAT(p.sizes(), ElementsAre(14, 8, 20, 20));
}

TEST(Packet, MplsToIpv6AndAsFirstHeader) {
  Parsed p(PacketBuilder().mpls(2, 255, true).ipv6("2001:db8::1", "2001:db8::2").udp(1, 2),
           FirstHeader::mpls);
  EXPECT_EQ(p.flow().etype, 0x86dd);
  EXPECT_EQ(p.source(), "2001:db8::1");
}

TEST(Packet, MplsWithoutIpBelowKeepsItsOwnEthertype) {
  Parsed p(PacketBuilder().ethernet().mpls(500, 64, true).payload(30));
  EXPECT_EQ(p.flow().etype, 0x8847);
  EXPECT_EQ(p.flow().src_addr_size, 0);
  EXPECT_THAT(p.extras().list(ExtraList::mpls_label), ElementsAre(500));
}

// RFC 4448: a frame below the labels, with a control word (RFC 4385) and without one.
struct PseudowireCase {
  const char* rule;
  std::vector<std::uint32_t> labels;
  std::optional<std::uint32_t> control_word;
  std::uint64_t mac;  // destination inside, whose first four bits are all there is to tell it from IP
  bool ipv6 = false;
  bool tagged = false;
};

class Pseudowire : public testing::TestWithParam<PseudowireCase> {};

TEST_P(Pseudowire, IsEntered) {
  const PseudowireCase& c = GetParam();
  SCOPED_TRACE(c.rule);
  PacketBuilder outer;
  outer.ethernet();
  for (std::size_t i = 0; i < c.labels.size(); ++i) outer.mpls(c.labels[i], 254, i + 1 == c.labels.size());
  PacketBuilder inner;
  inner.ethernet(0x020000000505, c.mac);
  if (c.tagged) inner.vlan(7);
  c.ipv6 ? inner.ipv6("2001:db8::1", "2001:db8::2") : inner.ipv4("198.51.100.1", "198.51.100.2");
  inner.tcp(443, 55427);
  test::WireBytes whole;
  whole.raw(outer.bytes());
  if (c.control_word) whole.u32(*c.control_word);
  whole.raw(inner.bytes());
  Parsed p{Bytes(whole.data())};
  EXPECT_EQ(p.source(), c.ipv6 ? "2001:db8::1" : "198.51.100.1");
  EXPECT_EQ(p.flow().etype, c.ipv6 ? 0x86dd : 0x0800);
  EXPECT_EQ(p.flow().src_port, 443);
  EXPECT_EQ(p.flow().dst_port, 55427);
  EXPECT_EQ(p.flow().dst_mac, PacketBuilder::kDstMac) << "the first frame's";
  EXPECT_EQ(p.flow().vlan_id, c.tagged ? 7 : 0);
  EXPECT_EQ(p.extras().list(ExtraList::mpls_label), c.labels);
}

INSTANTIATE_TEST_SUITE_P(
    Packet, Pseudowire,
    testing::Values(
        PseudowireCase{"control word", {299776}, 0, 0x020000000605},
        PseudowireCase{"sequence in the control word", {299776}, 0x0000beef, 0x020000000605},
        PseudowireCase{"length in the control word", {299776}, 0x003c0001, 0x020000000605},
        PseudowireCase{"control word, several labels", {16001, 24005, 299776}, 0, 0x020000000605},
        PseudowireCase{"control word, IPv6", {299776}, 0, 0x020000000605, true},
        PseudowireCase{"control word, tag", {299776}, 0, 0x020000000605, false, true},
        PseudowireCase{"no control word", {299776}, {}, 0x020000000605},
        PseudowireCase{"no control word, MAC of another maker", {299776}, {}, 0xf8f21e000001},
        PseudowireCase{"no control word, MAC like IPv4", {299776}, {}, 0x4c5e0c000001},
        PseudowireCase{"no control word, MAC like IPv4 without options", {299776}, {}, 0x450000000001},
        PseudowireCase{"no control word, IPv6, tag", {16001, 299776}, {}, 0xf8f21e000001, true, true}),
    [](const auto& one) { return "Case" + std::to_string(one.index); });

TEST(Packet, IpBelowLabelsIsNoFrameWhateverItsAddress) {
  // The source is 8.0.69.1: where a frame has its type stands 0x0800, and 4 behind it.
  PacketBuilder ip;
  ip.ethernet().mpls(299776, 254, true).ipv4("8.0.69.1", "198.51.100.2").tcp(443, 50000);
  auto bytes = ip.bytes();
  std::uint32_t sum = 0;
  for (std::size_t i = 18; i < 38; i += 2)
    sum += std::to_integer<std::uint32_t>(bytes[i]) << 8 | std::to_integer<std::uint32_t>(bytes[i + 1]);
  while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
  bytes[28] = static_cast<std::byte>(~sum >> 8 & 0xff);
  bytes[29] = static_cast<std::byte>(~sum & 0xff);
  Parsed p{Bytes(bytes)};
  EXPECT_EQ(p.source(), "8.0.69.1");
  EXPECT_EQ(p.flow().src_port, 443);
}

TEST(Packet, EndlessMplsStackStopsAtSixteenLabels) {
  PacketBuilder packet;
  packet.ethernet();
  for (unsigned i = 0; i < 5000; ++i) packet.mpls(i, 64, false);
  Parsed p(packet);
  EXPECT_EQ(p.extras().list(ExtraList::mpls_label).size(), 16U);
  EXPECT_EQ(p.extras().list(ExtraList::mpls_ttl).size(), 16U);
}

TEST(Packet, EndlessTagsStopAtSixteenLayers) {
  PacketBuilder packet;
  packet.ethernet();
  for (unsigned i = 0; i < 5000; ++i) packet.vlan(i % 4096);
  Parsed p(packet);
  EXPECT_EQ(p.stack().size(), 16U);
}

TEST(Packet, Ipv6FillsEveryField) {
  Parsed p(PacketBuilder()
               .ethernet()
               .ipv6("2001:db8::1", "2001:db8:ffff::2",
                     {.traffic_class = 0x2e, .flow_label = 0xabcde, .hop_limit = 3})
               .tcp(443, 50000, 0x02));
  EXPECT_EQ(p.flow().etype, 0x86dd);
  EXPECT_EQ(p.source(), "2001:db8::1");
  EXPECT_EQ(p.destination(), "2001:db8:ffff::2");
  EXPECT_EQ(p.flow().ip_tos, 0x2e);
  EXPECT_EQ(p.flow().ipv6_flow_label, 0xabcdeU);
  EXPECT_EQ(p.flow().ip_ttl, 3);
  EXPECT_EQ(p.flow().proto, 6);
  EXPECT_EQ(p.flow().src_port, 443);
  EXPECT_EQ(p.flow().tcp_flags, 2);
  EXPECT_THAT(p.stack(), ElementsAre(kEthernet, kIpv6, kTcp));
}

TEST(Packet, OptionHeadersLeadToTheTransport) {
  Parsed p(PacketBuilder().ipv6("fe80::1", "ff02::16").options(0).options(60, 2).icmpv6(143, 0),
           FirstHeader::ipv6);
  EXPECT_EQ(p.flow().proto, 58);
  EXPECT_EQ(p.flow().icmp_type, 143);
  EXPECT_THAT(p.stack(), ElementsAre(kIpv6, kCustom, kCustom, kIcmpv6));
  EXPECT_THAT(p.sizes(), ElementsAre(40, 8, 24, 8));
}

TEST(Packet, SegmentRoutingHeaderGivesItsSegments) {
  Parsed p(PacketBuilder().ipv6("2001:db8::1", "fc00::2").routing(4, 1, {"fc00::3", "fc00::2"}).udp(1, 2),
           FirstHeader::ipv6);
  EXPECT_THAT(p.extras().list(ExtraAddressList::ipv6_routing_addresses),
              ElementsAre(*IpAddress::parse("fc00::3"), *IpAddress::parse("fc00::2")));
  EXPECT_EQ(p.extras().get(ExtraScalar::ipv6_routing_seg_left), 1U);
  EXPECT_EQ(p.flow().proto, 17);
  EXPECT_EQ(p.flow().dst_port, 2);
  EXPECT_THAT(p.stack(), ElementsAre(kIpv6, kRouting, kUdp));
  EXPECT_THAT(p.sizes(), ElementsAre(40, 40, 8));
}

TEST(Packet, SegmentsEndAtTheLastEntryAndTlvsAreSkipped) {
  auto packet =
      PacketBuilder().ipv6("2001:db8::1", "fc00::2").routing(4, 0, {"fc00::3", "fc00::2"}).udp(1, 2).bytes();
  packet[44] = std::byte{0};  // last entry: the second address is a TLV now
  Parsed p(Bytes(packet), FirstHeader::ipv6);
  EXPECT_THAT(p.extras().list(ExtraAddressList::ipv6_routing_addresses),
              ElementsAre(*IpAddress::parse("fc00::3")));
  EXPECT_EQ(p.flow().dst_port, 2);
}

TEST(Packet, SegmentsCutByTheEndOfTheHeaderAreThoseThatAreWhole) {
  auto packet =
      PacketBuilder().ipv6("2001:db8::1", "fc00::2").routing(4, 1, {"fc00::3", "fc00::2"}).udp(1, 2).bytes();
  packet.resize(40 + 8 + 20);
  Parsed p(Bytes(packet), FirstHeader::ipv6);
  EXPECT_THAT(p.extras().list(ExtraAddressList::ipv6_routing_addresses),
              ElementsAre(*IpAddress::parse("fc00::3")));
  EXPECT_EQ(p.flow().proto, 17);
  EXPECT_EQ(p.flow().dst_port, 0);
}

TEST(Packet, SourceRouteListsItsAddressesAndOtherTypesOnlySegmentsLeft) {
  Parsed route(PacketBuilder().ipv6("2001:db8::1", "2001:db8::2").routing(0, 2, {"2001:db8::3"}).udp(1, 2),
               FirstHeader::ipv6);
  EXPECT_THAT(route.extras().list(ExtraAddressList::ipv6_routing_addresses),
              ElementsAre(*IpAddress::parse("2001:db8::3")));
  Parsed rpl(PacketBuilder().ipv6("2001:db8::1", "2001:db8::2").routing(3, 2, {"2001:db8::3"}).udp(1, 2),
             FirstHeader::ipv6);
  EXPECT_THAT(rpl.extras().list(ExtraAddressList::ipv6_routing_addresses), IsEmpty());
  EXPECT_EQ(rpl.extras().get(ExtraScalar::ipv6_routing_seg_left), 2U);
  EXPECT_EQ(rpl.flow().dst_port, 2);
}

TEST(Packet, Ipv6FirstFragmentHasPortsAndLaterOnesDoNot) {
  Parsed first(
      PacketBuilder().ipv6("2001:db8::1", "2001:db8::2").fragment(0, true, 0xcafebabe).udp(53, 40000),
      FirstHeader::ipv6);
  EXPECT_EQ(first.flow().fragment_id, 0xcafebabeU);
  EXPECT_EQ(first.flow().ip_flags, 1);
  EXPECT_EQ(first.flow().src_port, 53);
  EXPECT_THAT(first.stack(), ElementsAre(kIpv6, kFragment, kUdp));
  Parsed later(PacketBuilder().ipv6("2001:db8::1", "2001:db8::2").fragment(181, false, 7).udp(53, 40000),
               FirstHeader::ipv6);
  EXPECT_EQ(later.flow().fragment_offset, 181);
  EXPECT_EQ(later.flow().proto, 17);
  EXPECT_EQ(later.flow().src_port, 0);
  EXPECT_THAT(later.stack(), ElementsAre(kIpv6, kFragment));
}

TEST(Packet, AuthenticationHeaderIsPassedInBothFamilies) {
  Parsed v6(PacketBuilder().ipv6("2001:db8::1", "2001:db8::2").authentication().tcp(1, 2), FirstHeader::ipv6);
  EXPECT_EQ(v6.flow().proto, 6);
  EXPECT_EQ(v6.flow().dst_port, 2);
  EXPECT_THAT(v6.sizes(), ElementsAre(40, 24, 20));
  Parsed v4(PacketBuilder().ipv4("192.0.2.1", "192.0.2.2").authentication().udp(1, 2), FirstHeader::ipv4);
  EXPECT_EQ(v4.flow().proto, 17);
  EXPECT_EQ(v4.flow().dst_port, 2);
}

TEST(Packet, EncryptedPayloadEndsTheWalk) {
  Parsed p(PacketBuilder().ipv6("2001:db8::1", "2001:db8::2").then_protocol(50).payload(40),
           FirstHeader::ipv6);
  EXPECT_EQ(p.flow().proto, 50);
  EXPECT_EQ(p.flow().src_port, 0);
}

TEST(Packet, SctpHasPorts) {
  Parsed p(PacketBuilder().ethernet().ipv4("192.0.2.1", "192.0.2.2").sctp(38412, 9899));
  EXPECT_EQ(p.flow().proto, 132);
  EXPECT_EQ(p.flow().src_port, 38412);
  EXPECT_EQ(p.flow().dst_port, 9899);
  EXPECT_THAT(p.sizes(), ElementsAre(14, 20, 12));
}

TEST(Packet, IcmpHasTypeAndCode) {
  Parsed p(PacketBuilder().ethernet().ipv4("192.0.2.1", "192.0.2.2").icmp(3, 13));
  EXPECT_EQ(p.flow().icmp_type, 3);
  EXPECT_EQ(p.flow().icmp_code, 13);
  EXPECT_EQ(p.flow().src_port, 0);
  EXPECT_EQ(p.flow().dst_port, 0);
  EXPECT_THAT(p.stack(), ElementsAre(kEthernet, kIpv4, kIcmp));
}

TEST(Packet, ArpHasItsEthertypeAndNoAddresses) {
  Parsed p(PacketBuilder().ethernet().vlan(9).then_ethertype(0x0806).payload(28));
  EXPECT_EQ(p.flow().etype, 0x0806);
  EXPECT_EQ(p.flow().vlan_id, 9);
  EXPECT_EQ(p.flow().src_addr_size, 0);
}

TEST(Packet, PppWithAndWithoutFramingAndCompression) {
  for (const bool framed : {true, false})
    for (const bool compressed : {true, false}) {
      Parsed v4(PacketBuilder().ppp(0x0021, framed, compressed).ipv4("192.0.2.1", "192.0.2.2").udp(1, 2),
                FirstHeader::ppp);
      EXPECT_EQ(v4.source(), "192.0.2.1") << framed << compressed;
      EXPECT_EQ(v4.flow().etype, 0x0800);
      Parsed v6(PacketBuilder().ppp(0x0057, framed, compressed).ipv6("2001:db8::1", "2001:db8::2").udp(1, 2),
                FirstHeader::ppp);
      EXPECT_EQ(v6.source(), "2001:db8::1") << framed << compressed;
    }
}

TEST(Packet, PppOfOtherProtocolsIsWholeAndEmpty) {
  Parsed p(PacketBuilder().ppp(0xc021).payload(10), FirstHeader::ppp);
  EXPECT_TRUE(p.whole);
  EXPECT_EQ(p.flow().src_addr_size, 0);
}

TEST(Packet, FirstHeaderCutShortIsSaidSo) {
  const std::pair<FirstHeader, std::vector<std::byte>> cases[] = {
      {FirstHeader::ethernet, PacketBuilder().ethernet().bytes()},
      {FirstHeader::ipv4, PacketBuilder().ipv4("192.0.2.1", "192.0.2.2").bytes()},
      {FirstHeader::ipv6, PacketBuilder().ipv6("2001:db8::1", "2001:db8::2").bytes()},
      {FirstHeader::mpls, PacketBuilder().mpls(1, 1, true).bytes()},
      {FirstHeader::ppp, PacketBuilder().ppp(0x0021).bytes()},
  };
  for (const auto& [first, packet] : cases) {
    EXPECT_TRUE(Parsed(Bytes(packet), first).whole) << static_cast<int>(first);
    EXPECT_FALSE(Parsed(Bytes(packet).first(packet.size() - 1), first).whole) << static_cast<int>(first);
    EXPECT_FALSE(Parsed(Bytes{}, first).whole) << static_cast<int>(first);
  }
}

// What a cut packet says is what the whole one says, or nothing.
TEST(Packet, CutAtEveryLengthNeverInvents) {
  const auto packet = PacketBuilder()
                          .ethernet()
                          .vlan(100, 5, 0x88a8)
                          .vlan(7, 1)
                          .mpls(1000, 64, true)
                          .ipv6("2001:db8::1", "2001:db8::2", {.traffic_class = 0xff, .flow_label = 0xfffff})
                          .options(0, 1)
                          .routing(4, 1, {"fc00::3", "fc00::2"})
                          .fragment(0, true, 99)
                          .authentication()
                          .tcp(443, 50000, 0x1ff)
                          .bytes();
  Parsed whole{Bytes(packet)};
  ASSERT_EQ(whole.flow().dst_port, 50000);
  for (std::size_t n = 0; n <= packet.size(); ++n) {
    const std::vector<std::byte> exact(packet.begin(), packet.begin() + static_cast<std::ptrdiff_t>(n));
    Parsed cut{Bytes(exact)};
    EXPECT_EQ(cut.whole, n >= 14) << n;
    EXPECT_TRUE(cut.flow().src_addr_size == 0 || cut.source() == "2001:db8::1") << n;
    EXPECT_TRUE(cut.flow().dst_port == 0 || cut.flow().dst_port == 50000) << n;
    EXPECT_TRUE(cut.flow().tcp_flags == 0 || cut.flow().tcp_flags == 0x1ff) << n;
    EXPECT_TRUE(cut.flow().fragment_id == 0 || cut.flow().fragment_id == 99) << n;
    std::size_t layers = 0;
    for (const auto size : cut.sizes()) layers += size;
    EXPECT_LE(layers, n);
  }
}

TEST(Packet, EveryByteFlippedStaysWithinBounds) {
  const std::pair<FirstHeader, std::vector<std::byte>> samples[] = {
      {FirstHeader::ethernet, PacketBuilder()
                                  .ethernet()
                                  .vlan(1)
                                  .mpls(9, 1, true)
                                  .ipv4("192.0.2.1", "192.0.2.2", {.options = 8})
                                  .tcp(1, 2)
                                  .bytes()},
      {FirstHeader::ipv6, PacketBuilder()
                              .ipv6("2001:db8::1", "2001:db8::2")
                              .options(0)
                              .routing(0, 1, {"fc00::1"})
                              .fragment(0, true, 1)
                              .icmpv6(1, 2)
                              .bytes()},
      {FirstHeader::ppp, PacketBuilder().ppp(0x57).ipv6("2001:db8::1", "2001:db8::2").sctp(1, 2).bytes()},
  };
  for (const auto& [first, sample] : samples)
    for (std::size_t at = 0; at < sample.size(); ++at)
      for (unsigned mask = 1; mask < 256; ++mask) {
        auto flipped = sample;
        flipped[at] ^= static_cast<std::byte>(mask);
        Parsed p(Bytes(flipped), first);
        ASSERT_LE(p.stack().size(), 16U);
        ASSERT_EQ(p.stack().size(), p.sizes().size());
      }
}

}  // namespace
}  // namespace sluice::decode
