// Which table answers: it has all that is asked for, whatever that is.
#include "web/plan.hpp"

#include <gmock/gmock.h>

#include "flow/columns.hpp"
#include "query/choose_table.hpp"
#include "support.hpp"

namespace sluice::web {
namespace {

using std::chrono::seconds;
using test::kNow;
using test::question;

Plan plan(const json& body, View view = View::series, const TableSizes& sizes = {},
          std::uint64_t ask_above = 0) {
  const auto out = make_plan(question(body, view), kNow, sizes, ask_above);
  EXPECT_TRUE(out) << body << ": " << (out ? "" : out.error().text);
  return out ? *out : Plan{};
}

void expect_all_columns(const Question& one, const Plan& chosen) {
  if (chosen.rollup == nullptr) return;
  for (const Dimension& dimension : one.by)
    EXPECT_TRUE(has_column(*chosen.rollup, dimension.column())) << chosen.table;
  for (const filter::Quantity* quantity : quantities_of(one.filter)) {
    if (quantity->derived == filter::Derived::flows) continue;  // 1 of each flow, so of every sum
    ASSERT_NE(quantity->field, nullptr) << chosen.table << " has no " << quantity->name;
    EXPECT_TRUE(has_column(*chosen.rollup, column_name(*quantity->field)))
        << chosen.table << " " << quantity->name;
  }
  if (!one.exporters.empty()) {
    EXPECT_TRUE(has_column(*chosen.rollup, "sampler_address")) << chosen.table;
  }
}

TEST(Plan, TheChosenTableHasAllThatIsAskedFor) {
  const char* filters[] = {"",
                           "proto tcp",
                           "as 65001",
                           "if 3",
                           "src net 192.0.2.0/24",
                           "bytes > 1k",
                           "port 443",
                           "exporter 192.0.2.1",
                           "ipv6 and proto tcp",
                           "sampling_rate = 0",
                           "bytes_sampled > 100",
                           "flows > 0",
                           "src_port < dst_port"};
  std::vector<std::string> dimensions{"", "service_port", "src_addr/24"};
  for (const filter::Quantity& quantity : filter::quantities())
    if (groups(quantity)) dimensions.emplace_back(quantity.name);
  std::set<std::string> used;
  std::size_t turn = 0;  // each dimension meets a few of the filters
  for (const char* from : {"now-30m", "now-6h", "now-3d", "now-20d"})
    for (const std::string& dimension : dimensions)
      for (const View view : {View::series, View::table})
        for (int i = 0; i < 2; ++i) {
          const json by = dimension.empty() ? json::array() : json::array({dimension});
          const Question one = question({{"from", from},
                                         {"filter", filters[turn++ % std::size(filters)]},
                                         {"by", by},
                                         {"both_ways", view == View::series}},
                                        view);
          const auto chosen = make_plan(one, kNow, {}, 0);
          ASSERT_TRUE(chosen);
          expect_all_columns(one, *chosen);
          used.insert(chosen->table);
        }
  EXPECT_GE(used.size(), 7U) << testing::PrintToString(used);
}

TEST(Plan, SumsOfFlowsDoNotAnswerForSingleOnes) {
  for (const char* filter : {"bytes > 1k", "packets > 3", "duration > 10", "pps > 1", "bpp > 100",
                             "bytes_sampled > 1", "packets_sampled > 1", "first seen > 2026-11-29"})
    EXPECT_EQ(plan({{"filter", filter}, {"from", "now-6h"}}).table, kRawTable) << filter;
  EXPECT_NE(plan({{"filter", "flows > 0"}, {"from", "now-6h"}}).table, kRawTable);
}

TEST(Plan, EachRollupIsChosenForItsKeys) {
  for (const Rollup& rollup : rollups()) {
    json by = json::array();
    for (const std::string_view key : names_in(rollup.keys))
      if (key != "sampling_rate" && by.size() < kMostDimensions) by.push_back(key);
    const Plan chosen = plan({{"from", "now-40d"}, {"to", "now"}, {"by", by}, {"limit", 10}}, View::table);
    ASSERT_NE(chosen.rollup, nullptr) << rollup.name;
    EXPECT_LE(chosen.rollup->weight, rollup.weight) << rollup.name << " has fewer rows than " << chosen.table;
  }
}

TEST(Plan, TheStepFollowsTheWidth) {
  EXPECT_EQ(plan({{"from", "now-10m"}}).step, seconds(10));
  EXPECT_EQ(plan({{"from", "now-1h"}}).step, seconds(60));
  EXPECT_EQ(plan({{"from", "now-6h"}, {"points", 100}}).step, seconds(300));
  EXPECT_EQ(plan({{"from", "now-1d"}, {"points", 600}}).step, seconds(300));
  EXPECT_EQ(plan({{"from", "now-30d"}, {"points", 600}}).step, seconds(7200));
  EXPECT_EQ(plan({{"from", "now-80d"}, {"by", {"src_addr"}}, {"points", 1500}}).step, seconds(7200));
  EXPECT_EQ(plan({{"from", "now-60d"}, {"to", "now-59d"}, {"by", {"src_addr"}}, {"points", 1500}}).step,
            seconds(3600))
      << "the table's";
  for (const char* from : {"now-7m", "now-1h", "now-25h", "now-300d"})
    for (const unsigned points : {50U, 333U, 1500U}) {
      const Plan one = plan({{"from", from}, {"points", points}});
      EXPECT_LE(one.slots(), points) << from;
      EXPECT_EQ(one.from.time_since_epoch() % one.step, seconds(0));
      EXPECT_EQ((one.to - one.from) % one.step, seconds(0));
      EXPECT_EQ(one.rollup ? one.step % one.rollup->step.length : seconds(0), seconds(0)) << one.table;
    }
}

TEST(Plan, NoRangeHasMoreSlotsThanPoints) {
  const auto at = kNow.time_since_epoch().count();
  for (const unsigned points : {50U, 51U, 600U, 1500U})
    for (const std::int64_t length :
         {1, 61, 599, 3000, 3601, 50 * 60, 86'399, 600 * 300, 7'654'321, 300'000'000})
      for (const std::int64_t offset : {0, 1, 59, 1799}) {
        const Plan one = plan({{"from", at - offset - length}, {"to", at - offset}, {"points", points}},
                              View::series, {{"flows_1h", {.kept = query::kForGood}}});
        EXPECT_LE(one.slots(), points) << length << " s, ending " << offset << " s ago";
        EXPECT_GE(one.slots(), 1U);
      }
}

TEST(Plan, ReachesBackAsFarAsTheStoreKeeps) {
  const json body{{"from", "now-40d"}, {"to", "now-39d"}, {"by", {"src_addr"}}, {"filter", "ttl > 3"}};
  EXPECT_FALSE(make_plan(question(body), kNow, {}, 0)) << "30 days are what apply.sh sets";
  const TableSizes longer{{"flows_raw", {.kept = std::chrono::days(400)}}};
  EXPECT_EQ(plan(body, View::series, longer).table, kRawTable);
  const TableSizes shorter{{"flows_raw", {.kept = std::chrono::hours(12)}}};
  const auto refused = make_plan(question({{"from", "now-1d"}, {"filter", "ttl > 3"}}), kNow, shorter, 0);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().more["since"], (kNow - std::chrono::hours(12)).time_since_epoch().count());
  const TableSizes for_good{{"flows_1h", {.kept = query::kForGood}}};
  EXPECT_EQ(plan({{"from", "now-3000d"}, {"to", "now-2999d"}}, View::series, for_good).table, "flows_1h");
}

TEST(Plan, WhatIsToComeIsNotOver) {
  const Plan one = plan({{"from", "now-1h"}, {"by", {"src_addr"}}, {"step", 3600}});
  EXPECT_EQ(passed(one, one.from), seconds(0));
  EXPECT_EQ(passed(one, one.from + kArrival + seconds(7)), seconds(7));
  EXPECT_EQ(passed(one, one.to + seconds(1'000'000)), one.to - one.from);
  EXPECT_EQ(finished_slots(one, one.from + kArrival + one.step - seconds(1)), 0U);
  EXPECT_EQ(finished_slots(one, one.from + kArrival + one.step), 1U);
  EXPECT_EQ(finished_slots(one, one.to + seconds(1'000'000)), one.slots());
  EXPECT_EQ(finished_slots(plan({{"from", "now-1h"}}, View::table), kNow), 0U);
}

TEST(Plan, TellsFromWhenOnThereIsATable) {
  const auto chosen =
      make_plan(question({{"from", "now-200d"}, {"to", "now-199d"}, {"by", {"src_addr"}}}), kNow, {}, 0);
  ASSERT_FALSE(chosen);
  EXPECT_EQ(chosen.error().code, "too_old");
  EXPECT_EQ(chosen.error().more["since"], (kNow - std::chrono::days(90)).time_since_epoch().count());
}

TEST(Plan, EstimatesByTheShareOfTheTime) {
  const TableSizes sizes{
      {"flows_raw", {.rows = 1'000'000, .bytes = 1, .oldest = kNow - seconds(100'000), .newest = kNow}}};
  const Plan one = plan({{"filter", "ttl > 3"}, {"from", "now-10000s"}}, View::series, sizes, 200'000);
  EXPECT_NEAR(static_cast<double>(one.rows), 100'000, 2'000);
  EXPECT_FALSE(one.costly);
  EXPECT_TRUE(plan({{"filter", "ttl > 3"}, {"from", "now-50000s"}}, View::series, sizes, 200'000).costly);
  EXPECT_EQ(plan({{"filter", "ttl > 3"}, {"from", "now-20d"}, {"to", "now-19d"}}, View::series, {}, 1).rows,
            0U);
}

}  // namespace
}  // namespace sluice::web
