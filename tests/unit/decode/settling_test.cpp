// What follows from several elements of a record together: ethertype, ICMP's type and code, the protocol.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "support/decode_fixture.hpp"

namespace sluice::decode {
namespace {

using test::DecodeFixture;
using test::SetMessage;
using test::WireBytes;

WireBytes v4() { return WireBytes().address("192.0.2.1").address("192.0.2.2"); }
WireBytes v6() { return WireBytes().address("2001:db8::1").address("2001:db8::2"); }

const SetMessage::Fields kV4{{8, 4}, {12, 4}}, kV6{{27, 16}, {28, 16}};

SetMessage::Fields with(SetMessage::Fields fields, const SetMessage::Fields& more) {
  fields.insert(fields.end(), more.begin(), more.end());
  return fields;
}

struct Ethertype {
  std::string name;
  SetMessage::Fields fields;
  WireBytes record;
  unsigned right;
};

class Ethertypes : public testing::TestWithParam<Ethertype> {};

TEST_P(Ethertypes, AreSettled) {
  for (const bool ipfix : {false, true}) {
    DecodeFixture decode;
    SetMessage message = ipfix ? SetMessage::ipfix() : SetMessage::v9();
    decode(message.tmpl(256, GetParam().fields).data(256, GetParam().record));
    EXPECT_EQ(decode.flow().etype, GetParam().right);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Settling, Ethertypes,
    testing::Values(
        Ethertype{"OfV4Addresses", with(kV4, {{256, 2}}), v4().u16(37118), 0x0800},
        Ethertype{"OfV6Addresses", with(kV6, {{256, 2}}), v6().u16(37118), 0x86dd},
        Ethertype{"BeforeTheAddresses", with({{256, 2}}, kV6), WireBytes().u16(0x8847).raw(v6().data()),
                  0x86dd},
        Ethertype{
            "OfADestinationAlone", {{256, 2}, {12, 4}}, WireBytes().u16(37118).address("192.0.2.1"), 0x0800},
        Ethertype{"OfVersion4", with(kV4, {{256, 2}, {60, 1}}), v4().u16(37118).u8(4), 0x0800},
        Ethertype{"OfVersion6", {{60, 1}, {256, 2}}, WireBytes().u8(6).u16(37118), 0x86dd},
        Ethertype{"OfNoVersion", {{60, 1}, {256, 2}}, WireBytes().u8(0).u16(0x0806), 0x0806},
        Ethertype{"Alone", {{256, 2}, {1, 4}}, WireBytes().u16(0x0806).u32(1), 0x0806},
        Ethertype{"BesideAddressesOfZeros", with(kV4, {{256, 2}}), WireBytes().zeros(8).u16(0x0806), 0x0806},
        Ethertype{"OfZeroBesideAddressesOfZeros", with(kV4, {{256, 2}}), WireBytes().zeros(8).u16(0), 0x0800},
        Ethertype{"OfBothFamilies", with(with(kV4, kV6), {{256, 2}}),
                  WireBytes().zeros(8).raw(v6().data()).u16(0x0800), 0x86dd}),
    [](const auto& one) { return one.param.name; });

struct Icmp {
  std::string name;
  SetMessage::Fields fields;
  WireBytes record;
  int proto, type, code;
};

class IcmpTypes : public testing::TestWithParam<Icmp> {};

TEST_P(IcmpTypes, AreUnpacked) {
  for (const bool ipfix : {false, true}) {
    DecodeFixture decode;
    SetMessage message = ipfix ? SetMessage::ipfix() : SetMessage::v9();
    decode(message.tmpl(256, GetParam().fields).data(256, GetParam().record));
    EXPECT_EQ(decode.flow().proto, GetParam().proto);
    EXPECT_EQ(decode.flow().icmp_type, GetParam().type);
    EXPECT_EQ(decode.flow().icmp_code, GetParam().code);
  }
}

const SetMessage::Fields kPorts{{4, 1}, {7, 2}, {11, 2}};
WireBytes ports(unsigned proto, unsigned source, unsigned destination) {
  return WireBytes().u8(proto).u16(source).u16(destination);
}

INSTANTIATE_TEST_SUITE_P(
    Settling, IcmpTypes,
    testing::Values(
        Icmp{"TypeAloneInThePort", kPorts, ports(1, 0, 8), 1, 8, 0},
        Icmp{"TypeAloneOfV6", kPorts, ports(58, 0, 0x88), 58, 136, 0},
        Icmp{"HighestTypeAlone", kPorts, ports(58, 0, 255), 58, 255, 0},
        Icmp{"TypeAndCodeInThePort", kPorts, ports(1, 0, 0x0301), 1, 3, 1},
        Icmp{"TypeInTheHighByte", kPorts, ports(58, 0, 0x8800), 58, 136, 0},
        Icmp{"TypeBesideAnIdentifier", kPorts, ports(1, 0x1234, 8), 1, 8, 0},
        Icmp{"TypeAloneInTheSourcePort", kPorts, ports(58, 135, 0), 58, 135, 0},
        Icmp{"TypeAndCodeInTheSourcePort", kPorts, ports(1, 0x0b01, 0), 1, 11, 1},
        Icmp{"NoType", kPorts, ports(1, 0, 0), 1, 0, 0}, Icmp{"PortOfTcp", kPorts, ports(6, 0, 8), 6, 0, 0},
        Icmp{"TypeAloneIn32", {{4, 1}, {32, 2}}, WireBytes().u8(1).u16(8), 1, 8, 0},
        Icmp{"TypeAloneIn139", {{4, 1}, {139, 2}}, WireBytes().u8(58).u16(128), 58, 128, 0},
        Icmp{"ProtocolOf32", {{32, 2}, {1, 4}}, WireBytes().u16(0x0301).u32(1), 1, 3, 1},
        Icmp{"ProtocolOf139", {{139, 2}, {1, 4}}, WireBytes().u16(0x8700).u32(1), 58, 135, 0},
        Icmp{"ProtocolOf32BesidePorts", {{7, 2}, {11, 2}, {32, 2}}, WireBytes().u32(0).u16(0x0800), 1, 8, 0},
        Icmp{"NoProtocolOf32OfZeroBesidePorts",
             {{7, 2}, {11, 2}, {32, 2}},
             WireBytes().u32(0x50005).u16(0),
             0,
             0,
             0},
        Icmp{"EchoReplyOf32Alone", with(kV4, {{32, 2}}), v4().u16(0), 1, 0, 0},
        Icmp{"ProtocolOf176", {{176, 1}, {177, 1}}, WireBytes().u8(3).u8(1), 1, 3, 1},
        Icmp{"ProtocolOf178", {{178, 1}, {179, 1}}, WireBytes().u8(1).u8(4), 58, 1, 4},
        Icmp{"ProtocolOfBothByV6Addresses", with(kV6, {{32, 2}, {139, 2}}), v6().u16(0).u16(0x8000), 58, 128,
             0},
        Icmp{"ProtocolOfBothByV4Addresses", with(kV4, {{32, 2}, {139, 2}}), v4().u16(0x0800).u16(0), 1, 8, 0},
        Icmp{"ProtocolThatIsSentCounts", {{4, 1}, {32, 2}}, WireBytes().u8(0).u16(0x0800), 0, 0, 0}),
    [](const auto& one) { return one.param.name; });

}  // namespace
}  // namespace sluice::decode
