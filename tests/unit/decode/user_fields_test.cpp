// User-defined fields: from elements and bits of packets to values.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sluice/decode/packet.hpp"
#include "support/decode_fixture.hpp"
#include "support/packet_builder.hpp"
#include "support/set_message.hpp"
#include "unit/decode/sflow_fixture.hpp"

namespace sluice::decode {
namespace {

using namespace std::string_literals;
using test::kReceivedNs;
using test::PacketBuilder;
using test::SetMessage;
using test::WireBytes;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::uint32_t kCisco = 9;

UserField field(std::uint32_t number, UserType type, std::vector<ElementSource> elements) {
  UserField out;
  out.name = "field_" + std::to_string(number);
  out.number = number;
  out.type = type;
  out.elements = std::move(elements);
  return out;
}

UserField bits(UserType type, std::vector<PacketSource> packet) {
  UserField out = field(2000, type, {});
  out.packet = std::move(packet);
  return out;
}

/// One exporter whose collector has these fields.
struct Decode {
  explicit Decode(std::vector<UserField> fields)
      : exporters({}, {}, {}, make_user_fields(std::move(fields))), decoder(exporters) {}

  DecodeReport operator()(const std::vector<std::byte>& payload) {
    batch.clear();
    return decoder.decode({payload, IpAddress::v4(0xc0000209), 2055, kReceivedNs}, batch);
  }
  const UserValues* values(std::size_t flow = 0) const {
    const FlowExtras* extras = batch.extras_of(batch.flows()[flow]);
    return extras ? extras->user() : nullptr;
  }

  ExporterTable exporters;
  DatagramDecoder decoder;
  FlowBatch batch;
};

std::vector<std::uint64_t> integers(const UserValues* values) {
  std::vector<std::uint64_t> out;
  if (values == nullptr) return out;
  for (const auto& value : values->singles()) out.push_back(value.integer);
  for (const auto& value : values->listed()) out.push_back(value.integer);
  return out;
}

std::vector<std::string> texts(const UserValues* values) {
  std::vector<std::string> out;
  if (values == nullptr) return out;
  for (const auto& value : values->singles()) out.emplace_back(values->bytes(value));
  for (const auto& value : values->listed()) out.emplace_back(values->bytes(value));
  return out;
}

TEST(UserFields, AnElementOfFixedLengthFillsEachRecordsField) {
  Decode decode({field(2000, UserType::uint, {{0, 61}})});
  const auto report = decode(SetMessage::v9()
                                 .tmpl(256, {{1, 4}, {61, 1}, {2, 4}})
                                 .data(256, WireBytes().u32(100).u8(1).u32(1).u32(200).u8(0).u32(2))
                                 .bytes());
  EXPECT_FALSE(report.any_error());
  ASSERT_EQ(decode.batch.size(), 2U);
  EXPECT_THAT(integers(decode.values(0)), ElementsAre(1));
  EXPECT_THAT(integers(decode.values(1)), ElementsAre(0));  // a 0 that was sent is there
  EXPECT_EQ(decode.batch.flows()[1].bytes, 200U);
  EXPECT_EQ(decode.batch.flows()[0].flow_direction, FlowDirection::egress);  // the message's own has it too
}

TEST(UserFields, AnEnterpriseElementOfVariableLengthIsText) {
  Decode decode({field(2000, UserType::string, {{kCisco, 12235}})});
  decode(SetMessage::ipfix()
             .tmpl(256, {{1, 4}, {12235, kVariableLength, kCisco}, {12235, 2}})
             .data(256, WireBytes().u32(100).u8(3).u8('a').u8('b').u8(0).u16(0x4142))
             .bytes());
  ASSERT_EQ(decode.batch.size(), 1U);
  // Padding is left out, and element 12235 of no enterprise is another element.
  EXPECT_THAT(texts(decode.values()), ElementsAre("ab"));
}

TEST(UserFields, ElementsThatTheTableDoesNotKnowAreTakenAsTheyAre) {
  Decode decode({field(2000, UserType::bytes, {{0, 999}}), field(2001, UserType::address, {{0, 1000}})});
  decode(SetMessage::ipfix()
             .tmpl(256, {{999, 3}, {1000, 4}})
             .data(256, WireBytes().u8(0).u8(0xff).u8(0).address("192.0.2.7"))
             .bytes());
  EXPECT_THAT(texts(decode.values()), ElementsAre("\0\xff\0"s, "\xc0\x00\x02\x07"s));
}

TEST(UserFields, LittleEndianIsTurnedRound) {
  auto little = field(2000, UserType::uint, {{0, 999}});
  little.little_endian = true;
  Decode decode({little});
  decode(SetMessage::ipfix().tmpl(256, {{999, 3}}).data(256, WireBytes().u8(1).u8(2).u8(3)).bytes());
  EXPECT_THAT(integers(decode.values()), ElementsAre(0x030201));
}

TEST(UserFields, OfSeveralElementsTheFirstNamedThatIsNotZeroCounts) {
  const auto one = [](std::uint32_t first, std::uint32_t second) {
    Decode decode({field(2000, UserType::uint, {{0, 1001}, {0, 1000}})});
    decode(SetMessage::ipfix()
               .tmpl(256, {{1000, 4}, {1001, 4}})
               .data(256, WireBytes().u32(first).u32(second))
               .bytes());
    return integers(decode.values());
  };
  EXPECT_THAT(one(5, 7), ElementsAre(7));
  EXPECT_THAT(one(5, 0), ElementsAre(5));
  EXPECT_THAT(one(0, 0), ElementsAre(0));
}

TEST(UserFields, AListHasAllOfThem) {
  auto list = field(2000, UserType::uint, {{0, 1000}});
  list.list = true;
  Decode decode({list});
  decode(SetMessage::ipfix()
             .tmpl(256, {{1000, 1}, {1, 4}, {1000, 2}})
             .data(256, WireBytes().u8(0).u32(1).u16(500))
             .bytes());
  EXPECT_THAT(integers(decode.values()), ElementsAre(0, 500));
}

TEST(UserFields, WhatDoesNotFitTheTypeIsNoValue) {
  Decode decode({field(2000, UserType::uint, {{0, 1000}}), field(2001, UserType::address, {{0, 1000}}),
                 field(2002, UserType::string, {{0, 1001}})});
  const auto report = decode(SetMessage::ipfix()
                                 .tmpl(256, {{1000, 9}, {1001, kVariableLength}})
                                 .data(256, WireBytes().zeros(8).u8(1).u8(0))
                                 .bytes());
  EXPECT_FALSE(report.any_error());
  ASSERT_EQ(decode.batch.size(), 1U);
  EXPECT_EQ(decode.values(), nullptr);
}

TEST(UserFields, OptionsRecordsHaveNone) {
  Decode decode({field(2000, UserType::uint, {{0, 34}})});
  const auto report = decode(SetMessage::ipfix()
                                 .options_tmpl(256, {{149, 4}}, {{34, 4}})
                                 .data(256, WireBytes().u32(1).u32(100))
                                 .bytes());
  EXPECT_EQ(report.count(DecodeCount::options_records), 1U);
  EXPECT_TRUE(decode.batch.empty());
}

TEST(UserFields, BothDirectionsOfAFlowHaveThem) {
  Decode decode({field(2000, UserType::uint, {{0, 1000}})});
  decode(SetMessage::ipfix()
             .tmpl(256, {{231, 4}, {232, 4}, {1000, 2}})
             .data(256, WireBytes().u32(100).u32(200).u16(7))
             .bytes());
  ASSERT_EQ(decode.batch.size(), 2U);
  EXPECT_THAT(integers(decode.values(0)), ElementsAre(7));
  EXPECT_THAT(integers(decode.values(1)), ElementsAre(7));
}

TEST(UserFields, NoFlowHasAnotherOnesValues) {
  Decode decode({field(2000, UserType::uint, {{0, 1000}})});
  const auto tmpl = SetMessage::ipfix().tmpl(256, {{1000, 2}}).tmpl(257, {{148, 4}}).bytes();
  decode(tmpl);
  decode(SetMessage::ipfix().data(256, WireBytes().u16(7)).bytes());
  EXPECT_THAT(integers(decode.values()), ElementsAre(7));
  decode(SetMessage::ipfix().data(257, WireBytes().u32(1)).bytes());  // its extras are the same memory
  ASSERT_EQ(decode.batch.size(), 1U);
  ASSERT_NE(decode.batch.extras_of(decode.batch.flows()[0]), nullptr);
  EXPECT_EQ(decode.values(), nullptr);
}

/// Values of a packet read with one field of these bits.
struct Packet {
  Packet(const UserField& wanted, const std::vector<std::byte>& packet,
         FirstHeader first = FirstHeader::ethernet)
      : fields({wanted}) {
    batch.add_origin();
    FlowRecord& flow = batch.append_one();
    parse_packet(first, packet, batch, flow, &fields);
    const FlowExtras* extras = batch.extras_of(flow);
    values = extras ? extras->user() : nullptr;
  }
  UserFields fields;
  FlowBatch batch;
  const UserValues* values = nullptr;
};

std::vector<std::byte> tcp_packet() {
  return PacketBuilder()
      .ethernet()
      .vlan(7, 5)
      .vlan(9, 1)
      .ipv4("192.0.2.1", "192.0.2.2", {.tos = 0xb8})
      .tcp(443, 50000)
      .bytes();
}

std::vector<std::uint64_t> bits_of(const PacketSource& source, bool list = false, bool little = false) {
  auto wanted = bits(UserType::uint, {source});
  wanted.list = list;
  wanted.little_endian = little;
  return integers(Packet(wanted, tcp_packet()).values);
}

TEST(UserPacketBits, AreCountedFromTheLayersFirstBit) {
  using L = PacketLayer;
  EXPECT_THAT(bits_of({L::tcp, false, 0, 16}), ElementsAre(443));
  EXPECT_THAT(bits_of({L::tcp, false, 16, 16}), ElementsAre(50000));
  EXPECT_THAT(bits_of({L::ipv4, false, 8, 6}), ElementsAre(46));  // DSCP
  EXPECT_THAT(bits_of({L::ipv4, false, 4, 4}), ElementsAre(5));   // header length
  EXPECT_THAT(bits_of({L::ethernet, false, 0, 48}), ElementsAre(PacketBuilder::kDstMac));
  EXPECT_THAT(bits_of({L::udp, false, 0, 16}), IsEmpty());
}

TEST(UserPacketBits, MayBeginAndEndAnywhere) {
  using L = PacketLayer;
  // 443 is 0000 0001 1011 1011, 50000 is 1100 0011 0101 0000.
  EXPECT_THAT(bits_of({L::tcp, false, 7, 1}), ElementsAre(1));
  EXPECT_THAT(bits_of({L::tcp, false, 7, 9}), ElementsAre(443));
  EXPECT_THAT(bits_of({L::tcp, false, 15, 3}), ElementsAre(7));
  EXPECT_THAT(bits_of({L::tcp, false, 13, 12}), ElementsAre(0b011'1100'0011'0));
  EXPECT_THAT(bits_of({L::ethernet, false, 4, 64}),
              ElementsAre((PacketBuilder::kDstMac & 0xfffffffffff) << 20 |
                          0x02000));  // all 64 bits, from amid a byte
}

TEST(UserPacketBits, ComeInEitherOrderOfBytes) {
  EXPECT_THAT(bits_of({PacketLayer::tcp, false, 0, 16}, false, true), ElementsAre(0xbb01));
}

TEST(UserPacketBits, OfTheOuterTagOrOfAll) {
  const PacketSource tag{PacketLayer::dot1q, false, 4, 12};
  EXPECT_THAT(bits_of(tag), ElementsAre(7));
  EXPECT_THAT(bits_of(tag, true), ElementsAre(7, 9));
}

TEST(UserPacketBits, OfSeveralLayersWhicheverIsThere) {
  const auto port =
      bits(UserType::uint, {{PacketLayer::udp, false, 0, 16}, {PacketLayer::tcp, false, 0, 16}});
  EXPECT_THAT(integers(Packet(port, tcp_packet()).values), ElementsAre(443));
  const auto udp = PacketBuilder().ipv6("2001:db8::1", "2001:db8::2").udp(53, 1024).bytes();
  EXPECT_THAT(integers(Packet(port, udp, FirstHeader::ipv6).values), ElementsAre(53));
}

TEST(UserPacketBits, TellTheInnerPacketFromTheOuter) {
  const auto packet = PacketBuilder()
                          .ipv4("192.0.2.1", "192.0.2.2")
                          .ipv4("198.51.100.1", "198.51.100.2")
                          .tcp(443, 50000)
                          .bytes();
  const auto source = [](bool inner) {
    return bits(UserType::address, {{PacketLayer::ipv4, inner, 96, 32}});
  };
  EXPECT_THAT(texts(Packet(source(false), packet, FirstHeader::ipv4).values),
              ElementsAre("\xc0\x00\x02\x01"s));
  EXPECT_THAT(texts(Packet(source(true), packet, FirstHeader::ipv4).values),
              ElementsAre("\xc6\x33\x64\x01"s));
}

TEST(UserPacketBits, ReachPastTheHeaderAsFarAsTheSampleGoes) {
  auto packet = PacketBuilder().ipv4("192.0.2.1", "192.0.2.2").udp(53, 53).bytes();
  for (const unsigned octet : {0x12U, 0x34U, 0x56U}) packet.push_back(static_cast<std::byte>(octet));
  packet[2] = std::byte{0};  // no total length: as sampled before the card cut it
  packet[3] = std::byte{0};
  const auto of = [&](std::uint32_t offset, std::uint32_t length, UserType type = UserType::uint) {
    return Packet(bits(type, {{PacketLayer::udp, false, offset, length}}), packet, FirstHeader::ipv4);
  };
  EXPECT_THAT(integers(of(64, 16).values), ElementsAre(0x1234));
  EXPECT_THAT(texts(of(68, 16, UserType::bytes).values), ElementsAre("\x23\x45"));
  EXPECT_THAT(integers(of(72, 16).values), ElementsAre(0x3456));
  EXPECT_THAT(integers(of(73, 16).values), IsEmpty());  // one bit too far
  EXPECT_THAT(integers(of(65535, 64).values), IsEmpty());
}

TEST(UserPacketBits, OfEveryCutPacketAreWholeOrNone) {
  const auto packet = tcp_packet();
  const auto wanted = bits(UserType::uint, {{PacketLayer::ipv4, false, 96, 64}});
  for (std::size_t size = 0; size <= packet.size(); ++size) {
    const std::vector<std::byte> cut(packet.begin(), packet.begin() + static_cast<std::ptrdiff_t>(size));
    const bool whole = size >= 14 + 8 + 20;
    EXPECT_EQ(integers(Packet(wanted, cut).values).size(), whole ? 1U : 0U) << size;
  }
}

TEST(UserPacketBits, ComeFromSflowAndFromPacketSections) {
  const auto wanted = bits(UserType::uint, {{PacketLayer::tcp, false, 0, 16}});
  Decode ipfix({wanted});
  const auto packet = tcp_packet();
  ipfix(SetMessage::ipfix()
            .tmpl(256, {{315, static_cast<std::uint16_t>(packet.size())}})
            .data(256, WireBytes().raw(packet))
            .bytes());
  EXPECT_THAT(integers(ipfix.values()), ElementsAre(443));

  Decode sflow({wanted});
  sflow(test::SflowDatagram().add(test::SflowSample::flow().raw_header(packet, 64)).bytes());
  EXPECT_THAT(integers(sflow.values()), ElementsAre(443));
}

}  // namespace
}  // namespace sluice::decode
