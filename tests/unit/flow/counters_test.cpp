#include "sluice/flow/counters.hpp"

#include <google/protobuf/descriptor.h>
#include <gtest/gtest.h>

#include "counters.pb.h"
#include "sluice/flow/batch.hpp"

namespace sluice {
namespace {

using google::protobuf::FieldDescriptor;

TEST(CounterLayouts, AreTheProtoFile) {
  const auto* const message = CounterMessage::descriptor();
  for (const CounterLayout& layout : counter_layouts()) {
    SCOPED_TRACE(layout.name);
    const FieldDescriptor* const field = message->FindFieldByNumber(layout.number);
    ASSERT_NE(field, nullptr);
    EXPECT_EQ(field->name(), layout.name);
    ASSERT_NE(field->message_type(), nullptr);
    ASSERT_EQ(field->message_type()->field_count(), static_cast<int>(layout.fields.size()));
    for (std::size_t i = 0; i < layout.fields.size(); ++i) {
      const FieldDescriptor* const member = field->message_type()->field(static_cast<int>(i));
      EXPECT_EQ(member->name(), layout.fields[i].name);
      EXPECT_EQ(member->number(), layout.fields[i].number);
      EXPECT_EQ(member->type(),
                layout.fields[i].wide ? FieldDescriptor::TYPE_UINT64 : FieldDescriptor::TYPE_UINT32)
          << member->name();
    }
  }
}

TEST(CounterLayouts, AreFoundByFormatOfSflowOrgAlone) {
  ASSERT_NE(find_counter_layout(0, 2), nullptr);
  EXPECT_EQ(find_counter_layout(0, 2)->name, "ethernet");
  EXPECT_EQ(find_counter_layout(0, 1004), nullptr);
  EXPECT_EQ(find_counter_layout(4413, 2), nullptr);
}

TEST(CounterBatch, KeepsPartsWithTheirRecords) {
  const std::byte bytes[]{std::byte{1}, std::byte{2}};
  const std::uint64_t values[]{1, 2, 3, 4, 5};
  CounterBatch batch;
  batch.add().sample_sequence = 7;
  batch.add_raw(9, 8, bytes);
  batch.add();
  batch.add().options = true;
  batch.add_values(*find_counter_layout(0, 1001), values);
  batch.add_raw(0, 149, Bytes(bytes).first(1), true);
  ASSERT_EQ(batch.size(), 3U);
  EXPECT_EQ(batch.record(0).sample_sequence, 7U);
  EXPECT_EQ(batch.parts(0), 1U);
  EXPECT_EQ(batch.parts(1), 0U);
  ASSERT_EQ(batch.parts(2), 2U);
  EXPECT_EQ(batch.part(0, 0).data.size(), 2U);
  EXPECT_EQ(batch.part(2, 0).values[4], 5U);
  EXPECT_EQ(batch.part(2, 0).layout->name, "processor");
  EXPECT_TRUE(batch.part(2, 1).scope);
  EXPECT_EQ(batch.part(2, 1).data[0], std::byte{1});
  batch.clear();
  EXPECT_EQ(batch.size(), 0U);
}

TEST(CounterBatch, IsThereOnlyWhereItIsWantedAndClearedWithTheFlows) {
  FlowBatch flows;
  EXPECT_EQ(flows.counters(), nullptr);
  flows.want_counters();
  ASSERT_NE(flows.counters(), nullptr);
  flows.counters()->add();
  flows.clear();
  ASSERT_NE(flows.counters(), nullptr);
  EXPECT_EQ(flows.counters()->size(), 0U);
}

}  // namespace
}  // namespace sluice
