#include "importer/days.hpp"

#include <gtest/gtest.h>

namespace sluice::importer::test {
namespace {

constexpr std::uint64_t kDayNs = 86'400'000'000'000;

std::set<std::uint64_t> range(std::uint64_t first, std::uint64_t last) {
  std::set<std::uint64_t> out;
  for (std::uint64_t day = first; day <= last; ++day) out.insert(day);
  return out;
}

TEST(Days, AreThoseOfReceipt) {
  FlowBatch batch;
  for (const std::uint64_t day : {3U, 3U, 5U}) batch.add_origin().time_received_ns = day * kDayNs + 7;
  EXPECT_EQ(Days::of(batch), (std::set<std::uint64_t>{3, 5}));
}

TEST(Days, AHundredGoTogetherAndTheNextIsParted) {
  Days days;
  EXPECT_FALSE(days.parts(range(1, 60)));
  EXPECT_FALSE(days.parts(range(41, 100)));
  EXPECT_FALSE(days.parts({100}));
  EXPECT_TRUE(days.parts({101}));
  EXPECT_FALSE(days.parts(range(102, 200)));
  EXPECT_TRUE(days.parts({1}));
}

}  // namespace
}  // namespace sluice::importer::test
