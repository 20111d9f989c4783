#include "flow/rollups.hpp"

#include <gmock/gmock.h>

#include <map>
#include <set>

namespace sluice {
namespace {

using testing::AnyOf;
using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::IsSupersetOf;
using testing::Not;

std::vector<std::string_view> names(const std::vector<const Rollup*>& rows) {
  std::vector<std::string_view> out;
  for (const Rollup* row : rows) out.push_back(row->name);
  return out;
}

/// What a rollup has that a view over it could ask for.
std::vector<std::string_view> stored(const Rollup& rollup) {
  auto out = names_in(rollup.keys);
  for (const std::string_view sum : names_in(rollup.sums)) out.push_back(sum);
  return out;
}

TEST(Rollups, EachIsMadeOfSomethingAbove) {
  std::set<std::string_view> above{kRawTable};
  for (const Rollup& rollup : rollups()) {
    EXPECT_TRUE(above.contains(rollup.source)) << rollup.name << " is made of " << rollup.source;
    EXPECT_TRUE(above.insert(rollup.name).second) << rollup.name << " stands there twice";
  }
}

TEST(Rollups, ASourceHasWhatIsTakenOfIt) {
  for (const Rollup& rollup : rollups()) {
    const Rollup* source = find_rollup(rollup.source);
    if (!source) continue;
    EXPECT_THAT(stored(*source), IsSupersetOf(stored(rollup))) << rollup.name;
    EXPECT_EQ(rollup.step.length % source->step.length, std::chrono::seconds(0))
        << rollup.name << ": a slot of " << source->name << " would belong to two of its own";
    EXPECT_LE(rollup.weight, source->weight) << rollup.name;
    if (only_shortens(rollup)) {
      EXPECT_LT(stored(rollup).size(), stored(*source).size()) << rollup.name << " is a copy";
    }
  }
}

TEST(Rollups, OneRetentionHasOneNumberOfDays) {
  std::map<std::string_view, unsigned> days;
  for (const Rollup& rollup : rollups()) {
    const auto [known, _] = days.emplace(rollup.retention.name, rollup.retention.days);
    EXPECT_EQ(known->second, rollup.retention.days) << rollup.name;
  }
}

TEST(Rollups, EachColumnIsDescribed) {
  for (const Rollup& rollup : rollups()) {
    std::set<std::string_view> seen;
    for (const RollupColumn& column : rollup_columns(rollup)) {
      EXPECT_TRUE(seen.insert(column.name).second) << rollup.name << '.' << column.name;
      EXPECT_NE(column.meaning, "") << rollup.name << '.' << column.name;
      EXPECT_NE(column.of_flows.empty(), column.alias.empty()) << rollup.name << '.' << column.name;
    }
  }
}

TEST(Rollups, WordsOfAKeyAreThoseOfItsField) {
  const auto columns = rollup_columns(*find_rollup("sources_1h"));
  ASSERT_EQ(columns.size(), 11U);
  EXPECT_EQ(columns[0].meaning, "Start of the hour in which the collector received the flows");
  EXPECT_EQ(columns[1].meaning, "Exporter");
  EXPECT_EQ(columns[2].name, "src_addr");
  EXPECT_EQ(columns[2].meaning, "Source address");
  EXPECT_EQ(columns[4].meaning, "Packets that one sampled packet stands for; 0 unknown");
  EXPECT_EQ(columns[7].of_flows, "count()");
}

TEST(Rollups, AKeyThatIsNoFieldIsAColumnOfTheFlows) {
  const auto columns = rollup_columns(*find_rollup("ports_1h"));
  ASSERT_GT(columns.size(), 3U);
  EXPECT_EQ(columns[3].name, "service_port");
  EXPECT_EQ(columns[3].of_flows, "least(src_port, dst_port)");
}

TEST(Rollups, AliasesAreThereWhereTheirColumnsAre) {
  EXPECT_TRUE(has_column(*find_rollup("sources_all_1h"), "bytes_corrected"));
  EXPECT_FALSE(has_column(*find_rollup("sources_all_1h"), "sampler_ip"));
  EXPECT_TRUE(has_column(*find_rollup("sources_1h"), "sampler_ip"));
}

TEST(Rollups, WhatHangsOnOne) {
  const auto behind = names(made_of(*find_rollup("flows_5m")));
  EXPECT_THAT(behind, IsSupersetOf({"flows_1h", "interfaces_5m", "interfaces_1h", "ases_5m", "ases_1h"}));
  EXPECT_THAT(behind, Not(Contains(AnyOf("flows_1m", "flows_5m", "sources_1h", "ports_1h"))));
  EXPECT_TRUE(only_shortens(*find_rollup("ases_1h")));
  EXPECT_FALSE(only_shortens(*find_rollup("flows_1h")));
  EXPECT_FALSE(only_shortens(*find_rollup("ports_1h")));
}

TEST(Rollups, Lists) {
  EXPECT_THAT(names_in("a, b, c"), ElementsAre("a", "b", "c"));
  EXPECT_THAT(names_in("a"), ElementsAre("a"));
  EXPECT_THAT(names_in(""), IsEmpty());
  EXPECT_EQ(find_rollup("flows_raw"), nullptr);
}

}  // namespace
}  // namespace sluice
