// Packets within packets: what the inner fields get, that the outer ones stay, and what is no tunnel. And the
// framing that is none.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sluice/decode/packet.hpp"
#include "support/packet_builder.hpp"

namespace sluice::decode {
namespace {

using test::PacketBuilder;
using test::WireBytes;
using testing::ElementsAre;
using testing::IsEmpty;

template <class... Layers>
auto stack_is(Layers... layers) {
  return ElementsAre(static_cast<std::uint32_t>(layers)...);
}

struct Parsed {
  explicit Parsed(const PacketBuilder& packet, FirstHeader first = FirstHeader::ipv4)
      : Parsed(packet.bytes(), first) {}
  explicit Parsed(Bytes packet, FirstHeader first = FirstHeader::ipv4) {
    batch.add_origin();
    batch.append_one();
    parse_packet(first, packet, batch, flow());
  }
  FlowRecord& flow() { return batch.flows()[0]; }
  const FlowExtras& extras() { return batch.extras(flow()); }
  std::string outer_source() { return flow().source().to_string(); }
  std::string source() { return extras().get(ExtraAddress::inner_src_addr).to_string(); }
  std::string destination() { return extras().get(ExtraAddress::inner_dst_addr).to_string(); }
  std::uint64_t get(ExtraScalar field) { return extras().get(field); }
  std::uint64_t dst_port() { return get(ExtraScalar::inner_dst_port); }
  bool has_inner() {
    return extras().addresses_set() != 0 || extras().has(ExtraScalar::inner_etype) ||
           extras().has(ExtraScalar::inner_proto) || extras().has(ExtraScalar::inner_src_port) ||
           extras().has(ExtraScalar::inner_dst_port) || extras().has(ExtraScalar::vni);
  }
  const std::vector<std::uint32_t>& stack() { return extras().list(ExtraList::layer_stack); }
  const std::vector<std::uint32_t>& sizes() { return extras().list(ExtraList::layer_size); }

  FlowBatch batch;
};

PacketBuilder outer() { return PacketBuilder().ipv4("192.0.2.1", "192.0.2.2", {.tos = 0x10, .ttl = 99}); }
PacketBuilder outer_udp(unsigned dst_port) { return outer().udp(50001, dst_port); }
PacketBuilder outer6() { return PacketBuilder().ipv6("2001:db8::1", "2001:db8::2"); }
PacketBuilder inner_web(PacketBuilder packet) {
  return packet.ipv4("10.0.0.1", "10.0.0.2", {.ttl = 3}).tcp(443, 40000, 0x12);
}
void expect_web(Parsed&& p, const char* name) {
  SCOPED_TRACE(name);
  EXPECT_EQ(p.source(), "10.0.0.1");
  EXPECT_EQ(p.destination(), "10.0.0.2");
  EXPECT_EQ(p.get(ExtraScalar::inner_etype), 0x0800U);
  EXPECT_EQ(p.get(ExtraScalar::inner_proto), 6U);
  EXPECT_EQ(p.get(ExtraScalar::inner_src_port), 443U);
  EXPECT_EQ(p.dst_port(), 40000U);
}

TEST(Tunnel, OuterFieldsStayThoseOfTheOuterPacket) {
  Parsed p(inner_web(PacketBuilder()
                         .ethernet(1, 2)
                         .vlan(5, 3)
                         .ipv4("192.0.2.1", "192.0.2.2", {.tos = 0x10, .id = 7, .ttl = 99})
                         .udp(50001, 4789)
                         .vxlan(5000)
                         .ethernet(3, 4)
                         .vlan(77, 1)
                         .vlan(78)),
           FirstHeader::ethernet);
  EXPECT_EQ(p.flow().src_mac, 1U);
  EXPECT_EQ(p.flow().vlan_id, 5);
  EXPECT_EQ(p.get(ExtraScalar::vlan_priority), 3U);
  EXPECT_FALSE(p.extras().has(ExtraScalar::customer_vlan_id));
  EXPECT_EQ(p.flow().etype, 0x0800);
  EXPECT_EQ(p.outer_source(), "192.0.2.1");
  EXPECT_EQ(p.flow().ip_tos, 0x10);
  EXPECT_EQ(p.flow().ip_ttl, 99);
  EXPECT_EQ(p.flow().fragment_id, 7U);
  EXPECT_EQ(p.flow().proto, 17);
  EXPECT_EQ(p.flow().src_port, 50001);
  EXPECT_EQ(p.flow().dst_port, 4789);
  EXPECT_EQ(p.flow().tcp_flags, 0);
  expect_web(std::move(p), "vxlan");
}

TEST(Tunnel, GreWithEachOfItsOptionalFields) {
  const std::pair<unsigned, std::size_t> headers[] = {{0, 0},      {0x8000, 4}, {0x2000, 4},
                                                      {0x1000, 4}, {0x3000, 8}, {0xb000, 12}};
  for (const auto& [flags, optional] : headers) {
    SCOPED_TRACE(flags);
    Parsed p(inner_web(outer().gre(flags, optional)));
    EXPECT_EQ(p.flow().proto, 47);
    EXPECT_EQ(p.flow().src_port, 0);
    EXPECT_THAT(p.stack(), stack_is(Layer::ipv4, Layer::gre, Layer::ipv4, Layer::tcp));
    EXPECT_THAT(p.sizes(), ElementsAre(20, 4 + optional, 20, 20));
    expect_web(std::move(p), "gre");
  }
}

TEST(Tunnel, GreWithIpv6AnEthernetFrameOrMplsWithin) {
  Parsed v6(outer6().gre().ipv6("2001:db8:a::1", "2001:db8:a::2").udp(53, 5353), FirstHeader::ipv6);
  EXPECT_EQ(v6.source(), "2001:db8:a::1");
  EXPECT_EQ(v6.get(ExtraScalar::inner_etype), 0x86ddU);
  expect_web(Parsed(inner_web(outer().gre(0x2000, 4).ethernet().vlan(9))), "transparent bridging");
  Parsed mpls(inner_web(outer().gre().mpls(16, 9, true)));
  EXPECT_THAT(mpls.extras().list(ExtraList::mpls_label), IsEmpty());
  expect_web(std::move(mpls), "MPLS");
}

TEST(Tunnel, GreOfAnUnknownTypeNamesItAlone) {
  Parsed p(outer().gre().then_ethertype(0x88be).payload(40));
  EXPECT_EQ(p.get(ExtraScalar::inner_etype), 0x88beU);
  EXPECT_EQ(p.source(), "");
}

TEST(Tunnel, GreOfPptpCarriesPpp) {
  for (const auto& [flags, optional] : {std::pair{0x2001U, 4U}, {0x3001U, 8U}, {0x3081U, 12U}})
    expect_web(
        Parsed(inner_web(outer().gre(flags, optional).then_ethertype(0x880b).ppp(0x21, flags == 0x2001))),
        "pptp");
}

TEST(Tunnel, GreOfAnotherVersionOrWithSourceRoutesIsNotEntered) {
  for (const unsigned flags : {0x0002U, 0x0007U, 0x4000U, 0x0800U, 0x0001U, 0x2001U}) {
    Parsed p(inner_web(outer().gre(flags)));
    EXPECT_FALSE(p.has_inner()) << flags;
    EXPECT_EQ(p.flow().proto, 47);
    EXPECT_THAT(p.stack(), stack_is(Layer::ipv4));
  }
}

TEST(Tunnel, IpipAnd6in4AndTheirKinOverIpv6) {
  Parsed ipip(inner_web(outer()));
  EXPECT_EQ(ipip.flow().proto, 4);
  EXPECT_EQ(ipip.outer_source(), "192.0.2.1");
  EXPECT_THAT(ipip.stack(), stack_is(Layer::ipv4, Layer::ipv4, Layer::tcp));
  expect_web(std::move(ipip), "IPIP");
  Parsed six(outer().ipv6("2001:db8:a::1", "2001:db8:a::2").options(0).udp(53, 5353));
  EXPECT_EQ(six.flow().proto, 41);
  EXPECT_EQ(six.flow().etype, 0x0800);
  EXPECT_EQ(six.source(), "2001:db8:a::1");
  EXPECT_EQ(six.destination(), "2001:db8:a::2");
  EXPECT_EQ(six.get(ExtraScalar::inner_proto), 17U);
  EXPECT_EQ(six.dst_port(), 5353U);
  expect_web(Parsed(inner_web(outer6()), FirstHeader::ipv6), "IPv4 in IPv6");
  Parsed both(outer6().ipv6("2001:db8:a::1", "2001:db8:a::2").tcp(1, 2), FirstHeader::ipv6);
  EXPECT_EQ(both.outer_source(), "2001:db8::1");
  EXPECT_EQ(both.source(), "2001:db8:a::1");
}

TEST(Tunnel, Srv6WithIpv4Ipv6OrAFrameWithin) {
  const auto route = [] { return outer6().routing(4, 1, {"fc00::3", "fc00::2"}); };
  expect_web(Parsed(inner_web(route()), FirstHeader::ipv6), "IPv4");
  expect_web(Parsed(inner_web(route().ethernet().vlan(5)), FirstHeader::ipv6), "frame");
  Parsed v6(route().ipv6("2001:db8:a::1", "2001:db8:a::2").routing(4, 7, {"fc00::9"}).udp(53, 5353),
            FirstHeader::ipv6);
  EXPECT_EQ(v6.flow().proto, 41);
  EXPECT_EQ(v6.source(), "2001:db8:a::1");
  EXPECT_EQ(v6.dst_port(), 5353U);
  EXPECT_EQ(v6.get(ExtraScalar::ipv6_routing_seg_left), 1U);
  EXPECT_THAT(v6.extras().list(ExtraAddressList::ipv6_routing_addresses),
              ElementsAre(*IpAddress::parse("fc00::3"), *IpAddress::parse("fc00::2")));
  EXPECT_THAT(v6.stack(),
              stack_is(Layer::ipv6, Layer::ipv6_routing, Layer::ipv6, Layer::ipv6_routing, Layer::udp));
}

TEST(Tunnel, VxlanOnBothPortsHasItsVni) {
  for (const unsigned port : {4789U, 8472U}) {
    Parsed p(inner_web(outer_udp(port).vxlan(0xabcdef).ethernet()));
    EXPECT_EQ(p.get(ExtraScalar::vni), 0xabcdefU);
    EXPECT_THAT(p.stack(),
                stack_is(Layer::ipv4, Layer::udp, Layer::custom, Layer::ethernet, Layer::ipv4, Layer::tcp));
    EXPECT_THAT(p.sizes(), ElementsAre(20, 8, 8, 14, 20, 20));
    expect_web(std::move(p), "vxlan");
  }
  Parsed zero(inner_web(outer_udp(4789).vxlan(0).ethernet()));
  EXPECT_TRUE(zero.extras().has(ExtraScalar::vni));
}

TEST(Tunnel, VxlanWithAGroupPolicyIsVxlan) {
  expect_web(Parsed(inner_web(outer_udp(4789).vxlan(7, 0x88480123).ethernet())), "policy");
}

TEST(Tunnel, VxlanWithArpWithinHasItsEthertypeOnly) {
  Parsed p(outer_udp(4789).vxlan(7).ethernet().then_ethertype(0x0806).payload(28));
  EXPECT_EQ(p.get(ExtraScalar::inner_etype), 0x0806U);
  EXPECT_FALSE(p.extras().has(ExtraScalar::inner_proto));
  EXPECT_EQ(p.extras().addresses_set(), 0U);
}

TEST(Tunnel, VxlanPortWithoutItsHeaderIsPlainUdp) {
  for (const std::uint32_t first : {0x00000000U, 0x08000001U, 0x18000000U, 0x80000000U, 0x48545450U}) {
    Parsed p(inner_web(outer_udp(4789).vxlan(7, first).ethernet()));
    EXPECT_FALSE(p.has_inner()) << first;
    EXPECT_EQ(p.flow().dst_port, 4789);
    EXPECT_THAT(p.stack(), stack_is(Layer::ipv4, Layer::udp));
  }
  Parsed answer(inner_web(outer().udp(4789, 50001).vxlan(7).ethernet()));
  EXPECT_FALSE(answer.has_inner());
}

TEST(Tunnel, GeneveWithOptionsHasItsVni) {
  for (const unsigned options : {0U, 12U, 252U}) {
    Parsed p(inner_web(outer_udp(6081).geneve(0x123456, options).ethernet()));
    EXPECT_EQ(p.get(ExtraScalar::vni), 0x123456U);
    EXPECT_THAT(p.stack(),
                stack_is(Layer::ipv4, Layer::udp, Layer::geneve, Layer::ethernet, Layer::ipv4, Layer::tcp));
    EXPECT_THAT(p.sizes(), ElementsAre(20, 8, 8 + options, 14, 20, 20));
    expect_web(std::move(p), "geneve");
  }
  expect_web(Parsed(inner_web(outer_udp(6081).geneve(1))), "IPv4 without a frame");
}

TEST(Tunnel, GenevePortWithoutItsHeaderIsPlainUdp) {
  const std::pair<std::size_t, unsigned> damages[] = {{0, 0x40}, {1, 0x01}, {2, 0x12}, {7, 0x01}};
  for (const auto& [at, bits] : damages) {
    auto packet = inner_web(outer_udp(6081).geneve(1).ethernet()).bytes();
    packet[28 + at] ^= static_cast<std::byte>(bits);
    EXPECT_FALSE(Parsed(Bytes(packet)).has_inner()) << at;
  }
}

TEST(Tunnel, GtpuWithSequenceNumberAndExtensions) {
  const auto gtpu = [](unsigned flags, const WireBytes& optional) {
    return outer_udp(2152).gtpu(flags).raw(optional);
  };
  expect_web(Parsed(inner_web(gtpu(0x30, {}))), "plain");
  expect_web(Parsed(inner_web(gtpu(0x32, WireBytes().u16(9).u8(0).u8(0x85)))), "type without its flag");
  Parsed session(inner_web(gtpu(0x34, WireBytes().u16(0).u8(0).u8(0x85).u8(1).u16(0x0009).u8(0))));
  EXPECT_THAT(session.stack(), stack_is(Layer::ipv4, Layer::udp, Layer::custom, Layer::ipv4, Layer::tcp));
  EXPECT_THAT(session.sizes(), ElementsAre(20, 8, 16, 20, 20));
  expect_web(std::move(session), "PDU session container");
  expect_web(Parsed(inner_web(gtpu(
                 0x36, WireBytes().u16(0).u8(0).u8(0xc0).u8(1).u16(1).u8(0x85).u8(2).u32(0).u16(0).u8(0)))),
             "two extensions");
  Parsed v6(outer_udp(2152).gtpu().ipv6("2001:db8:a::1", "2001:db8:a::2").udp(53, 5353));
  EXPECT_EQ(v6.source(), "2001:db8:a::1");
}

TEST(Tunnel, GtpuMessagesWithoutAPacketHaveNoInnerFields) {
  EXPECT_FALSE(Parsed(inner_web(outer_udp(2152).gtpu(0x32, 1))).has_inner()) << "echo request";
  EXPECT_FALSE(Parsed(inner_web(outer_udp(2152).gtpu(0x50))).has_inner()) << "version 2";
  EXPECT_FALSE(Parsed(inner_web(outer_udp(2152).gtpu(0x20))).has_inner()) << "GTP'";
  EXPECT_FALSE(Parsed(outer_udp(2152).gtpu().payload(60)).has_inner()) << "no IP";
}

TEST(Tunnel, GtpuExtensionsWithoutLengthOrEndAreNotFollowed) {
  WireBytes endless = WireBytes().u16(0).u8(0).u8(0x85);
  for (int i = 0; i < 5000; ++i) endless.u8(1).u16(0).u8(0x85);
  EXPECT_FALSE(Parsed(inner_web(outer_udp(2152).gtpu(0x34).raw(endless))).has_inner());
  const auto empty = WireBytes().u16(0).u8(0).u8(0x85).u8(0).u16(0).u8(0);
  EXPECT_FALSE(Parsed(inner_web(outer_udp(2152).gtpu(0x34).raw(empty))).has_inner());
}

TEST(Tunnel, TeredoWithAndWithoutItsIndications) {
  const auto authentication = WireBytes().u16(1).u8(2).u8(3).zeros(5 + 9);
  const auto origin = WireBytes().u16(0).u16(0xfe00).u32(0x01020304);
  for (const WireBytes& before :
       {WireBytes(), authentication, origin, WireBytes(authentication).raw(origin.data())}) {
    Parsed p(outer_udp(3544).raw(before).ipv6("2001:0:c000:201::1", "2001:db8:a::2").tcp(443, 40000));
    EXPECT_EQ(p.source(), "2001:0:c000:201::1");
    EXPECT_EQ(p.dst_port(), 40000U);
    EXPECT_EQ(p.flow().dst_port, 3544);
    EXPECT_THAT(p.stack(), stack_is(Layer::ipv4, Layer::udp, Layer::teredo, Layer::ipv6, Layer::tcp));
    EXPECT_THAT(p.sizes(), ElementsAre(20, 8, before.size(), 40, 20));
  }
  Parsed solicitation(outer_udp(3544).raw(authentication).ipv6("fe80::1", "ff02::2").icmpv6(133, 0));
  EXPECT_EQ(solicitation.source(), "fe80::1");
}

TEST(Tunnel, TeredoPortWithoutATeredoAddressIsPlainUdp) {
  EXPECT_FALSE(Parsed(outer_udp(3544).ipv6("2001:db8:a::1", "2001:db8:a::2").tcp(1, 2)).has_inner());
  EXPECT_FALSE(Parsed(inner_web(outer_udp(3544))).has_inner());
  EXPECT_FALSE(Parsed(outer_udp(3544).payload(60)).has_inner());
}

TEST(Tunnel, InAFragmentThatIsNotTheFirstIsNotEntered) {
  const PacketBuilder::Ipv4 later{.flags = 1, .offset = 8};
  EXPECT_FALSE(Parsed(inner_web(PacketBuilder().ipv4("192.0.2.1", "192.0.2.2", later).gre())).has_inner());
  EXPECT_FALSE(Parsed(inner_web(PacketBuilder().ipv4("192.0.2.1", "192.0.2.2", later))).has_inner());
  EXPECT_FALSE(
      Parsed(
          inner_web(PacketBuilder().ipv4("192.0.2.1", "192.0.2.2", later).udp(1, 4789).vxlan(1).ethernet()))
          .has_inner());
  Parsed v6(inner_web(outer6().fragment(8, true, 1)), FirstHeader::ipv6);
  EXPECT_FALSE(v6.has_inner());
  EXPECT_EQ(v6.flow().proto, 4);
  expect_web(Parsed(inner_web(outer6().fragment(0, true, 1)), FirstHeader::ipv6), "first fragment");
}

TEST(Tunnel, InnerFragmentThatIsNotTheFirstHasNoPorts) {
  Parsed p(outer().gre().ipv4("10.0.0.1", "10.0.0.2", {.flags = 1, .offset = 185}).udp(53, 40000));
  EXPECT_EQ(p.source(), "10.0.0.1");
  EXPECT_EQ(p.get(ExtraScalar::inner_proto), 17U);
  EXPECT_FALSE(p.extras().has(ExtraScalar::inner_dst_port));
  EXPECT_EQ(p.flow().fragment_offset, 0);
}

TEST(Tunnel, WithinATunnelIsNotEntered) {
  Parsed p(inner_web(outer().gre().ipv4("10.1.0.1", "10.1.0.2").udp(1, 4789).vxlan(7).ethernet()));
  EXPECT_EQ(p.source(), "10.1.0.1");
  EXPECT_EQ(p.dst_port(), 4789U);
  EXPECT_FALSE(p.extras().has(ExtraScalar::vni));
  PacketBuilder nested = outer();
  for (int i = 0; i < 1000; ++i) nested.ipv4("10.0.0.1", "10.0.0.2");
  EXPECT_EQ(Parsed(nested).stack().size(), 2U);
}

TEST(Tunnel, LayersOfBothPacketsAreBoundedTogether) {
  PacketBuilder packet = outer().gre().ethernet();
  for (unsigned i = 0; i < 5000; ++i) packet.vlan(i % 4096);
  EXPECT_EQ(Parsed(packet).stack().size(), 16U);
}

TEST(Framing, PppoeSessionIsTheFlowItself) {
  Parsed v4(
      PacketBuilder().ethernet().vlan(7).pppoe().ppp(0x21, false).ipv4("10.0.0.1", "10.0.0.2").udp(1, 2),
      FirstHeader::ethernet);
  EXPECT_EQ(v4.outer_source(), "10.0.0.1");
  EXPECT_EQ(v4.flow().etype, 0x0800);
  EXPECT_EQ(v4.flow().vlan_id, 7);
  EXPECT_EQ(v4.flow().dst_port, 2);
  EXPECT_FALSE(v4.has_inner());
  EXPECT_THAT(v4.stack(),
              stack_is(Layer::ethernet, Layer::dot1q, Layer::custom, Layer::custom, Layer::ipv4, Layer::udp));
  EXPECT_THAT(v4.sizes(), ElementsAre(14, 4, 6, 2, 20, 8));
  Parsed v6(PacketBuilder().ethernet().pppoe().ppp(0x57, false).ipv6("2001:db8::1", "2001:db8::2").udp(1, 2),
            FirstHeader::ethernet);
  EXPECT_EQ(v6.outer_source(), "2001:db8::1");
  EXPECT_EQ(v6.flow().etype, 0x86dd);
  Parsed mpls(PacketBuilder().ethernet().pppoe().ppp(0x281, false).mpls(16, 9, true).payload(20),
              FirstHeader::ethernet);
  EXPECT_EQ(mpls.flow().etype, 0x8847);
  EXPECT_THAT(mpls.extras().list(ExtraList::mpls_label), ElementsAre(16));
}

TEST(Framing, PppoeControlAndOtherCodesKeepTheEthertype) {
  Parsed lcp(PacketBuilder().ethernet().pppoe().ppp(0xc021, false).payload(40), FirstHeader::ethernet);
  EXPECT_EQ(lcp.flow().etype, 0x8864);
  EXPECT_EQ(lcp.flow().src_addr_size, 0);
  for (const auto& [version, code] : {std::pair{0x21U, 0U}, {0x11U, 9U}}) {
    Parsed p(PacketBuilder().ethernet().pppoe(7, version, code).ppp(0x21, false).ipv4("10.0.0.1", "10.0.0.2"),
             FirstHeader::ethernet);
    EXPECT_EQ(p.flow().etype, 0x8864);
    EXPECT_EQ(p.flow().src_addr_size, 0);
  }
}

TEST(Framing, PppoeLengthEndsThePacketBeforeThePadding) {
  auto packet = PacketBuilder().ethernet().pppoe().ppp(0x21, false).bytes();
  packet.resize(60, std::byte{0x45});
  Parsed p(Bytes(packet), FirstHeader::ethernet);
  EXPECT_EQ(p.flow().src_addr_size, 0);
}

TEST(Framing, SnapFrameEndsWhereItsLengthSays) {
  auto packet = PacketBuilder().ethernet().snap().ipv4("10.0.0.1", "10.0.0.2").udp(53, 5353).bytes();
  packet[13] = std::byte{8 + 20};
  Parsed p(Bytes(packet), FirstHeader::ethernet);
  EXPECT_EQ(p.outer_source(), "10.0.0.1");
  EXPECT_EQ(p.flow().dst_port, 0);
  EXPECT_THAT(p.sizes(), ElementsAre(22, 20));
  packet[13] = std::byte{4};
  EXPECT_EQ(Parsed(Bytes(packet), FirstHeader::ethernet).flow().etype, 0);
}

/// One of each, with the inner packet 10.0.0.1:443 to 10.0.0.2:40000 or its IPv6 pendant.
std::vector<std::pair<FirstHeader, std::vector<std::byte>>> samples() {
  const auto v4 = FirstHeader::ipv4;
  return {
      {v4, inner_web(outer().gre(0xb000, 12)).bytes()},
      {v4, inner_web(outer().gre(0x3081, 12).then_ethertype(0x880b).ppp(0x21)).bytes()},
      {v4, inner_web(outer()).bytes()},
      {v4, outer().ipv6("2001:0:a::1", "2001:0:a::2").tcp(443, 40000).bytes()},
      {FirstHeader::ipv6,
       inner_web(outer6().routing(4, 1, {"fc00::3", "fc00::2"}).ethernet().vlan(5)).bytes()},
      {v4, inner_web(outer_udp(4789).vxlan(5000).ethernet().vlan(77)).bytes()},
      {v4, inner_web(outer_udp(6081).geneve(5000, 8).ethernet()).bytes()},
      {v4, inner_web(outer_udp(2152).gtpu(0x34).raw(WireBytes().u16(0).u8(0).u8(0x85).u8(1).u16(9).u8(0)))
               .bytes()},
      {v4, outer_udp(3544)
               .raw(WireBytes().u16(1).u8(2).u8(3).zeros(14).u16(0).u16(0xfe00).u32(7))
               .ipv6("2001:0:a::1", "2001:0:a::2")
               .tcp(443, 40000)
               .bytes()},
      {FirstHeader::ethernet,
       inner_web(PacketBuilder().ethernet().pppoe().ppp(0x21, false).ipv4("192.0.2.1", "192.0.2.2")).bytes()},
  };
}

// Under the address sanitizer a read past the end of the exact buffer is found too.
TEST(Tunnel, CutAtEveryLengthNeverInventsAndKeepsTheOuterFields) {
  for (const auto& [first, packet] : samples()) {
    Parsed whole(Bytes(packet), first);
    ASSERT_EQ(whole.dst_port(), 40000U);
    for (std::size_t n = 0; n < packet.size(); ++n) {
      const std::vector<std::byte> exact(packet.begin(), packet.begin() + static_cast<std::ptrdiff_t>(n));
      Parsed cut(Bytes(exact), first);
      EXPECT_TRUE(cut.flow().src_addr_size == 0 || cut.outer_source() == whole.outer_source()) << n;
      EXPECT_TRUE(cut.flow().dst_port == 0 || cut.flow().dst_port == whole.flow().dst_port) << n;
      EXPECT_TRUE(cut.source().empty() || cut.source() == whole.source()) << n;
      EXPECT_TRUE(cut.dst_port() == 0 || cut.dst_port() == 40000) << n;
      EXPECT_TRUE(!cut.extras().has(ExtraScalar::vni) || cut.get(ExtraScalar::vni) == 5000) << n;
      EXPECT_LE(cut.stack().size(), whole.stack().size());
      std::size_t layers = 0;
      for (const auto size : cut.sizes()) layers += size;
      EXPECT_LE(layers, n);
    }
    const Bytes ports = Bytes(packet).first(packet.size() - 16);
    EXPECT_EQ(Parsed(ports, first).dst_port(), 40000U) << "the ports are there, the rest of TCP is not";
  }
}

TEST(Tunnel, EveryByteFlippedStaysWithinBounds) {
  for (const auto& [first, sample] : samples())
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
