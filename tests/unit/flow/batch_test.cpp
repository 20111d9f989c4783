#include "sluice/flow/batch.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::uint64_t> packets(const FlowBatch& batch) {
  std::vector<std::uint64_t> out;
  for (const FlowRecord& flow : batch.flows()) out.push_back(flow.packets);
  return out;
}

TEST(FlowBatch, FlowsBelongToTheOriginBeforeThem) {
  FlowBatch batch;
  batch.add_origin().sequence_num = 1;
  batch.append(2);
  batch.add_origin().sequence_num = 2;
  batch.append_one();
  ASSERT_EQ(batch.size(), 3U);
  EXPECT_EQ(batch.origin_of(batch.flows()[1]).sequence_num, 1U);
  EXPECT_EQ(batch.origin_of(batch.flows()[2]).sequence_num, 2U);
  EXPECT_EQ(batch.current_origin().sequence_num, 2U);
}

TEST(FlowBatch, NewFlowsAndOriginsAreZeroAlsoInUsedMemory) {
  FlowBatch batch;
  for (int round = 0; round < 3; ++round) {
    batch.clear();
    EXPECT_TRUE(batch.empty());
    EXPECT_EQ(batch.origin_count(), 0U);
    const Origin& origin = batch.add_origin();
    EXPECT_EQ(origin.type, FlowType::unknown);
    EXPECT_EQ(origin.time_received_ns, 0U);
    EXPECT_TRUE(origin.sampler_address.empty());
    EXPECT_TRUE(origin.exporter_address.empty());
    EXPECT_EQ(origin.exporter_name, "");
    EXPECT_EQ(origin.collector_id, "");
    for (const FlowRecord& flow : batch.append(40)) {
      FlowRecord zero{};
      zero.extras = kNoExtras;
      ASSERT_EQ(std::memcmp(&flow, &zero, sizeof flow), 0);
    }
    Origin& used = batch.current_origin();
    used.type = FlowType::ipfix;
    used.time_received_ns = 5;
    used.sampler_address = used.exporter_address = IpAddress::v4(1);
    used.exporter_name = used.collector_id = "x";
    for (FlowRecord& flow : batch.flows()) std::memset(static_cast<void*>(&flow), 0xff, sizeof flow);
  }
}

TEST(FlowBatch, ExtrasAreEmptyOnFirstUseAndKept) {
  FlowBatch batch;
  for (int round = 0; round < 2; ++round) {
    batch.clear();
    batch.add_origin();
    FlowRecord& flow = batch.append_one();
    EXPECT_EQ(batch.extras_of(flow), nullptr);
    FlowExtras& extras = batch.extras(flow);
    EXPECT_EQ(extras.scalars_set() | extras.addresses_set() | extras.texts_set(), 0U);
    EXPECT_THAT(extras.list(ExtraList::as_path), IsEmpty());
    EXPECT_THAT(extras.list(ExtraAddressList::mpls_ip), IsEmpty());
    EXPECT_EQ(extras.get(ExtraText::user_name), "");
    extras.set(ExtraScalar::vni, 7);
    extras.set(ExtraAddress::bgp_next_hop, IpAddress::v4(1));
    extras.set(ExtraText::user_name, "x");
    extras.list(ExtraList::as_path).push_back(1);
    extras.list(ExtraAddressList::mpls_ip).push_back(IpAddress::v4(1));
    EXPECT_EQ(&batch.extras(flow), &extras);
    EXPECT_EQ(batch.extras_of(flow), &extras);
  }
}

TEST(FlowBatch, ExtrasStayWhereTheyAreWhileOthersAreMade) {
  FlowBatch batch;
  batch.add_origin();
  batch.append(200);
  FlowExtras& first = batch.extras(batch.flows()[0]);
  first.set(ExtraScalar::flow_id, 42);
  for (FlowRecord& flow : batch.flows().subspan(1)) batch.extras(flow).set(ExtraScalar::flow_id, 1);
  EXPECT_EQ(batch.extras_of(batch.flows()[0]), &first);
  EXPECT_EQ(first.get(ExtraScalar::flow_id), 42U);
}

TEST(FlowBatch, AppendingMovesFlowsWhole) {
  FlowBatch batch;
  batch.add_origin();
  for (std::uint64_t i = 0; i < 1000; ++i) batch.append_one().packets = i;
  for (std::uint64_t i = 0; i < 1000; ++i) ASSERT_EQ(batch.flows()[i].packets, i);
}

TEST(FlowBatch, TruncateTakesFlowsBackFromTheEnd) {
  FlowBatch batch;
  batch.add_origin();
  for (std::uint64_t i = 0; i < 5; ++i) batch.append_one().packets = i;
  batch.truncate(3);
  EXPECT_THAT(packets(batch), ElementsAre(0, 1, 2));
  batch.truncate(9);
  EXPECT_EQ(batch.size(), 3U);
  EXPECT_EQ(batch.append_one().packets, 0U) << "a flow in the place of a taken one is new";
}

TEST(FlowBatch, TruncateGivesBackExtrasAndNoneThatAreInUse) {
  FlowBatch batch;
  batch.add_origin();
  batch.append(3);
  for (const std::size_t i : {0U, 2U, 1U}) batch.extras(batch.flows()[i]);
  batch.truncate(2);  // the last flow's were not the last that were made
  FlowRecord& fresh = batch.append_one();
  FlowExtras& extras = batch.extras(fresh);
  EXPECT_NE(&extras, batch.extras_of(batch.flows()[0]));
  EXPECT_NE(&extras, batch.extras_of(batch.flows()[1]));
  for (int i = 0; i < 1000; ++i) {
    batch.truncate(1);
    batch.extras(batch.append_one());
  }
  EXPECT_EQ(batch.flows()[1].extras, 2U);
  EXPECT_EQ(batch.flows()[0].extras, 0U);
}

TEST(FlowBatch, FilterKeepsOrder) {
  FlowBatch batch;
  batch.add_origin();
  for (std::uint64_t i = 0; i < 6; ++i) batch.append_one().packets = i;
  batch.filter([](std::size_t i) { return i % 2 == 1; });
  EXPECT_THAT(packets(batch), ElementsAre(1, 3, 5));
  batch.filter([](std::size_t) { return false; });
  EXPECT_TRUE(batch.empty());
}

TEST(FlowExtras, APresentZeroIsToldFromNothing) {
  FlowExtras extras;
  extras.reset();
  EXPECT_FALSE(extras.has(ExtraScalar::nat_event));
  extras.set(ExtraScalar::nat_event, 0);
  EXPECT_TRUE(extras.has(ExtraScalar::nat_event));
  EXPECT_FALSE(extras.has(ExtraScalar::firewall_event));
  EXPECT_EQ(extras.get(ExtraScalar::firewall_event), 0U);
  EXPECT_TRUE(extras.get(ExtraAddress::bgp_next_hop).empty());
}

}  // namespace
}  // namespace sluice
