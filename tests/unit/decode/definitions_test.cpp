// Ways out of taking a definition: each leaves its id without a layout. And definitions in the other
// protocol's sets.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "support/decode_fixture.hpp"

namespace sluice::decode {
namespace {

using test::DecodeFixture;
using test::SetMessage;
using test::WireBytes;

constexpr std::uint16_t kId = 256;
constexpr std::uint16_t kTooManyFields = 5, kTooLong = 65;

Limits small_limits() {
  Limits limits;
  limits.max_template_fields = kTooManyFields - 1;
  limits.max_record_length = kTooLong - 1;
  return limits;
}

SetMessage message_of(Protocol version) {
  return version == Protocol::netflow9 ? SetMessage::v9() : SetMessage::ipfix();
}

/// What is sent of the definition, from its id on.
struct Refused {
  std::string name;
  Protocol version;
  std::uint16_t set;
  WireBytes body;
  std::size_t claims_more = 0;  ///< bytes that the set claims beyond its body
};

WireBytes fields(WireBytes out, std::size_t n, std::size_t length) {
  for (std::size_t i = 0; i < n; ++i) out.u16(i + 1).u16(length);
  return out;
}

WireBytes begin() { return WireBytes().u16(kId); }

std::vector<Refused> refused() {
  std::vector<Refused> out;
  for (const Protocol version : {Protocol::netflow9, Protocol::ipfix}) {
    const bool is_v9 = version == Protocol::netflow9;
    const auto add = [&](const std::string& what, const WireBytes& body, std::size_t claims_more = 0) {
      out.push_back({(is_v9 ? "V9Data" : "IpfixData") + what, version,
                     static_cast<std::uint16_t>(is_v9 ? 0 : 2), body, claims_more});
    };
    if (is_v9) add("Empty", begin().u16(0));
    add("LengthsOf0", fields(begin().u16(2), 2, 0));
    add("TooManyFields", fields(begin().u16(kTooManyFields), kTooManyFields, 4));
    add("TooLong", fields(begin().u16(1), 1, kTooLong));
    add("CutInItsFields", fields(begin().u16(2), 1, 4));
    add("CutAfterAnElement", begin().u16(1).u16(8));
    add("CutAfterItsCount", begin().u16(2));
    add("CutAfterItsId", begin());
    add("CutWithItsSet", fields(begin().u16(2), 1, 4), 4);
    add("InASetOfAWrongLength", fields(begin().u16(2), 2, 4), 1);
  }
  const auto v9 = [&](const std::string& what, const WireBytes& body, std::size_t claims_more = 0) {
    out.push_back({"V9Options" + what, Protocol::netflow9, 1, body, claims_more});
  };
  v9("Empty", begin().u16(0).u16(0));
  v9("LengthsOf0", fields(begin().u16(4).u16(4), 2, 0));
  v9("TooManyFields", fields(begin().u16(4).u16(4 * (kTooManyFields - 1)), kTooManyFields, 4));
  v9("TooLong", fields(begin().u16(4).u16(4), 2, kTooLong));
  v9("OddScopeLength", fields(begin().u16(1).u16(8), 2, 4));
  v9("OddOptionLength", fields(begin().u16(4).u16(7), 2, 4));
  v9("LengthsBehindTheSet", fields(begin().u16(4).u16(40), 2, 4));
  v9("CutAfterItsScopeLength", begin().u16(4));
  v9("CutAfterItsId", begin());
  v9("CutWithItsSet", fields(begin().u16(4).u16(4), 1, 4), 4);
  const auto ipfix = [&](const std::string& what, const WireBytes& body, std::size_t claims_more = 0) {
    out.push_back({"IpfixOptions" + what, Protocol::ipfix, 3, body, claims_more});
  };
  ipfix("LengthsOf0", fields(begin().u16(2).u16(1), 2, 0));
  ipfix("TooManyFields", fields(begin().u16(kTooManyFields).u16(1), kTooManyFields, 4));
  ipfix("TooLong", fields(begin().u16(1).u16(1), 1, kTooLong));
  ipfix("CutInItsFields", fields(begin().u16(3).u16(1), 2, 4));
  ipfix("CutAfterItsScopeCount", begin().u16(2).u16(1));
  ipfix("CutAfterItsCount", begin().u16(2));
  ipfix("CutAfterItsId", begin());
  ipfix("CutWithItsSet", fields(begin().u16(2).u16(1), 1, 4), 4);
  return out;
}

class RefusedDefinition : public testing::TestWithParam<Refused> {
 protected:
  SetMessage definition() const {
    return message_of(GetParam().version)
        .set_of_length(GetParam().set, GetParam().body.size() + 4 + GetParam().claims_more, GetParam().body);
  }
  SetMessage data() const { return message_of(GetParam().version).data(kId, WireBytes().u32(7).u32(8)); }
};

TEST_P(RefusedDefinition, LeavesNoLayoutForData) {
  DecodeFixture decode(small_limits());
  decode(message_of(GetParam().version).tmpl(kId, {{1, 4}, {2, 4}}));
  const auto refusal = decode(definition());
  EXPECT_EQ(refusal.count(DecodeError::bad_template) + refusal.count(DecodeError::template_too_large) +
                refusal.count(DecodeError::bad_set),
            1u);
  const auto report = decode(data());
  EXPECT_EQ(report.count(DecodeCount::flows), 0u);
  EXPECT_EQ(report.held_sets, 1u);
  EXPECT_EQ(decode(message_of(GetParam().version).tmpl(kId, {{2, 4}, {1, 4}})).count(DecodeCount::flows), 1u);
  EXPECT_EQ(decode.flow().packets, 7u) << "by the layout that came at last";
}

TEST_P(RefusedDefinition, LeavesNoLayoutForOptions) {
  DecodeFixture decode(small_limits());
  decode(message_of(GetParam().version).options_tmpl(kId, {{1, 4}}, {{34, 4}}));
  decode(definition());
  const auto report = decode(data());
  EXPECT_EQ(report.count(DecodeCount::options_records), 0u);
  EXPECT_EQ(report.held_sets, 1u);
}

TEST_P(RefusedDefinition, TouchesNoOther) {
  DecodeFixture decode(small_limits());
  decode(message_of(GetParam().version).tmpl(kId, {{1, 4}}).tmpl(kId + 1, {{1, 4}, {2, 4}}));
  decode(definition());
  EXPECT_EQ(decode.templates(), 1u);
}

INSTANTIATE_TEST_SUITE_P(Definitions, RefusedDefinition, testing::ValuesIn(refused()),
                         [](const auto& one) { return one.param.name; });

TEST(RefusedDefinition, OfV9OptionsDoesNotHideTheNext) {
  DecodeFixture decode;
  const auto report = decode(SetMessage::v9().set(
      1,
      fields(WireBytes().u16(257).u16(1).u16(7), 2, 4).u16(kId).u16(4).u16(4).u16(1).u16(4).u16(34).u16(4)));
  EXPECT_EQ(report.count(DecodeError::bad_template), 1u);
  EXPECT_EQ(report.count(DecodeCount::templates), 1u);
}

TEST(RefusedDefinition, IsNotSeenInPadding) {
  DecodeFixture decode;
  const auto report = decode(
      SetMessage::v9().set(0, fields(begin().u16(1), 1, 4).u16(0x4321).u8(1)).data(kId, WireBytes().u32(1)));
  EXPECT_FALSE(report.any_error());
  EXPECT_EQ(report.count(DecodeCount::flows), 1u);
}

// RFC 5103's PEN shows whether the enterprise bit is one.
TEST(ForeignSet, OfV9InIpfixHasFieldsWithoutEnterprise) {
  DecodeFixture decode;
  const auto report = decode(SetMessage::ipfix()
                                 .set(0, WireBytes().u16(kId).u16(2).u16(1).u16(4).u16(40005).u16(1))
                                 .data(kId, WireBytes().u32(77).u8(2)));
  EXPECT_FALSE(report.any_error());
  ASSERT_EQ(report.count(DecodeCount::flows), 1u);
  EXPECT_EQ(decode.flow().bytes, 77u);
  EXPECT_EQ(decode.extras()->get(ExtraScalar::firewall_event), 2u);
}

TEST(ForeignSet, OfIpfixInV9HasFieldsWithEnterprise) {
  DecodeFixture decode;
  const auto report =
      decode(SetMessage::v9()
                 .set(2, WireBytes().u16(kId).u16(2).u16(1).u16(4).u16(0x8000 | 892).u16(4).u32(6876))
                 .data(kId, WireBytes().u32(77).u32(5000)));
  EXPECT_FALSE(report.any_error());
  ASSERT_EQ(report.count(DecodeCount::flows), 1u);
  EXPECT_EQ(decode.extras()->get(ExtraScalar::vni), 5000u);
}

TEST(ForeignSet, OfIpfixInV9Withdraws) {
  DecodeFixture decode;
  decode(SetMessage::v9().tmpl(kId, {{1, 4}}));
  EXPECT_EQ(decode(SetMessage::v9().withdraw(kId)).count(DecodeCount::withdrawals), 1u);
  EXPECT_EQ(decode(SetMessage::v9().data(kId, WireBytes().u32(1))).held_sets, 1u);
}

// Lengths in bytes, and scopes that are types: 2 is an interface, where element 2 would count packets.
TEST(ForeignSet, OfV9OptionsInIpfix) {
  DecodeFixture decode;
  const auto report =
      decode(SetMessage::ipfix()
                 .set(1, WireBytes().u16(257).u16(4).u16(8).u16(2).u16(4).u16(34).u16(4).u16(82).u16(4))
                 .data(257, WireBytes().u32(9).u32(500).text("eth9"))
                 .tmpl(kId, {{10, 4}, {1, 4}})
                 .data(kId, WireBytes().u32(9).u32(1)));
  EXPECT_FALSE(report.any_error());
  EXPECT_EQ(report.count(DecodeCount::options_records), 1u);
  EXPECT_EQ(decode.flow().sampling_rate, 500u);
  EXPECT_EQ(decode.extras()->get(ExtraText::in_if_name), "eth9");
}

// Counts of fields, and scopes that are elements: the sampler of the rate is one.
TEST(ForeignSet, OfIpfixOptionsInV9) {
  DecodeFixture decode;
  const auto report = decode(SetMessage::v9()
                                 .set(3, WireBytes().u16(257).u16(2).u16(1).u16(48).u16(2).u16(50).u16(4))
                                 .data(257, WireBytes().u16(3).u32(500).u16(4).u32(900))
                                 .tmpl(kId, {{48, 2}, {1, 4}})
                                 .data(kId, WireBytes().u16(3).u32(1).u16(4).u32(1)));
  EXPECT_FALSE(report.any_error());
  EXPECT_EQ(report.count(DecodeCount::options_records), 2u);
  EXPECT_EQ(decode.flow(0).sampling_rate, 500u);
  EXPECT_EQ(decode.flow(1).sampling_rate, 900u);
}

}  // namespace
}  // namespace sluice::decode
