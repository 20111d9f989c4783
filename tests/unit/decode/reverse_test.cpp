// The way back of a record that speaks of both (RFC 5103): what of it comes from reverse elements.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "decode/elements.hpp"
#include "flow/field_rows.hpp"
#include "sluice/flow/fields.hpp"
#include "support/decode_fixture.hpp"

namespace sluice::decode {
namespace {

using test::DecodeFixture;
using test::kHeaderSeconds;
using test::SetMessage;
using test::WireBytes;

constexpr std::uint64_t kSecond = 1000000000;
constexpr std::uint64_t kHeaderNs = kHeaderSeconds * kSecond;
constexpr std::uint64_t kNtpToUnix = 2208988800ULL;

/// Forward times of 9 and 2 seconds before the header, then what is asked for, of the way back.
struct Times {
  std::string name;
  SetMessage::Fields fields;
  WireBytes record;
  std::uint64_t start_ago_s, end_ago_s;
};

WireBytes ntp(std::uint64_t ago) { return WireBytes().u64((kHeaderSeconds - ago + kNtpToUnix) << 32); }
WireBytes two(const WireBytes& start, const WireBytes& end) {
  return WireBytes().raw(start.data()).raw(end.data());
}

class ReverseTimes : public testing::TestWithParam<Times> {};

TEST_P(ReverseTimes, AreThoseOfTheSecondFlow) {
  for (const bool variable : {false, true}) {
    SetMessage::Fields fields{{8, 4}, {12, 4}, {150, 4}, {151, 4}, {1, 4}, {1, 4, kReverseEnterprise}};
    WireBytes record = WireBytes()
                           .address("192.0.2.1")
                           .address("192.0.2.2")
                           .u32(kHeaderSeconds - 9)
                           .u32(kHeaderSeconds - 2)
                           .u32(10)
                           .u32(20);
    fields.insert(fields.end(), GetParam().fields.begin(), GetParam().fields.end());
    record.raw(GetParam().record.data());
    if (variable) {
      fields.push_back({30000, kVariableLength});
      record.u8(0);
    }
    DecodeFixture decode;
    decode(SetMessage::ipfix().tmpl(256, fields).data(256, record));
    ASSERT_EQ(decode.batch.size(), 2u);
    EXPECT_EQ(decode.flow(0).time_flow_start_ns, kHeaderNs - 9 * kSecond);
    EXPECT_EQ(decode.flow(0).time_flow_end_ns, kHeaderNs - 2 * kSecond);
    EXPECT_EQ(decode.flow(1).time_flow_start_ns, kHeaderNs - GetParam().start_ago_s * kSecond);
    EXPECT_EQ(decode.flow(1).time_flow_end_ns, kHeaderNs - GetParam().end_ago_s * kSecond);
  }
}

SetMessage::Fields both(std::uint16_t id, std::uint16_t length) {
  const auto next = static_cast<std::uint16_t>(id + 1);
  return {{id, length, kReverseEnterprise}, {next, length, kReverseEnterprise}};
}

constexpr std::uint64_t kMs = (kHeaderSeconds - 8ULL) * 1000;

INSTANTIATE_TEST_SUITE_P(
    Reverse, ReverseTimes,
    testing::Values(
        Times{"Seconds", both(150, 4), WireBytes().u32(kHeaderSeconds - 8).u32(kHeaderSeconds - 3), 8, 3},
        Times{"Milliseconds", both(152, 8), WireBytes().u64(kMs).u64(kMs + 5000), 8, 3},
        Times{"Microseconds", both(154, 8), two(ntp(8), ntp(3)), 8, 3},
        Times{"Nanoseconds", both(156, 8), two(ntp(8), ntp(3)), 8, 3},
        Times{"DeltaMicroseconds", both(158, 4), WireBytes().u32(8000000).u32(3000000), 8, 3},
        Times{"StartAlone", {{150, 4, kReverseEnterprise}}, WireBytes().u32(kHeaderSeconds - 8), 8, 2},
        Times{"StartAloneBehindTheEnd",
              {{150, 4, kReverseEnterprise}},
              WireBytes().u32(kHeaderSeconds - 1),
              1,
              1},
        Times{"EndAlone", {{151, 4, kReverseEnterprise}}, WireBytes().u32(kHeaderSeconds - 3), 9, 3},
        Times{"Zeros", both(150, 4), WireBytes().zeros(8), 9, 2}),
    [](const auto& one) { return one.param.name; });

TEST(Reverse, IsSeenAtTheOtherSide) {
  const SetMessage::Fields fields{{61, 1}, {10, 2}, {14, 2}, {1, 4}, {1, 4, kReverseEnterprise}};
  for (const auto& [sent, there, back] : {std::tuple(0U, FlowDirection::ingress, FlowDirection::egress),
                                          std::tuple(1U, FlowDirection::egress, FlowDirection::ingress),
                                          std::tuple(7U, FlowDirection::unknown, FlowDirection::unknown)}) {
    DecodeFixture decode;
    decode(SetMessage::ipfix().tmpl(256, fields).data(256, WireBytes().u8(sent).u16(3).u16(4).u32(1).u32(2)));
    ASSERT_EQ(decode.batch.size(), 2u);
    EXPECT_EQ(decode.flow(0).flow_direction, there);
    EXPECT_EQ(decode.flow(1).flow_direction, back);
    EXPECT_EQ(decode.flow(1).in_if, 4u);
  }
}

TEST(Reverse, DirectionThatIsSentCounts) {
  DecodeFixture decode;
  decode(SetMessage::ipfix()
             .tmpl(256, {{61, 1}, {61, 1, kReverseEnterprise}, {1, 4}, {1, 4, kReverseEnterprise}})
             .data(256, WireBytes().u8(0).u8(0).u32(1).u32(2)));
  EXPECT_EQ(decode.flow(1).flow_direction, FlowDirection::ingress);
}

constexpr std::uint16_t kBytes = field_number("bytes"), kPackets = field_number("packets"),
                        kProto = field_number("proto"), kIcmpType = field_number("icmp_type"),
                        kIcmpCode = field_number("icmp_code");

/// Whether the element may be of a way back: not what makes the flow, or only helps to read it.
bool has_reverse(const ElementInfo& element) {
  const ActionInfo& action = info_of(element.action);
  return element.pen == 0 && element.id < 0x8000 && element.action != Action::none &&
         action.says == Says::nothing && !action.in_options && !action.runs_first &&
         element.number != kBytes && element.number != kPackets && element.number != kProto &&
         element.unit == TimeUnit::absent;
}

std::vector<std::uint16_t> widths_of(const ElementInfo& element) {
  const FieldInfo* field = find_field(element.number);
  if (element.family != Family::none)
    return {static_cast<std::uint16_t>(element.family == Family::ipv4 ? 4 : 16)};
  if (element.action == Action::mpls_label) return {3};
  if (field && (field->kind == FieldKind::text || field->kind == FieldKind::raw)) return {5};
  return {1, 2};
}

// The second flow's fields are those that the forward element fills in a flow of its own.
TEST(Reverse, EveryElementThatHasAForwardOneCounts) {
  int seen = 0;
  for (const ElementInfo& element : elements()) {
    if (!has_reverse(element)) continue;
    for (const std::uint16_t width : widths_of(element)) {
      const bool icmp = fills(element, kIcmpType) || fills(element, kIcmpCode);
      const auto head = [&] { return WireBytes().u8(icmp ? 1 : 17).u32(7); };
      WireBytes value;
      for (std::uint16_t i = 0; i < width; ++i) value.u8(element.id == 61 ? (i + 1 == width) : 0x41);
      DecodeFixture forward;
      forward(SetMessage::ipfix()
                  .tmpl(256, {{4, 1}, {1, 4}, {element.id, width}})
                  .data(256, head().raw(value.data())));
      DecodeFixture biflow;
      biflow(SetMessage::ipfix()
                 .tmpl(256,
                       {{4, 1}, {1, 4}, {1, 4, kReverseEnterprise}, {element.id, width, kReverseEnterprise}})
                 .data(256, head().u32(7).raw(value.data())));
      ASSERT_EQ(forward.batch.size(), 1u) << element.name;
      ASSERT_EQ(biflow.batch.size(), 2u) << element.name;
      for (const FieldInfo& field : flow_fields()) {
        EXPECT_EQ(integer_field(field, biflow.batch, biflow.flow(1)),
                  integer_field(field, forward.batch, forward.flow()))
            << element.name << " " << field.name;
        EXPECT_EQ(address_field(field, biflow.batch, biflow.flow(1)),
                  address_field(field, forward.batch, forward.flow()))
            << element.name << " " << field.name;
        EXPECT_EQ(field_present(field, biflow.batch, biflow.flow(1)),
                  field_present(field, forward.batch, forward.flow()))
            << element.name << " " << field.name;
      }
      ++seen;
    }
  }
  EXPECT_GT(seen, 60);
}

TEST(Reverse, VolumeBehindTheBoxMakesAFlowToo) {
  DecodeFixture decode;
  decode(SetMessage::ipfix()
             .tmpl(256, {{1, 4}, {23, 4, kReverseEnterprise}, {24, 4, kReverseEnterprise}})
             .data(256, WireBytes().u32(1).u32(2).u32(3)));
  ASSERT_EQ(decode.batch.size(), 2u);
  EXPECT_EQ(decode.flow(1).bytes, 2u);
  EXPECT_EQ(decode.flow(1).packets, 3u);
}

}  // namespace
}  // namespace sluice::decode
