#include "query/choose_table.hpp"

#include <gmock/gmock.h>

namespace sluice::query {
namespace {

using namespace std::chrono_literals;
using std::chrono::days;
using std::chrono::sys_seconds;
using testing::HasSubstr;

// 2026-11-21 12:00:17 UTC: on no slot's bound.
constexpr sys_seconds kNow{1795262417s};

/// The shipped rows that these tests are about: one more of them changes nothing here.
std::vector<Rollup> some_rollups() {
  std::vector<Rollup> out;
  for (const char* name :
       {"flows_1m", "flows_5m", "flows_1h", "interfaces_5m", "interfaces_1h", "ases_5m", "ases_1h",
        "sources_1h", "sources_all_1h", "destinations_1h", "destinations_all_1h", "ports_1h"})
    out.push_back(*find_rollup(name));
  return out;
}

Result<TableChoice, NoTable> choose(const TableWish& wish, const Kept& kept = default_kept) {
  static const std::vector<Rollup> among = some_rollups();
  return choose_table(wish, kNow, kept, among);
}

TableChoice chosen(std::vector<std::string> columns, std::chrono::seconds range,
                   std::chrono::seconds step = 0s) {
  const auto choice = choose({.columns = std::move(columns), .from = kNow - range, .to = kNow, .step = step});
  EXPECT_TRUE(choice) << choice.error().reason;
  return choice ? *choice : TableChoice{};
}

TEST(ChooseTable, TheOneWithTheFewestRowsThatHasTheColumns) {
  EXPECT_EQ(chosen({"in_if"}, 1h, 1h).table, "interfaces_1h");
  EXPECT_EQ(chosen({"src_as"}, 1h, 1h).table, "ases_1h");
  EXPECT_EQ(chosen({"src_as", "in_if"}, 1h, 1h).table, "flows_1h");
  EXPECT_EQ(chosen({"src_addr"}, 1h, 1h).table, "sources_all_1h");
  EXPECT_EQ(chosen({"src_addr", "proto"}, 1h, 1h).table, "sources_1h");
  EXPECT_EQ(chosen({"dst_addr", "sampler_ip"}, 1h, 1h).table, "destinations_1h");
  EXPECT_EQ(chosen({"service_port", "bytes_corrected"}, 1h, 1h).table, "ports_1h");
  EXPECT_EQ(chosen({}, 1h, 1h).table, "interfaces_1h");
}

TEST(ChooseTable, WhatNoRollupHasIsAskedOfTheFlows) {
  const auto flags = chosen({"tcp_flags"}, 24h, 1h);
  EXPECT_EQ(flags.table, kRawTable);
  EXPECT_EQ(flags.rollup, nullptr);
  EXPECT_EQ(flags.reason, "no rollup has tcp_flags");
  EXPECT_EQ(chosen({"src_addr", "dst_addr"}, 24h, 1h).reason, "no rollup has src_addr, dst_addr together");
}

TEST(ChooseTable, SlotsAreNoLongerThanTheStep) {
  EXPECT_EQ(chosen({"in_if"}, 24h, 59min).table, "interfaces_5m");
  EXPECT_EQ(chosen({"in_if"}, 24h, 5min).table, "interfaces_5m");
  EXPECT_EQ(chosen({"in_if"}, 24h, 299s).table, "flows_1m");
  EXPECT_EQ(chosen({"in_if"}, 24h, 59s).table, kRawTable);
  EXPECT_EQ(chosen({"src_addr"}, 24h, 5min).table, kRawTable);
  EXPECT_THAT(chosen({"src_addr"}, 24h, 5min).reason, HasSubstr("slots that are short enough"));
}

TEST(ChooseTable, ASumTakesSlotsByItsRange) {
  EXPECT_EQ(chosen({"in_if"}, 1min).table, "flows_1m");
  EXPECT_EQ(chosen({"in_if"}, 6h - 1s).table, "flows_1m");
  EXPECT_EQ(chosen({"in_if"}, 6h).table, "interfaces_5m");
  EXPECT_EQ(chosen({"in_if"}, 72h - 1s).table, "interfaces_5m");
  EXPECT_EQ(chosen({"in_if"}, 72h).table, "interfaces_1h");
}

TEST(ChooseTable, ASumBetweenBoundsTakesLongSlots) {
  const auto noon = std::chrono::floor<std::chrono::hours>(kNow);
  const auto between = [&](sys_seconds from, sys_seconds to) {
    return choose({.columns = {"proto"}, .from = from, .to = to})->table;
  };
  EXPECT_EQ(between(noon - 2h, noon), "interfaces_1h");
  EXPECT_EQ(between(noon - 2h, noon - 5min), "interfaces_5m");
  EXPECT_EQ(between(noon - 2h + 1min, noon), "flows_1m");
}

TEST(ChooseTable, RowsMustStillBeThere) {
  EXPECT_EQ(chosen({"in_if"}, days(90), 1min).table, "flows_1m");
  const auto older = chosen({"in_if"}, days(90) + 1s, 1min);
  EXPECT_EQ(older.table, "interfaces_5m");
  EXPECT_THAT(older.reason,
              HasSubstr("nothing shorter reaches back to 2026-08-23; slots are of the five minutes"));
  EXPECT_EQ(chosen({"in_if"}, days(401), 1min).table, "interfaces_1h");
  EXPECT_EQ(chosen({"src_addr"}, days(31), 5min).table, "sources_all_1h");
}

TEST(ChooseTable, NothingReachesBack) {
  const auto flags = choose({.columns = {"tcp_flags"}, .from = kNow - days(31), .to = kNow, .step = 1h});
  ASSERT_FALSE(flags);
  EXPECT_EQ(flags.error().since, kNow - days(30));
  EXPECT_EQ(flags.error().reason,
            "no table reaches back to 2026-10-21 with tcp_flags; flows_raw does to 2026-10-22");
  const auto addresses = choose({.columns = {"src_addr"}, .from = kNow - days(91), .to = kNow, .step = 1h});
  ASSERT_FALSE(addresses);
  EXPECT_EQ(addresses.error().since, kNow - days(90));
}

TEST(ChooseTable, DaysAreThoseOfTheServer) {
  const auto kept = [](std::string_view table) -> std::chrono::seconds {
    return table == kRawTable ? kForGood : days(1);
  };
  const auto choice =
      choose({.columns = {"src_addr"}, .from = kNow - days(31), .to = kNow, .step = 1h}, kept);
  ASSERT_TRUE(choice);
  EXPECT_EQ(choice->table, kRawTable);
  EXPECT_EQ(default_days("interfaces_5m"), 400U);
  EXPECT_EQ(default_days(kRawTable), 30U);
}

}  // namespace
}  // namespace sluice::query
