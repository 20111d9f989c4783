// Bounds that no exporter may cross, whatever it sends. Row numbers are those of docs/protocols.md.
#include <gtest/gtest.h>

#include "support/decode_fixture.hpp"

namespace sluice::decode {
namespace {

using test::DecodeFixture;
using test::kHeaderSeconds;
using test::SetMessage;
using test::WireBytes;

TEST(Quirk, Row52_TemplatesAreBounded) {
  Limits limits;
  limits.max_templates = 4;
  limits.max_template_fields = 16;
  limits.max_record_length = 1000;
  DecodeFixture decode(limits);
  const auto fields = [](std::size_t n, std::uint16_t length) {
    return SetMessage::Fields(n, SetMessage::Field{1, length});
  };
  auto report = decode(SetMessage::ipfix().tmpl(256, fields(17, 4)).tmpl(257, fields(16, 4)));
  EXPECT_EQ(report.count(DecodeError::template_too_large), 1u);
  EXPECT_EQ(report.count(DecodeCount::templates), 1u) << "the good one beside it";
  report = decode(SetMessage::ipfix().tmpl(258, fields(2, 501)).tmpl(259, fields(2, 500)));
  EXPECT_EQ(report.count(DecodeError::template_too_large), 1u);
  EXPECT_EQ(report.count(DecodeCount::templates), 1u);
  SetMessage many = SetMessage::ipfix();
  for (std::uint16_t id = 300; id < 320; ++id) many.tmpl(id, fields(1, 4));
  EXPECT_GT(decode(many).count(DecodeError::template_limit), 0u);
  EXPECT_LE(decode.templates(), 5u);
}

TEST(Quirk, Row52_FieldCountBeyondTheBytes) {
  DecodeFixture decode;
  const auto report = decode(SetMessage::ipfix().set(2, WireBytes().u16(256).u16(65535).u16(1).u16(4)));
  EXPECT_EQ(report.count(DecodeError::bad_template), 1u);
  EXPECT_EQ(report.count(DecodeCount::templates), 0u);
}

TEST(Limit, Netflow5CountIsBoundedByTheBytes) {
  DecodeFixture decode;
  const auto report =
      decode(WireBytes().u16(5).u16(65535).u32(0).u32(kHeaderSeconds).zeros(12).zeros(48 + 47).data());
  EXPECT_EQ(report.count(DecodeCount::flows), 1u);
  EXPECT_EQ(report.count(DecodeError::bad_length), 1u);
}

TEST(Limit, BadSetCostsNotTheGoodOnesBesideIt) {
  DecodeFixture decode;
  const auto report = decode(SetMessage::ipfix()
                                 .tmpl(256, {{1, 4}})
                                 .data(256, WireBytes().u32(1))
                                 .set(2, WireBytes().u16(300).u16(2).u16(1).u16(4))
                                 .data(256, WireBytes().u32(2))
                                 .set_of_length(256, 3, WireBytes().zeros(8)));
  EXPECT_EQ(report.count(DecodeCount::flows), 2u);
  EXPECT_EQ(report.count(DecodeError::bad_template), 1u);
  EXPECT_EQ(report.count(DecodeError::bad_set), 1u);
}

}  // namespace
}  // namespace sluice::decode
