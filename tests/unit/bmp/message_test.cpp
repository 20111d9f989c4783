#include "bmp/message.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/bmp_builder.hpp"

namespace sluice::bmp {
namespace {

using test::BmpPeer;
using test::WireBytes;

std::optional<PeerHeader> header_of(const BmpPeer& peer) {
  const WireBytes bytes = test::peer_header(peer);
  ByteReader in(bytes.data());
  return read_peer_header(in);
}

TEST(BmpMessage, CommonHeaderTellsLengthAndType) {
  const auto bytes = test::bmp_initiation("edge-1");
  const CommonHeader header = read_common_header(bytes);
  EXPECT_EQ(header.type, MessageType::initiation);
  EXPECT_EQ(header.length, bytes.size());
  EXPECT_TRUE(header.good(bytes.size()));
  EXPECT_FALSE(header.good(bytes.size() - 1));
  EXPECT_FALSE(read_common_header(WireBytes().u8(2).u32(6).u8(4).data()).good(100));
  EXPECT_FALSE(read_common_header(WireBytes().u8(3).u32(5).u8(4).data()).good(100));
  EXPECT_TRUE(read_common_header(WireBytes().u8(3).u32(6).u8(4).data()).good(100));
}

TEST(BmpMessage, PeerHeaderTellsThePeer) {
  const auto v4 = header_of({.flags = 0x60, .address = "192.0.2.9", .as = 200000});
  ASSERT_TRUE(v4);
  EXPECT_EQ(v4->key.address.to_string(), "192.0.2.9");
  EXPECT_EQ(v4->as, 200000U);
  EXPECT_TRUE(v4->post_policy);
  EXPECT_TRUE(v4->legacy_as);
  EXPECT_FALSE(v4->sent);
  const auto v6 = header_of({.type = 1, .flags = 0x10, .distinguisher = 5, .address = "2001:db8::9"});
  EXPECT_EQ(v6->key.address.to_string(), "2001:db8::9");
  EXPECT_EQ(v6->key.type, PeerType::instance);
  EXPECT_EQ(v6->key.distinguisher, 5U);
  EXPECT_TRUE(v6->sent);
}

TEST(BmpMessage, FlagsOfALocalRibAreOthers) {
  const auto header = header_of({.type = 3, .flags = 0xf0, .address = "0.0.0.0"});
  ASSERT_TRUE(header);
  EXPECT_TRUE(header->key.address.empty());
  EXPECT_FALSE(header->post_policy || header->legacy_as || header->sent);
}

TEST(BmpMessage, PeerHeaderOfAnotherTypeOrCutOffIsNone) {
  EXPECT_FALSE(header_of({.type = 4}));
  const WireBytes whole = test::peer_header({});
  ASSERT_EQ(whole.size(), 42U);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    ByteReader in(Bytes(whole.data()).first(size));
    EXPECT_FALSE(read_peer_header(in)) << size;
    EXPECT_FALSE(in.ok());
  }
}

std::vector<std::byte> up_body(const std::vector<std::byte>& sent, const std::vector<std::byte>& received) {
  return WireBytes().zeros(16).u16(179).u16(50000).raw(sent).raw(received).data();
}

TEST(BmpMessage, PathIdentifiersAreAgreedWhereOneSendsAndTheOtherTakesThem) {
  constexpr unsigned kReceives = 1, kSends = 2, kBoth = 3;
  const auto agreed = [](unsigned sent, unsigned received, PeerType type = PeerType::global) {
    const auto up =
        read_peer_up(up_body(test::bgp_open(64500, 0, sent), test::bgp_open(64501, 0, received)), type);
    EXPECT_FALSE(up->add_path[0]);
    return up->add_path[1];
  };
  EXPECT_TRUE(agreed(kReceives, kSends));
  EXPECT_TRUE(agreed(kBoth, kBoth));
  EXPECT_FALSE(agreed(kSends, kSends));
  EXPECT_FALSE(agreed(kReceives, kReceives));
  EXPECT_FALSE(agreed(0, kBoth));
  EXPECT_FALSE(agreed(4, kBoth)) << "no mode there is";
  EXPECT_TRUE(agreed(kSends, kSends, PeerType::local_rib)) << "both are the router's";
}

TEST(BmpMessage, PeerUpTellsTheRoutersAs) {
  EXPECT_EQ(read_peer_up(up_body(test::bgp_open(200000), test::bgp_open(64501)), PeerType::global)->local_as,
            200000U);
}

TEST(BmpMessage, PeerUpCutOffIsNone) {
  const auto whole = up_body(test::bgp_open(64500, 3, 3), test::bgp_open(64501, 3, 3));
  ASSERT_TRUE(read_peer_up(whole, PeerType::global));
  for (std::size_t size = 0; size < whole.size(); ++size)
    EXPECT_FALSE(read_peer_up(Bytes(whole).first(size), PeerType::global)) << size;
}

TEST(BmpMessage, OpenWithLongParameters) {
  // RFC 9072: 255 as length and as first type, then two bytes of length, and of each parameter's.
  WireBytes body;
  body.u8(4).u16(23456).u16(90).u32(1).u8(255).u8(255).u16(9).u8(2).u16(6).u8(65).u8(4).u32(200001);
  const auto message = test::bgp_message(1, body);
  ByteReader in(message);
  const auto open = read_open(in);
  ASSERT_TRUE(open);
  EXPECT_EQ(open->as, 200001U);
}

TEST(BmpMessage, OpenWhoseLengthsDoNotFitIsNone) {
  const auto open_of = [](const WireBytes& body) {
    const auto message = test::bgp_message(1, body);
    ByteReader in(message);
    return read_open(in).has_value();
  };
  const auto head = [] { return WireBytes().u8(4).u16(64500).u16(90).u32(1); };
  EXPECT_TRUE(open_of(head().u8(0)));
  EXPECT_FALSE(open_of(head().u8(0).u8(0))) << "bytes behind it";
  EXPECT_FALSE(open_of(head().u8(4).u8(2).u8(3).u8(65).u8(4))) << "a parameter past the end";
  EXPECT_FALSE(open_of(head().u8(4).u8(2).u8(2).u8(65).u8(4))) << "a capability past the end";
}

TEST(BmpMessage, InitiationIsTextInOneLine) {
  const auto told = read_initiation(Bytes(test::bmp_initiation("edge\n\x1b[31m")).subspan(6));
  ASSERT_TRUE(told);
  EXPECT_EQ(told->name, "edge  [31m");
  EXPECT_EQ(told->description, "desc");
  const std::string longer(1000, 'x');
  EXPECT_EQ(read_initiation(Bytes(test::bmp_initiation(longer)).subspan(6))->name.size(), 255U);
  EXPECT_FALSE(read_initiation(WireBytes().u16(2).u16(9).u8(0).data()));
}

}  // namespace
}  // namespace sluice::bmp
