// Sums beyond what 64 bits hold stay sums.
#include "web/amount.hpp"

#include <gmock/gmock.h>

namespace sluice::web {
namespace {

Amount read(const char* text) { return Amount::of(json::parse(text)); }

TEST(Amount, IsExactBelow64Bits) {
  for (const char* text : {"0", "1", "9007199254740993", "18446744073709551615"})
    EXPECT_EQ(read(text).to_json().dump(), text);
}

TEST(Amount, BeyondThemIsTheSameNumberAsADouble) {
  EXPECT_EQ(read("18446744073709551616").number(), 0x1p64);
  EXPECT_EQ(read("9223372036854775808000").to_json().get<double>(), 9223372036854775808000.0);
}

TEST(Amount, AddsWithoutWrapping) {
  Amount sum = read("18446744073709551615");
  sum += 1;
  EXPECT_EQ(sum.to_json().get<double>(), 0x1p64);
  EXPECT_EQ(less(sum, 1).to_json().dump(), "18446744073709551615");
  Amount most = read("1e38");
  for (int i = 0; i < 10; ++i) most += most;
  EXPECT_EQ(most.number(), 0x1p128);
  EXPECT_EQ(less(read("5"), read("7")), Amount{});
}

TEST(Amount, WhatIsNoSumIsZero) {
  for (const char* text : {"null", "\"7\"", "-7", "-1.5", "[1]"}) EXPECT_EQ(read(text), Amount{}) << text;
  EXPECT_EQ(read("1e300").number(), 0x1p128);
  EXPECT_EQ(share_of(1, {}), 0);
  EXPECT_EQ(share_of(read("4611686018427387904000"), read("9223372036854775808000")), 0.5);
}

}  // namespace
}  // namespace sluice::web
