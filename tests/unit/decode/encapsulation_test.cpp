// Records that tell of two packets by the same elements twice, and records that only look so.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "support/decode_fixture.hpp"

namespace sluice::decode {
namespace {

using test::DecodeFixture;
using test::SetMessage;
using test::WireBytes;

/// A field of a record with its value.
struct Sent {
  std::uint16_t id;
  std::string address;  ///< else the number
  std::uint64_t number = 0;
};

std::uint16_t length_of(const Sent& sent) {
  switch (sent.id) {
    case 8:
    case 12:
      return 4;
    case 27:
    case 28:
      return 16;
    case 7:
    case 11:
    case 58:
      return 2;
    case 56:
    case 80:
      return 6;
    default:
      return 1;
  }
}

Sent a(std::uint16_t id, const std::string& address) { return {id, address}; }
Sent n(std::uint16_t id, std::uint64_t number) { return {id, "", number}; }

using Record = std::vector<Sent>;
Record operator+(Record x, const Record& y) {
  x.insert(x.end(), y.begin(), y.end());
  return x;
}

const Record kOuter6{a(27, "2001:db8:91::1"), a(28, "2001:db8:90::")};
const Record kOuter4{a(8, "198.51.100.1"), a(12, "198.51.100.2")};
const Record kInner6{a(27, "2001:db8::13"), a(28, "2001:db8::12")};
const Record kInner4{a(8, "192.0.2.1"), a(12, "192.0.2.2")};
const Record kNone6{a(27, "::"), a(28, "::")};
const Record kNone4{a(8, "0.0.0.0"), a(12, "0.0.0.0")};
Record rest(std::uint64_t proto, std::uint64_t source, std::uint64_t destination, std::uint64_t tos) {
  return {n(4, proto), n(7, source), n(11, destination), n(5, tos)};
}
const Record kTunnel = rest(41, 0, 0, 8), kUdp = rest(17, 1024, 862, 192);

/// Decodes the record; with a field of variable length in the template where asked.
void decode(const Record& record, bool variable, DecodeFixture& into) {
  SetMessage::Fields fields;
  WireBytes bytes;
  for (const Sent& sent : record) {
    const std::uint16_t length = length_of(sent);
    fields.push_back({sent.id, length});
    if (!sent.address.empty())
      bytes.address(sent.address);
    else if (length == 1)
      bytes.u8(sent.number);
    else if (length == 2)
      bytes.u16(sent.number);
    else
      bytes.u48(sent.number);
  }
  if (variable) {
    fields.push_back({30000, kVariableLength});
    bytes.u8(0);
  }
  ASSERT_EQ(into(SetMessage::ipfix().tmpl(256, fields).data(256, bytes)).count(DecodeCount::flows), 1u);
}

struct Packet {
  std::string source, destination;
  unsigned proto, src_port, dst_port, tos, etype;
  bool operator==(const Packet&) const = default;
};

void PrintTo(const Packet& p, std::ostream* out) {
  *out << p.source << " " << p.destination << " " << p.proto << " " << p.src_port << " " << p.dst_port << " "
       << p.tos << " " << p.etype;
}

const Packet kOuterPacket6{"2001:db8:91::1", "2001:db8:90::", 41, 0, 0, 8, 0x86dd};
const Packet kOuterPacket4{"198.51.100.1", "198.51.100.2", 41, 0, 0, 8, 0x0800};
const Packet kInnerPacket6{"2001:db8::13", "2001:db8::12", 17, 1024, 862, 192, 0x86dd};
const Packet kInnerPacket4{"192.0.2.1", "192.0.2.2", 17, 1024, 862, 192, 0x0800};

Packet packet_of(const FlowRecord& flow) {
  return {flow.source().to_string(),
          flow.destination().to_string(),
          flow.proto,
          flow.src_port,
          flow.dst_port,
          flow.ip_tos,
          flow.etype};
}

Packet inner_of(const FlowExtras& extras) {
  const auto number = [&](ExtraScalar field) { return static_cast<unsigned>(extras.get(field)); };
  return {extras.get(ExtraAddress::inner_src_addr).to_string(),
          extras.get(ExtraAddress::inner_dst_addr).to_string(),
          number(ExtraScalar::inner_proto),
          number(ExtraScalar::inner_src_port),
          number(ExtraScalar::inner_dst_port),
          number(ExtraScalar::inner_ip_tos),
          number(ExtraScalar::inner_etype)};
}

struct Two {
  std::string name;
  Record record;
  Packet outer, inner;
  unsigned outer_mask = 0, inner_mask = 0;  ///< of the source
};

std::vector<Two> of_two_packets() {
  const Packet bare{"2001:db8::13", "2001:db8::12", 0, 0, 0, 0, 0x86dd};
  return {
      {"V6InV6", kOuter6 + kTunnel + kInner6 + kUdp, kOuterPacket6, kInnerPacket6},
      {"V4InV6", kOuter6 + kTunnel + kInner4 + kUdp, kOuterPacket6, kInnerPacket4},
      {"V6InV4", kOuter4 + kTunnel + kInner6 + kUdp, kOuterPacket4, kInnerPacket6},
      {"V4InV4", kOuter4 + kTunnel + kInner4 + kUdp, kOuterPacket4, kInnerPacket4},
      {"HeadersBeforeAddresses", kTunnel + kOuter6 + kUdp + kInner4, kOuterPacket6, kInnerPacket4},
      {"InnerOfEitherFamily4", kOuter6 + kTunnel + kInner4 + kNone6 + kUdp, kOuterPacket6, kInnerPacket4},
      {"InnerOfEitherFamily6", kOuter6 + kTunnel + kNone4 + kInner6 + kUdp, kOuterPacket6, kInnerPacket6},
      {"BothOfEitherFamily", kOuter4 + kNone6 + kTunnel + kNone4 + kInner6 + kUdp, kOuterPacket4,
       kInnerPacket6},
      {"PortsOfTheInnerAlone", kOuter6 + Record{n(4, 41), n(5, 8)} + kInner4 + kUdp, kOuterPacket6,
       kInnerPacket4},
      {"AddressesAlone", kOuter6 + kInner6 + kTunnel, kOuterPacket6, bare},
      {"Masks",
       kOuter6 + Record{n(29, 48), n(30, 64)} + kTunnel + kInner6 + Record{n(29, 7), n(30, 9)} + kUdp,
       kOuterPacket6, kInnerPacket6, 48, 7},
      {"MasksOfTheOuterBehindAll", kOuter6 + kTunnel + kInner4 + kUdp + Record{n(29, 48)}, kOuterPacket6,
       kInnerPacket4, 48, 0},
      {"MasksOfTheInnerAlone", kOuter6 + kTunnel + kInner4 + kUdp + Record{n(9, 24)}, kOuterPacket6,
       kInnerPacket4, 0, 24},
  };
}

class TwoPackets : public testing::TestWithParam<Two> {};

TEST_P(TwoPackets, AreToldApart) {
  for (const bool variable : {false, true}) {
    DecodeFixture outer;
    decode(GetParam().record, variable, outer);
    ASSERT_NE(outer.extras(), nullptr);
    EXPECT_EQ(packet_of(outer.flow()), GetParam().outer);
    EXPECT_EQ(inner_of(*outer.extras()), GetParam().inner);
    EXPECT_EQ(outer.flow().src_net, GetParam().outer_mask);
  }
}

TEST_P(TwoPackets, ChangePlacesWhereTheInnerIsWanted) {
  ExporterSettings settings;
  settings.decapsulate = Decapsulate::inner;
  for (const bool variable : {false, true}) {
    DecodeFixture inner({}, settings);
    decode(GetParam().record, variable, inner);
    ASSERT_NE(inner.extras(), nullptr);
    EXPECT_EQ(packet_of(inner.flow()), GetParam().inner);
    EXPECT_EQ(inner_of(*inner.extras()), GetParam().outer);
    EXPECT_EQ(inner.flow().src_net, GetParam().inner_mask);
  }
}

INSTANTIATE_TEST_SUITE_P(Encapsulation, TwoPackets, testing::ValuesIn(of_two_packets()),
                         [](const auto& one) { return one.param.name; });

struct One {
  std::string name;
  Record record;
  Packet right;
};

std::vector<One> of_one_packet() {
  const Packet mixed{"192.0.2.1", "192.0.2.2", 17, 1024, 862, 192, 0x0800};
  return {
      {"BothFamiliesOfWhichOneIsZero", kNone6 + kInner4 + kUdp, mixed},
      {"BothFamiliesAroundTheProtocol",
       kNone6 + Record{n(4, 17)} + kInner4 + Record{n(7, 1024), n(11, 862), n(5, 192)}, mixed},
      {"HeadersTwice", kInner4 + kUdp + rest(6, 1, 2, 3), mixed},
      {"HeadersTwiceTheFirstZero", kInner4 + rest(0, 0, 0, 0) + kUdp, mixed},
      {"OneAddressTwice", Record{a(8, "192.0.2.1"), a(8, "192.0.2.9"), a(12, "192.0.2.2")} + kUdp, mixed},
      {"TheSamePacketTwice", kInner4 + kUdp + kInner4 + kUdp, mixed},
      {"NoInnerPacket", kInner4 + kUdp + kNone4 + rest(0, 0, 0, 0), mixed},
      {"NoOuterPacket", kNone6 + rest(0, 0, 0, 0) + kInner4 + kUdp, mixed},
  };
}

class OnePacket : public testing::TestWithParam<One> {};

TEST_P(OnePacket, HasNoneInside) {
  for (const bool variable : {false, true}) {
    DecodeFixture one;
    decode(GetParam().record, variable, one);
    EXPECT_EQ(packet_of(one.flow()), GetParam().right);
    EXPECT_EQ(one.extras(), nullptr);
  }
}

INSTANTIATE_TEST_SUITE_P(Encapsulation, OnePacket, testing::ValuesIn(of_one_packet()),
                         [](const auto& one) { return one.param.name; });

TEST(Encapsulation, OfTheLinkTheFirstCounts) {
  DecodeFixture two;
  decode(Record{n(56, 0), n(80, 5), n(58, 0)} + kOuter6 + kTunnel + Record{n(56, 7), n(80, 8), n(58, 9)} +
             kInner6 + kUdp,
         false, two);
  EXPECT_EQ(two.flow().src_mac, 0u);
  EXPECT_EQ(two.flow().dst_mac, 5u);
  EXPECT_EQ(two.flow().vlan_id, 0u);
}

}  // namespace
}  // namespace sluice::decode
