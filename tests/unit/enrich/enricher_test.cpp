#include "enrich/enricher.hpp"

#include <gmock/gmock.h>

namespace sluice::enrich {
namespace {

/// A batch of flows of these exporters.
FlowBatch batch_of(std::initializer_list<const char*> exporters) {
  FlowBatch batch;
  for (const char* exporter : exporters) {
    batch.add_origin().exporter_address = *IpAddress::parse(exporter);
    batch.append_one();
  }
  return batch;
}

std::vector<std::string> names(const FlowBatch& batch) {
  std::vector<std::string> out;
  for (std::size_t i = 0; i < batch.origin_count(); ++i) out.push_back(batch.origin(i).exporter_name);
  return out;
}

const Settings kSettings{"here",
                         {{*IpPrefix::parse("192.0.2.1"), {.name = "core"}},
                          {*IpPrefix::parse("192.0.2.0/24"), {.name = "edge"}}}};

TEST(Enricher, WhatWasReceivedHereIsFromHere) {
  FlowBatch batch = batch_of({"192.0.2.1"});
  batch.origin(0).collector_id = "there";
  Enricher(kSettings).apply(batch);
  EXPECT_EQ(batch.origin(0).collector_id, "here");
  EXPECT_EQ(batch.origin(0).exporter_name, "");  // its decoder knows
}

TEST(Enricher, WhatOthersReceivedKeepsWhatItSays) {
  FlowBatch batch = batch_of({"192.0.2.1", "192.0.2.1"});
  batch.origin(0).collector_id = "there";
  batch.origin(0).exporter_name = "its own";
  Enricher(kSettings).complete(batch);
  EXPECT_EQ(batch.origin(0).collector_id, "there");
  EXPECT_EQ(batch.origin(1).collector_id, "here");
  EXPECT_THAT(names(batch), testing::ElementsAre("its own", "core"));
}

TEST(Enricher, EachExporterGetsTheNameOfItsLongestPrefix) {
  FlowBatch batch =
      batch_of({"192.0.2.2", "192.0.2.2", "192.0.2.1", "198.51.100.1", "192.0.2.9", "198.51.100.1"});
  Enricher(kSettings).complete(batch);
  EXPECT_THAT(names(batch), testing::ElementsAre("edge", "edge", "core", "", "edge", ""));
}

TEST(Enricher, WithoutSettingsNothingIsTouched) {
  FlowBatch batch = batch_of({"192.0.2.2"});
  Enricher({}).complete(batch);
  EXPECT_THAT(names(batch), testing::ElementsAre(""));
  EXPECT_EQ(batch.origin(0).collector_id, "");
}

}  // namespace
}  // namespace sluice::enrich
