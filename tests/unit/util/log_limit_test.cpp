#include "util/log_limit.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

namespace sluice {
namespace {

using std::chrono::seconds;
constexpr std::uint64_t kSecond = 1000000000;

TEST(RateLimiter, SaysTheFirstAndCountsThoseHeldBack) {
  RateLimiter limiter(seconds(10));
  EXPECT_EQ(limiter.allow("bad_set", 5), 0U);
  EXPECT_EQ(limiter.allow("bad_set", 6), std::nullopt);
  EXPECT_EQ(limiter.allow("bad_set", 10 * kSecond + 4), std::nullopt);
  EXPECT_EQ(limiter.allow("bad_set", 10 * kSecond + 5), 2U);
  EXPECT_EQ(limiter.allow("bad_set", 10 * kSecond + 6), std::nullopt);
  EXPECT_EQ(limiter.allow("bad_set", 99 * kSecond), 1U);
  EXPECT_EQ(limiter.allow("bad_set", 199 * kSecond), 0U);
}

TEST(RateLimiter, KeysAreApart) {
  RateLimiter limiter(seconds(10));
  EXPECT_EQ(limiter.allow("a", 1), 0U);
  EXPECT_EQ(limiter.allow("b", 2), 0U);
  EXPECT_EQ(limiter.allow("a", 3), std::nullopt);
  EXPECT_EQ(limiter.allow("b", 4), std::nullopt);
}

TEST(RateLimiter, WithoutAPeriodEverythingIsSaid) {
  RateLimiter limiter(seconds(0));
  EXPECT_EQ(limiter.allow("a", 1), 0U);
  EXPECT_EQ(limiter.allow("a", 1), 0U);
}

TEST(RateLimiter, AnOlderTimeIsHeldBack) {
  RateLimiter limiter(seconds(10));
  EXPECT_EQ(limiter.allow("a", 20 * kSecond), 0U);
  EXPECT_EQ(limiter.allow("a", 19 * kSecond), std::nullopt);
}

TEST(RateLimiter, TooManyKeysShareOneLimit) {
  RateLimiter limiter(seconds(10), 3);
  for (const char* key : {"a", "b", "c"}) EXPECT_EQ(limiter.allow(key, 1), 0U);
  EXPECT_EQ(limiter.allow("d", 2), 0U);
  EXPECT_EQ(limiter.allow("e", 3), std::nullopt);
  EXPECT_EQ(limiter.allow("f", 4), std::nullopt);
  EXPECT_EQ(limiter.keys(), 3U);
  EXPECT_EQ(limiter.allow("a", 5), std::nullopt) << "the first keys keep their own limit";
}

TEST(RateLimiter, KeysWhosePeriodIsOverMakeRoom) {
  RateLimiter limiter(seconds(10), 2);
  EXPECT_EQ(limiter.allow("a", 0), 0U);
  EXPECT_EQ(limiter.allow("b", 8 * kSecond), 0U);
  EXPECT_EQ(limiter.allow("c", 12 * kSecond), 0U);
  EXPECT_EQ(limiter.keys(), 2U);
  EXPECT_EQ(limiter.allow("b", 13 * kSecond), std::nullopt) << "b is still young";
  EXPECT_EQ(limiter.allow("c", 13 * kSecond), std::nullopt);
}

TEST(RateLimiter, ThreadsLoseNoCount) {
  RateLimiter limiter(seconds(10));
  std::atomic<unsigned> said{0};
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t)
      threads.emplace_back([&] {
        for (int i = 0; i < 1000; ++i)
          if (limiter.allow("same", 1)) ++said;
      });
  }
  EXPECT_EQ(said, 1U);
  EXPECT_EQ(limiter.allow("same", 20 * kSecond), 3999U);
}

}  // namespace
}  // namespace sluice
