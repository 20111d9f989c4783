#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <google/protobuf/descriptor.h>
#include <gtest/gtest.h>

#include "encode/address_text.hpp"
#include "encode/names.hpp"
#include "encode/utf8.hpp"
#include "flow.pb.h"
#include "support/random_flow.hpp"
#include "util/wire.hpp"

namespace sluice::encode {
namespace {

std::string address_text(const IpAddress& address) {
  std::array<char, kMaxAddressText> out;
  return {out.data(), put_address_text(out.data(), address)};
}

std::string address_text(std::string_view text) { return address_text(IpAddress::parse(text).value()); }

TEST(AddressText, FollowsRfc5952) {
  EXPECT_EQ(address_text("0.0.0.0"), "0.0.0.0");
  EXPECT_EQ(address_text("255.10.100.9"), "255.10.100.9");
  EXPECT_EQ(address_text("::"), "::");
  EXPECT_EQ(address_text("::1"), "::1");
  EXPECT_EQ(address_text("1::"), "1::");
  EXPECT_EQ(address_text("2001:DB8:0:0:1:0:0:1"), "2001:db8::1:0:0:1") << "the first of two equal runs";
  EXPECT_EQ(address_text("2001:db8:0:1:0:0:0:1"), "2001:db8:0:1::1") << "the longer run";
  EXPECT_EQ(address_text("2001:db8:0:1:1:1:1:1"), "2001:db8:0:1:1:1:1:1") << "one group is not shortened";
  EXPECT_EQ(address_text("::ffff:192.0.2.1"), "::ffff:192.0.2.1");
  EXPECT_EQ(address_text("::ffff:0:c000:201"), "::ffff:0:c000:201");
  EXPECT_EQ(address_text("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
            "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff");
  EXPECT_EQ(address_text(IpAddress{}), "");
}

TEST(AddressText, IsReadBack) {
  test::RandomFlows random(1);
  for (int i = 0; i < 20'000; ++i) {
    const IpAddress address = random.address();
    if (address.empty()) continue;
    ASSERT_EQ(IpAddress::parse(address_text(address)), address);
  }
}

TEST(Utf8, TakesWhatRfc3629Allows) {
  for (const std::string_view valid :
       {"a", "\x7f", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xee\x80\x80", "\xef\xbf\xbf",
        "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"})
    EXPECT_EQ(utf8_sequence(valid), valid.size()) << valid;
  for (const std::string_view invalid :
       {"\x80", "\xbf", "\xc0\x80", "\xc1\xbf", "\xc2", "\xc2\x20", "\xe0\x9f\xbf", "\xe2\x82",
        "\xed\xa0\x80", "\xf0\x8f\xbf\xbf", "\xf0\x90\x80", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff"})
    EXPECT_EQ(utf8_sequence(invalid), 0U);
  EXPECT_EQ(utf8_sequence(""), 0U);
}

TEST(Varint, SizeIsWhatIsWritten) {
  std::array<std::byte, wire::kMaxVarint> out;
  for (unsigned bit = 0; bit < 64; ++bit)
    for (const std::uint64_t value : {0ULL, 1ULL << bit, ~0ULL >> bit, (1ULL << bit) - 1})
      EXPECT_EQ(wire::varint_size(value),
                static_cast<std::size_t>(wire::put_varint(out.data(), value) - out.data()));
}

void expect_names(FieldKind kind, const google::protobuf::EnumDescriptor& descriptor) {
  for (int i = 0; i < descriptor.value_count(); ++i) {
    const auto& value = *descriptor.value(i);
    EXPECT_EQ(enum_name(kind, static_cast<std::uint64_t>(value.number())), value.name());
    EXPECT_EQ(enum_value(kind, value.name()), static_cast<std::uint32_t>(value.number()));
  }
  for (std::uint32_t number = 0; number < 256; ++number)
    EXPECT_EQ(enum_name(kind, number).empty(),
              descriptor.FindValueByNumber(static_cast<int>(number)) == nullptr);
}

TEST(Names, AreTheProtoFiles) {
  expect_names(FieldKind::flow_type, *FlowMessage::FlowType_descriptor());
  expect_names(FieldKind::direction, *FlowMessage::FlowDirection_descriptor());
  expect_names(FieldKind::rate_source, *FlowMessage::SamplingRateSource_descriptor());
  expect_names(FieldKind::layer_list, *FlowMessage::LayerStack_descriptor());
  EXPECT_EQ(enum_name(FieldKind::uint32, 1), "");
  EXPECT_EQ(enum_value(FieldKind::flow_type, "sflow_5"), std::nullopt);
}

TEST(Names, OfProtocolsStandAtTheirNumbers) {
  EXPECT_EQ(protocol_keyword(0), "HOPOPT");
  EXPECT_EQ(protocol_keyword(6), "TCP");
  EXPECT_EQ(protocol_keyword(17), "UDP");
  EXPECT_EQ(protocol_keyword(47), "GRE");
  EXPECT_EQ(protocol_keyword(58), "IPv6-ICMP");
  EXPECT_EQ(protocol_keyword(132), "SCTP");
  EXPECT_EQ(protocol_keyword(145), "NSH");
  EXPECT_EQ(protocol_keyword(146), "");
}

}  // namespace
}  // namespace sluice::encode
