#include "sluice/flow/fields.hpp"

#include <gmock/gmock.h>
#include <google/protobuf/descriptor.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "flow.pb.h"
#include "support/random_flow.hpp"

namespace sluice {
namespace {

using google::protobuf::FieldDescriptor;

/// The type that flow.proto gives a field of this kind.
std::string proto_type(FieldKind kind) {
  switch (kind) {
    case FieldKind::flow_type:
      return "FlowType";
    case FieldKind::direction:
      return "FlowDirection";
    case FieldKind::rate_source:
      return "SamplingRateSource";
    case FieldKind::uint32:
      return "uint32";
    case FieldKind::uint64:
    case FieldKind::time_ns:
    case FieldKind::mac:
      return "uint64";
    case FieldKind::address:
    case FieldKind::raw:
      return "bytes";
    case FieldKind::text:
      return "string";
    case FieldKind::uint32_list:
      return "repeated uint32";
    case FieldKind::layer_list:
      return "repeated LayerStack";
    case FieldKind::address_list:
      return "repeated bytes";
  }
  return "";
}

std::string declared_type(const FieldDescriptor& field) {
  const std::string type =
      field.type() == FieldDescriptor::TYPE_ENUM ? field.enum_type()->name() : field.type_name();
  return (field.is_repeated() ? "repeated " : "") + type;
}

TEST(FieldTable, IsTheProtoFile) {
  const auto& message = *FlowMessage::descriptor();
  EXPECT_EQ(flow_fields().size(), static_cast<std::size_t>(message.field_count()));
  for (const FieldInfo& field : flow_fields()) {
    const FieldDescriptor* declared = message.FindFieldByNumber(field.number);
    ASSERT_NE(declared, nullptr) << field.name;
    EXPECT_EQ(declared->name(), field.name);
    EXPECT_EQ(declared_type(*declared), proto_type(field.kind)) << field.name;
    EXPECT_EQ(declared->has_optional_keyword(), field.optional) << field.name;
    EXPECT_EQ(declared->is_packed(),
              field.kind == FieldKind::uint32_list || field.kind == FieldKind::layer_list)
        << field.name;
  }
}

// GoFlow2 v2's numbers, and the older streams' that must never get another meaning.
TEST(FieldTable, NumbersOfOlderStreamsStayFree) {
  for (const FieldInfo& field : flow_fields()) {
    EXPECT_FALSE(field.number == 2 || field.number == 5) << field.name;
    EXPECT_FALSE(field.number >= 39 && field.number <= 65) << field.name;
    EXPECT_FALSE(field.number > 112 && field.number < 200) << field.name;
    EXPECT_LT(field.number, 400) << field.name;
  }
}

TEST(FieldTable, IsInTheOrderOfNumbersAndFindsEachField) {
  EXPECT_TRUE(std::ranges::is_sorted(flow_fields(), std::less_equal<>{}, &FieldInfo::number));
  for (const FieldInfo& field : flow_fields()) {
    EXPECT_EQ(find_field(field.number), &field);
    EXPECT_EQ(find_field(field.name), &field);
  }
  EXPECT_EQ(find_field(std::uint16_t{2}), nullptr);
  EXPECT_EQ(find_field(std::uint16_t{65535}), nullptr);
  EXPECT_EQ(find_field("Bytes"), nullptr);
  EXPECT_EQ(find_field(""), nullptr);
}

TEST(FieldTable, NoTwoFieldsShareAHome) {
  std::set<std::pair<FieldHome, std::uint16_t>> homes;
  for (const FieldInfo& field : flow_fields())
    EXPECT_TRUE(homes.insert({field.home, field.index}).second) << field.name;
  const auto count = [](FieldHome home) {
    return static_cast<std::size_t>(std::ranges::count(flow_fields(), home, &FieldInfo::home));
  };
  EXPECT_EQ(count(FieldHome::extra_scalar), kCountOf<ExtraScalar>) << "each enumerator has its field";
  EXPECT_EQ(count(FieldHome::extra_address), kCountOf<ExtraAddress>);
  EXPECT_EQ(count(FieldHome::extra_text), kCountOf<ExtraText>);
  EXPECT_EQ(count(FieldHome::extra_list), kCountOf<ExtraList>);
  EXPECT_EQ(count(FieldHome::extra_address_list), kCountOf<ExtraAddressList>);
}

TEST(FieldTable, SettingOneFieldChangesNoOther) {
  test::RandomFlows random(1);
  for (const FieldInfo& field : flow_fields()) {
    FlowBatch changed;
    FlowBatch empty;
    for (FlowBatch* batch : {&changed, &empty}) {
      batch->add_origin();
      batch->append_one();
    }
    do random.set_random(field, changed, changed.flows()[0]);
    while (!field_present(field, changed, changed.flows()[0]));
    EXPECT_THAT(test::differing_fields(changed, changed.flows()[0], empty, empty.flows()[0]),
                ::testing::ElementsAre(std::string(field.name)));
  }
}

TEST(FieldTable, IntegersAreCutToTheirMembersWidth) {
  FlowBatch batch;
  batch.add_origin();
  FlowRecord& flow = batch.append_one();
  set_integer_field(*find_field("proto"), batch, flow, 0x1ff);
  EXPECT_EQ(flow.proto, 0xff);
  EXPECT_EQ(flow.ip_tos, 0) << "its neighbour";
  set_integer_field(*find_field("src_port"), batch, flow, 0x1'2345);
  EXPECT_EQ(flow.src_port, 0x2345);
  EXPECT_EQ(flow.dst_port, 0);
  set_integer_field(*find_field("sequence_num"), batch, flow, 0x1'0000'0002);
  EXPECT_EQ(batch.origin_of(flow).sequence_num, 2U);
}

TEST(FieldTable, PresenceFollowsProto3) {
  FlowBatch batch;
  batch.add_origin();
  FlowRecord& flow = batch.append_one();
  for (const FieldInfo& field : flow_fields()) EXPECT_FALSE(field_present(field, batch, flow)) << field.name;
  for (const FieldInfo& field : flow_fields()) {
    if (field.kind > FieldKind::mac) continue;
    set_integer_field(field, batch, flow, 0);
    EXPECT_EQ(field_present(field, batch, flow), field.optional) << field.name;
  }
}

TEST(FieldTable, EveryFieldIsDescribed) {
  for (const FieldInfo& field : flow_fields()) {
    EXPECT_FALSE(field.meaning.empty()) << field.name;
    if (field.kind == FieldKind::time_ns) {
      EXPECT_EQ(field.unit, "ns") << field.name;
    }
  }
}

}  // namespace
}  // namespace sluice
