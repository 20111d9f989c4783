// What RFC 7011 leaves to exporters and a collector has to take: withdrawals, repeated elements, structured
// data, scopes of any kind, lengths of any form.
#include <gtest/gtest.h>

#include "decode/elements.hpp"
#include "sluice/flow/fields.hpp"
#include "support/decode_fixture.hpp"

namespace sluice::decode {
namespace {

using test::DecodeFixture;
using test::SetMessage;
using test::WireBytes;

/// Templates 256 and 257, options template 300 (sampling interval).
SetMessage two_templates_and_options(std::uint32_t domain = 1) {
  return SetMessage::ipfix(domain)
      .tmpl(256, {{1, 4}})
      .tmpl(257, {{2, 4}})
      .options_tmpl(300, {{149, 4}}, {{34, 4}});
}
SetMessage one_record(std::uint16_t id, std::uint32_t domain = 1) {
  return SetMessage::ipfix(domain).data(id, WireBytes().u32(7).u32(9));
}
bool known(DecodeFixture& decode, std::uint16_t id, std::uint32_t domain = 1) {
  return decode(one_record(id, domain)).held_sets == 0;
}

TEST(Withdrawal, OfOneTemplateLeavesTheOthers) {
  DecodeFixture decode;
  decode(two_templates_and_options());
  const auto report = decode(SetMessage::ipfix().withdraw(256));
  EXPECT_EQ(report.count(DecodeCount::withdrawals), 1u);
  EXPECT_FALSE(report.any_error());
  EXPECT_FALSE(known(decode, 256));
  EXPECT_TRUE(known(decode, 257));
  EXPECT_TRUE(known(decode, 300));
}

TEST(Withdrawal, OfOneOptionsTemplate) {
  DecodeFixture decode;
  decode(two_templates_and_options());
  EXPECT_EQ(decode(SetMessage::ipfix().withdraw(300, true)).count(DecodeCount::withdrawals), 1u);
  EXPECT_FALSE(known(decode, 300));
  EXPECT_TRUE(known(decode, 256));
}

TEST(Withdrawal, OfAllTemplatesIsOfTheirDomainAndKind) {
  DecodeFixture decode;
  decode(two_templates_and_options(1));
  decode(two_templates_and_options(2));
  EXPECT_EQ(decode(SetMessage::ipfix(1).withdraw(2)).count(DecodeCount::withdrawals), 2u);
  EXPECT_FALSE(known(decode, 256));
  EXPECT_FALSE(known(decode, 257));
  EXPECT_TRUE(known(decode, 300));
  EXPECT_TRUE(known(decode, 256, 2));
}

TEST(Withdrawal, OfAllOptionsTemplates) {
  DecodeFixture decode;
  decode(two_templates_and_options());
  EXPECT_EQ(decode(SetMessage::ipfix().withdraw(3, true)).count(DecodeCount::withdrawals), 1u);
  EXPECT_FALSE(known(decode, 300));
  EXPECT_TRUE(known(decode, 256));
}

TEST(Withdrawal, OfTheOtherKindsSetIdIsOfNone) {
  DecodeFixture decode;
  decode(two_templates_and_options());
  EXPECT_EQ(decode(SetMessage::ipfix().withdraw(3)).count(DecodeCount::withdrawals), 0u);
  EXPECT_EQ(decode(SetMessage::ipfix().withdraw(2, true)).count(DecodeCount::withdrawals), 0u);
  EXPECT_TRUE(known(decode, 256));
  EXPECT_TRUE(known(decode, 300));
}

TEST(Withdrawal, OfAnUnknownTemplateIsNoError) {
  DecodeFixture decode;
  decode(two_templates_and_options());
  const auto report = decode(SetMessage::ipfix().withdraw(999).withdraw(999, true));
  EXPECT_EQ(report.count(DecodeCount::withdrawals), 0u);
  EXPECT_FALSE(report.any_error());
  EXPECT_TRUE(known(decode, 256));
}

TEST(Withdrawal, FollowedByDataInTheSameMessage) {
  DecodeFixture decode(test::hold_nothing());
  const auto report = decode(SetMessage::ipfix()
                                 .tmpl(256, {{1, 4}})
                                 .data(256, WireBytes().u32(1))
                                 .withdraw(256)
                                 .data(256, WireBytes().u32(2))
                                 .tmpl(256, {{2, 4}})
                                 .data(256, WireBytes().u32(3)));
  EXPECT_EQ(report.count(DecodeError::missing_template), 1u);
  ASSERT_EQ(report.count(DecodeCount::flows), 2u);
  EXPECT_EQ(decode.flow(0).bytes, 1u);
  EXPECT_EQ(decode.flow(1).packets, 3u);
}

TEST(Withdrawal, AndNewDefinitionInOneSet) {
  DecodeFixture decode;
  decode(SetMessage::ipfix().tmpl(256, {{1, 4}}));
  const auto set = WireBytes().u16(256).u16(0).u16(256).u16(1).u16(2).u16(4);
  const auto report = decode(SetMessage::ipfix().set(2, set).data(256, WireBytes().u32(5)));
  EXPECT_EQ(report.count(DecodeCount::withdrawals), 1u);
  EXPECT_EQ(report.count(DecodeCount::templates), 1u);
  ASSERT_EQ(report.count(DecodeCount::flows), 1u);
  EXPECT_EQ(decode.flow().packets, 5u);
  EXPECT_EQ(decode.flow().bytes, 0u);
}

TEST(Withdrawal, OfAllAndNewOptionsInOneSet) {
  DecodeFixture decode;
  decode(two_templates_and_options());
  const auto set = WireBytes().u16(3).u16(0).u16(301).u16(2).u16(1).u16(149).u16(4).u16(34).u16(4);
  const auto report = decode(SetMessage::ipfix().set(3, set).data(301, WireBytes().u32(1).u32(50)));
  EXPECT_EQ(report.count(DecodeCount::withdrawals), 1u);
  EXPECT_EQ(report.count(DecodeCount::options_records), 1u);
  EXPECT_FALSE(known(decode, 300));
}

TEST(Withdrawal, WithPaddingBehindIt) {
  DecodeFixture decode;
  decode(two_templates_and_options());
  const auto report = decode(SetMessage::ipfix().set(2, WireBytes().u16(256).u16(0).zeros(4)));
  EXPECT_EQ(report.count(DecodeCount::withdrawals), 1u);
  EXPECT_FALSE(report.any_error());
}

TEST(Withdrawal, IsNoneInV9) {
  DecodeFixture decode;
  decode(SetMessage::v9().tmpl(256, {{1, 4}}));
  const auto report = decode(SetMessage::v9().tmpl(256, {}).data(256, WireBytes().u32(1)));
  EXPECT_EQ(report.count(DecodeCount::withdrawals), 0u);
  EXPECT_EQ(report.count(DecodeError::bad_template), 1u);
  EXPECT_EQ(report.count(DecodeCount::flows), 0u) << "but a definition that is refused";
  EXPECT_EQ(report.held_sets, 1u);
}

/// The fields, and behind them one of variable length: the other way to decode a record.
SetMessage::Fields with_variable(SetMessage::Fields fields) {
  fields.push_back({30000, kVariableLength});
  return fields;
}
/// Decodes one record both ways and hands over each.
template <class Check>
void both_ways(const SetMessage::Fields& fields, const WireBytes& record, Check check) {
  DecodeFixture fixed;
  ASSERT_EQ(fixed(SetMessage::ipfix().tmpl(256, fields).data(256, record)).count(DecodeCount::flows), 1u);
  check(fixed);
  DecodeFixture variable;
  ASSERT_EQ(variable(SetMessage::ipfix()
                         .tmpl(256, with_variable(fields))
                         .data(256, WireBytes().raw(record.data()).u8(0)))
                .count(DecodeCount::flows),
            1u);
  check(variable);
}

TEST(RepeatedElement, TheFirstCounts) {
  both_ways({{1, 4}, {1, 4}, {8, 4}, {8, 4}, {234, 4}, {234, 4}, {96, 3}, {96, 3}},
            WireBytes()
                .u32(10)
                .u32(20)
                .address("192.0.2.1")
                .address("192.0.2.2")
                .u32(3)
                .u32(4)
                .text("one")
                .text("two"),
            [](const DecodeFixture& decode) {
              EXPECT_EQ(decode.flow().bytes, 10u);
              EXPECT_EQ(decode.flow().source().to_string(), "192.0.2.1");
              EXPECT_EQ(decode.extras()->get(ExtraScalar::ingress_vrf_id), 3u);
              EXPECT_EQ(decode.extras()->get(ExtraText::application_name), "one");
            });
}

TEST(RepeatedElement, TheSecondFillsInForZero) {
  both_ways({{1, 4}, {1, 4}, {8, 4}, {8, 4}, {225, 4}, {225, 4}, {234, 4}, {234, 4}, {96, 3}, {96, 3}},
            WireBytes()
                .u32(0)
                .u32(20)
                .u32(0)
                .address("192.0.2.2")
                .u32(0)
                .address("192.0.2.3")
                .u32(0)
                .u32(4)
                .zeros(3)
                .text("two"),
            [](const DecodeFixture& decode) {
              EXPECT_EQ(decode.flow().bytes, 20u);
              EXPECT_EQ(decode.flow().source().to_string(), "192.0.2.2");
              EXPECT_EQ(decode.extras()->get(ExtraAddress::post_nat_src_addr).to_string(), "192.0.2.3");
              EXPECT_EQ(decode.extras()->get(ExtraScalar::ingress_vrf_id), 4u);
              EXPECT_EQ(decode.extras()->get(ExtraText::application_name), "two");
            });
}

TEST(RepeatedElement, OfOtherWidths) {
  both_ways({{1, 8}, {1, 2}, {7, 2}, {7, 1}}, WireBytes().u64(0).u16(300).u16(443).u8(9),
            [](const DecodeFixture& decode) {
              EXPECT_EQ(decode.flow().bytes, 300u);
              EXPECT_EQ(decode.flow().src_port, 443);
            });
}

TEST(RepeatedElement, SamplingVlanDirectionAndFlags) {
  both_ways({{34, 4}, {34, 4}, {58, 2}, {58, 2}, {61, 1}, {61, 1}, {197, 1}, {197, 1}, {351, 8}, {351, 8}},
            WireBytes().u32(100).u32(200).u16(5).u16(6).u8(0).u8(1).u8(0x40).u8(0x20).u64(7).u64(8),
            [](const DecodeFixture& decode) {
              EXPECT_EQ(decode.flow().sampling_rate, 100u);
              EXPECT_EQ(decode.flow().vlan_id, 5);
              EXPECT_EQ(decode.flow().flow_direction, FlowDirection::ingress);
              EXPECT_EQ(decode.flow().ip_flags, 2);
              EXPECT_EQ(decode.extras()->get(ExtraScalar::vni), 7u);
            });
  both_ways({{34, 4}, {34, 4}, {58, 2}, {58, 2}, {197, 1}, {197, 1}, {351, 8}, {351, 8}},
            WireBytes().u32(0).u32(200).u16(0).u16(6).u8(0).u8(0x20).u64(0).u64(8),
            [](const DecodeFixture& decode) {
              EXPECT_EQ(decode.flow().sampling_rate, 200u);
              EXPECT_EQ(decode.flow().vlan_id, 6);
              EXPECT_EQ(decode.flow().ip_flags, 1);
              EXPECT_EQ(decode.extras()->get(ExtraScalar::vni), 8u);
            });
}

TEST(RepeatedElement, OfOptionsData) {
  DecodeFixture decode;
  decode(SetMessage::ipfix()
             .options_tmpl(300, {{302, 4}, {302, 4}}, {{305, 4}, {305, 4}})
             .data(300, WireBytes().u32(5).u32(6).u32(100).u32(200)));
  decode(SetMessage::ipfix().tmpl(256, {{302, 4}}).data(256, WireBytes().u32(5)));
  EXPECT_EQ(decode.flow().sampling_rate, 100u);
}

TEST(RepeatedElement, EveryMplsLabelCounts) {
  both_ways({{70, 3}, {71, 3}, {71, 3}, {72, 3}},
            WireBytes().u16(0x0010).u8(0).u16(0x0020).u8(0).u16(0x0030).u8(0).u16(0x0040).u8(1),
            [](const DecodeFixture& decode) {
              EXPECT_EQ(decode.extras()->list(ExtraList::mpls_label),
                        (std::vector<std::uint32_t>{0x100, 0x200, 0x300, 0x400}));
            });
}

TEST(RepeatedElement, OfAFrameIsParsedOnce) {
  const auto frame = test::PacketBuilder().ethernet().ipv4("192.0.2.1", "192.0.2.2").udp(1, 2).bytes();
  const auto size = static_cast<std::uint16_t>(frame.size());
  DecodeFixture once;
  once(SetMessage::ipfix().tmpl(256, {{315, size}}).data(256, WireBytes().raw(frame)));
  both_ways({{315, size}, {315, size}}, WireBytes().raw(frame).raw(frame), [&](const DecodeFixture& decode) {
    EXPECT_EQ(decode.extras()->list(ExtraList::layer_stack), once.extras()->list(ExtraList::layer_stack));
  });
}

// RFC 6313: basicList (291), subTemplateList (292), subTemplateMultiList (293).

TEST(StructuredData, OfFixedLengthIsReadOver) {
  for (const std::uint16_t element : std::vector<std::uint16_t>{291, 292, 293}) {
    DecodeFixture decode;
    const auto report = decode(SetMessage::ipfix()
                                   .tmpl(256, {{1, 4}, {element, 13}, {2, 4}})
                                   .data(256, WireBytes().u32(10).zeros(13).u32(20)));
    EXPECT_FALSE(report.any_error());
    EXPECT_EQ(decode.flow().bytes, 10u) << element;
    EXPECT_EQ(decode.flow().packets, 20u) << element;
  }
}

TEST(StructuredData, OfVariableLengthIsReadOver) {
  // Semantic, then the element of the list and its values.
  const auto basic_list = WireBytes().u8(3).u16(1).u16(4).u32(1).u32(2);
  for (const std::uint16_t element : std::vector<std::uint16_t>{291, 292, 293}) {
    DecodeFixture decode;
    WireBytes records;
    records.u32(10).u8(basic_list.size()).raw(basic_list.data()).u32(20);
    records.u32(11).u8(255).u16(basic_list.size()).raw(basic_list.data()).u32(21);
    records.u32(12).u8(0).u32(22);
    const auto report = decode(
        SetMessage::ipfix().tmpl(256, {{1, 4}, {element, kVariableLength}, {2, 4}}).data(256, records));
    EXPECT_FALSE(report.any_error());
    ASSERT_EQ(report.count(DecodeCount::flows), 3u) << element;
    for (std::size_t i = 0; i < 3; ++i) {
      EXPECT_EQ(decode.flow(i).bytes, 10 + i) << element;
      EXPECT_EQ(decode.flow(i).packets, 20 + i) << element;
    }
  }
}

TEST(StructuredData, NestedIsReadOverByTheOuterLength) {
  // A list of lists of octet counts, with lengths inside that would lead astray.
  const auto inner = WireBytes().u8(3).u16(1).u16(0xffff).u8(200).u32(1);
  const auto outer = WireBytes().u8(3).u16(291).u16(0xffff).u8(250).raw(inner.data());
  DecodeFixture decode;
  const auto report = decode(
      SetMessage::ipfix()
          .tmpl(256, {{293, kVariableLength}, {1, 4}, {292, kVariableLength}})
          .data(256,
                WireBytes().u8(outer.size()).raw(outer.data()).u32(10).u8(inner.size()).raw(inner.data())));
  EXPECT_FALSE(report.any_error());
  ASSERT_EQ(report.count(DecodeCount::flows), 1u);
  EXPECT_EQ(decode.flow().bytes, 10u);
}

TEST(StructuredData, ThatReachesPastTheSetIsABadRecord) {
  DecodeFixture decode;
  const auto report = decode(SetMessage::ipfix()
                                 .tmpl(256, {{1, 4}, {291, kVariableLength}})
                                 .data(256, WireBytes().u32(1).u8(2).zeros(2).u32(2).u8(9).zeros(2)));
  EXPECT_EQ(report.count(DecodeCount::flows), 1u);
  EXPECT_EQ(report.count(DecodeError::bad_record), 1u);
}

TEST(Scopes, OfEveryKindInOneTemplate) {
  DecodeFixture decode;
  // Metering process, line card, template, an enterprise's own of variable length, and the selector.
  const auto report = decode(
      SetMessage::ipfix()
          .options_tmpl(300, {{143, 4}, {141, 4}, {145, 2}, {5, kVariableLength, 9}, {302, 2}}, {{305, 4}})
          .data(300, WireBytes().u32(1).u32(2).u16(256).u8(3).text("abc").u16(9).u32(64)));
  EXPECT_EQ(report.count(DecodeCount::options_records), 1u);
  EXPECT_FALSE(report.any_error());
  decode(SetMessage::ipfix().tmpl(256, {{302, 4}}).data(256, WireBytes().u32(9)));
  EXPECT_EQ(decode.flow().sampling_rate, 64u);
}

TEST(Scopes, AnEnterprisesElementIsNotTheStandardsOfItsNumber) {
  DecodeFixture decode;
  decode(SetMessage::ipfix()
             .options_tmpl(300, {{302, 4, 2636}, {34, 4, 12356}}, {{305, 4}, {34, 4, 12356}})
             .data(300, WireBytes().u32(7).u32(1000).u32(64).u32(2000)));
  decode(SetMessage::ipfix().tmpl(256, {{1, 4}}).data(256, WireBytes().u32(1)));
  EXPECT_EQ(decode.flow().sampling_rate, 64u) << "selector 0, and the rate that the standard's element says";
}

TEST(Scopes, NoneAtAllAndMoreThanFields) {
  DecodeFixture decode;
  decode(SetMessage::ipfix().options_tmpl(300, {}, {{305, 4}}).data(300, WireBytes().u32(64)));
  decode(SetMessage::ipfix().tmpl(256, {{1, 4}}).data(256, WireBytes().u32(1)));
  EXPECT_EQ(decode.flow().sampling_rate, 64u);
  // A scope count of 9 for one field.
  const auto report = decode(SetMessage::ipfix()
                                 .set(3, WireBytes().u16(301).u16(1).u16(9).u16(305).u16(4))
                                 .data(301, WireBytes().u32(128)));
  EXPECT_EQ(report.count(DecodeCount::options_records), 1u);
}

TEST(Scopes, OfV9NeverTeachARate) {
  DecodeFixture decode;
  // Types that would be rates and samplers if they were elements, and 67 to 69 of some firewalls.
  for (const std::uint16_t type : std::vector<std::uint16_t>{34, 48, 50, 67, 68, 69, 302, 305})
    decode(SetMessage::v9()
               .options_tmpl(257, {{type, 4}}, {{41, 4}, {67, 4}, {68, 4}, {69, 4}})
               .data(257, WireBytes().u32(1000).u32(1).u32(2).u32(3).u32(4)));
  decode(SetMessage::v9().tmpl(256, {{1, 4}}).data(256, WireBytes().u32(1)));
  EXPECT_EQ(decode.flow().sampling_rate, 0u);
}

TEST(Scopes, OfV9WithLengthsThatAreNoFieldsAreRefused) {
  DecodeFixture decode;
  // The number of scope fields in place of their bytes.
  const auto report = decode(SetMessage::v9()
                                 .set(1, WireBytes().u16(257).u16(1).u16(8).u16(1).u16(4).u16(34).u16(4))
                                 .data(257, WireBytes().u32(1).u32(1000)));
  EXPECT_EQ(report.count(DecodeError::bad_template), 1u);
  EXPECT_EQ(report.count(DecodeCount::options_records), 0u);
}

TEST(VariableLength, OfNumbersAndAddresses) {
  // Whatever may have a length may say it in the record.
  DecodeFixture decode;
  const auto report = decode(SetMessage::ipfix()
                                 .tmpl(256, {{1, kVariableLength}, {148, kVariableLength}, {4, 1}})
                                 .data(256, WireBytes()
                                                .u8(2)
                                                .u16(500)
                                                .u8(255)
                                                .u16(8)
                                                .u64(77)
                                                .u8(6)
                                                .u8(0)
                                                .u8(0)
                                                .u8(17)
                                                .u8(9)
                                                .zeros(9)
                                                .u8(0)
                                                .u8(1)));
  EXPECT_FALSE(report.any_error());
  ASSERT_EQ(report.count(DecodeCount::flows), 3u);
  EXPECT_EQ(decode.flow(0).bytes, 500u);
  EXPECT_EQ(decode.extras(0)->get(ExtraScalar::flow_id), 77u);
  EXPECT_EQ(decode.flow(1).bytes, 0u);
  EXPECT_EQ(decode.flow(1).proto, 17);
  EXPECT_EQ(decode.flow(2).bytes, 0u) << "nine bytes are no number";
  EXPECT_EQ(decode.flow(2).proto, 1);
}

TEST(VariableLength, OfAllLengthsAroundTheForms) {
  for (const std::size_t length : std::vector<std::size_t>{0, 1, 253, 254, 255, 256, 1000}) {
    const std::string value(length, 'v');
    DecodeFixture decode;
    WireBytes records;
    if (length < 255) records.u8(length).text(value).u32(1);
    records.u8(255).u16(length).text(value).u32(2);
    const auto report =
        decode(SetMessage::ipfix().tmpl(256, {{96, kVariableLength}, {1, 4}}).data(256, records));
    EXPECT_FALSE(report.any_error()) << length;
    ASSERT_EQ(report.count(DecodeCount::flows), length < 255 ? 2u : 1u) << length;
    for (std::size_t i = 0; i < report.count(DecodeCount::flows); ++i) {
      if (length == 0) {
        EXPECT_EQ(decode.extras(i), nullptr);
      } else {
        EXPECT_EQ(decode.extras(i)->get(ExtraText::application_name), value) << length;
      }
    }
  }
}

TEST(VariableLength, InOptionsData) {
  DecodeFixture decode;
  decode(SetMessage::ipfix()
             .options_tmpl(300, {{302, kVariableLength}}, {{305, kVariableLength}, {96, kVariableLength}})
             .data(300, WireBytes().u8(1).u8(5).u8(255).u16(2).u16(512).u8(0)));
  decode(SetMessage::ipfix().tmpl(256, {{302, 8}}).data(256, WireBytes().u64(5)));
  EXPECT_EQ(decode.flow().sampling_rate, 512u);
}

TEST(ReducedSize, EveryIntegerElementInEveryWidth) {
  constexpr std::uint64_t kValue = 0x5a;  // fits into all fields
  for (const ElementInfo& element : elements()) {
    if (element.action != Action::store || element.id >= 0x8000) continue;
    const FieldInfo& field = *find_field(element.number);
    if (field.kind == FieldKind::address || field.kind == FieldKind::text || field.kind == FieldKind::raw)
      continue;
    for (std::uint16_t width = 1; width <= 8; ++width) {
      SCOPED_TRACE(std::string(element.name) + " " + std::to_string(width));
      WireBytes record;
      record.zeros(width - 1u).u8(kValue);
      both_ways({{element.id, width, element.pen}}, record, [&](const DecodeFixture& decode) {
        const std::uint64_t value = kValue << element.shift;
        EXPECT_EQ(integer_field(field, decode.batch, decode.flow()), element.shift ? value & 0xff : kValue);
      });
    }
  }
}

TEST(ReducedSize, AllBytesOfAWideNumberCount) {
  for (std::uint16_t width = 1; width <= 8; ++width) {
    const std::uint64_t all = width == 8 ? ~0ULL : (1ULL << (8 * width)) - 1;
    WireBytes record;
    for (std::uint16_t i = 0; i < 2 * width; ++i) record.u8(0xff);
    both_ways({{1, width}, {148, width}}, record, [&](const DecodeFixture& decode) {
      EXPECT_EQ(decode.flow().bytes, all) << width;
      EXPECT_EQ(decode.extras()->get(ExtraScalar::flow_id), all) << width;
    });
  }
}

TEST(ReducedSize, SamplingOfOptionsInEveryWidth) {
  for (std::uint16_t width = 1; width <= 8; ++width) {
    WireBytes record;
    record.zeros(width - 1u).u8(3).zeros(width - 1u).u8(99);
    DecodeFixture decode;
    decode(SetMessage::ipfix().options_tmpl(300, {{302, width}}, {{305, width}}).data(300, record));
    decode(SetMessage::ipfix().tmpl(256, {{302, 1}}).data(256, WireBytes().u8(3)));
    EXPECT_EQ(decode.flow().sampling_rate, 99u) << width;
  }
}

TEST(Padding, BehindDataOfEveryLength) {
  for (std::size_t padding = 0; padding < 8; ++padding) {
    DecodeFixture decode;
    const auto report = decode(SetMessage::ipfix()
                                   .tmpl(256, {{1, 8}})
                                   .data(256, WireBytes().u64(1).u64(2).zeros(padding))
                                   .options_tmpl(300, {{302, 4}}, {{305, 4}})
                                   .data(300, WireBytes().u32(0).u32(10).zeros(padding))
                                   .data(256, WireBytes().u64(3)));
    EXPECT_FALSE(report.any_error()) << padding;
    EXPECT_EQ(report.count(DecodeCount::flows), 3u) << padding;
    EXPECT_EQ(report.count(DecodeCount::options_records), 1u) << padding;
  }
}

TEST(Padding, BehindRecordsOfVariableLengthIsShorterThanARecord) {
  for (std::size_t padding = 0; padding < 4; ++padding) {
    DecodeFixture decode;
    const auto report =
        decode(SetMessage::ipfix()
                   .tmpl(256, {{1, 4}, {96, kVariableLength}})
                   .data(256, WireBytes().u32(1).u8(2).text("ab").u32(2).u8(0).zeros(padding)));
    EXPECT_FALSE(report.any_error()) << padding;
    EXPECT_EQ(report.count(DecodeCount::flows), 2u) << padding;
  }
}

TEST(Padding, BehindTemplatesAndOptionsTemplates) {
  for (std::size_t padding = 0; padding < 8; ++padding) {
    DecodeFixture decode;
    const auto report = decode(
        SetMessage::ipfix()
            .set(2, WireBytes().u16(256).u16(1).u16(1).u16(4).zeros(padding))
            .set(3, WireBytes().u16(300).u16(2).u16(1).u16(302).u16(4).u16(305).u16(4).zeros(padding)));
    EXPECT_FALSE(report.any_error()) << padding;
    EXPECT_EQ(report.count(DecodeCount::templates), 2u) << padding;
    EXPECT_TRUE(known(decode, 256));
    EXPECT_TRUE(known(decode, 300));
  }
}

}  // namespace
}  // namespace sluice::decode
