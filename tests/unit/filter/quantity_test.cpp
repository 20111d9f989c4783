#include "filter/quantity.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <string>

#include "filter/words.hpp"

namespace sluice::filter::test {
namespace {

TEST(Quantities, EveryFieldHasOneAndNamesAreUnique) {
  std::set<std::string_view> names;
  std::set<const FieldInfo*> fields;
  for (const Quantity& quantity : quantities()) {
    EXPECT_TRUE(names.insert(quantity.name).second) << quantity.name;
    if (quantity.field != nullptr) fields.insert(quantity.field);
  }
  EXPECT_EQ(fields.size(), flow_fields().size());
}

TEST(Quantities, ReversingTwiceIsNothing) {
  for (const Quantity& quantity : quantities()) {
    const Quantity* other = reversed(quantity);
    EXPECT_EQ(reversed(*other), &quantity) << quantity.name;
    EXPECT_EQ(other->kind, quantity.kind) << quantity.name;
    EXPECT_EQ(other->greatest, quantity.greatest) << quantity.name;
  }
}

TEST(Quantities, WhatHasADirectionHasAnOpposite) {
  for (const Quantity& quantity : quantities()) {
    const std::string_view name = quantity.name;
    const bool directed = (name.starts_with("src_") && name != "src_peer_as") || name.starts_with("in_");
    EXPECT_FALSE(directed && reversed(quantity) == &quantity) << name;
  }
}

TEST(Quantities, AreFoundInAnyCaseAndByOtherNames) {
  EXPECT_EQ(find_quantity("SRC_AS"), find_quantity("src_as"));
  EXPECT_EQ(find_quantity("SrcAS"), find_quantity("src_as"));
  EXPECT_EQ(find_quantity("ExporterAddress"), find_quantity("sampler_address"));
  EXPECT_EQ(find_quantity("no_such"), nullptr);
  EXPECT_EQ(find_quantity(""), nullptr);
}

/// A filter and the tables' dictionary call a protocol by the same name; but for IPIP, by which nfdump and
/// its users mean 4, and IANA's list 94.
TEST(Words, OfProtocolsAreThoseOfTheTables) {
  std::ifstream csv(SLUICE_SOURCE_DIR "/deploy/clickhouse/csv/sluice_protocols.csv");
  std::size_t known = 0;
  std::string line;
  std::getline(csv, line);  // names of the columns
  while (std::getline(csv, line)) {
    const std::size_t first = line.find(','), second = line.find(',', first + 1);
    const auto number = number_of_word("proto", line.substr(first + 1, second - first - 1));
    if (!number || line.starts_with("94,IPIP,")) continue;
    ++known;
    EXPECT_EQ(*number, std::stoul(line.substr(0, first))) << line;
  }
  EXPECT_GT(known, 15U);
}

TEST(Quantities, CorrectedCountsDoNotWrap) {
  FlowBatch batch;
  batch.add_origin();
  FlowRecord& flow = batch.append_one();
  flow.bytes = 1ULL << 60;
  flow.packets = 2;
  flow.sampling_rate = ~0ULL;
  const auto value = [&](std::string_view name) { return number_of(*find_quantity(name), batch, flow); };
  EXPECT_EQ(value("bytes"), ~0ULL);
  EXPECT_EQ(value("packets"), 2 * 0xffffffffULL);
  EXPECT_EQ(value("bytes_sampled"), 1ULL << 60);
  flow.sampling_rate = 0;  // unknown
  EXPECT_EQ(value("bytes"), 1ULL << 60);
}

TEST(Quantities, RatesAreOverTheDuration) {
  FlowBatch batch;
  batch.add_origin();
  FlowRecord& flow = batch.append_one();
  flow.bytes = 3000;
  flow.packets = 4;
  flow.sampling_rate = 10;
  const auto value = [&](std::string_view name) { return number_of(*find_quantity(name), batch, flow); };
  EXPECT_EQ(value("duration"), 0U);
  EXPECT_EQ(value("pps"), 0U);
  flow.time_flow_start_ns = 1'700'000'000'000'000'000;
  flow.time_flow_end_ns = flow.time_flow_start_ns + 2'000'000'000;
  EXPECT_EQ(value("duration"), 2000U);
  EXPECT_EQ(value("pps"), 20U);
  EXPECT_EQ(value("bps"), 120'000U);
  EXPECT_EQ(value("bpp"), 750U);
  EXPECT_EQ(value("flows"), 1U);
}

}  // namespace
}  // namespace sluice::filter::test
