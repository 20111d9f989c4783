// One asks, nobody waits for it who has an older answer.
#include "web/refreshed.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <stdexcept>
#include <thread>
#include <vector>

namespace sluice::web {
namespace {

using std::chrono::seconds;
using Number = Refreshed<int>;

TEST(Refreshed, IsAskedAgainWhereItIsTooOld) {
  int asked = 0;
  Number kept([&] { return Number::Made{++asked, seconds(asked == 1 ? 0 : 1000)}; });
  EXPECT_EQ(*kept.get(), 1);
  EXPECT_EQ(*kept.get(), 2);
  EXPECT_EQ(*kept.get(), 2);
}

TEST(Refreshed, NobodyWaitsForWhoAsksWhereThereIsAnOlderAnswer) {
  std::promise<void> begun, go;
  int asked = 0;
  Number kept([&] {
    if (++asked == 2) {
      begun.set_value();
      go.get_future().wait();
    }
    return Number::Made{asked, seconds(0)};
  });
  EXPECT_EQ(*kept.get(), 1);
  auto slow = std::async(std::launch::async, [&] { return *kept.get(); });
  begun.get_future().wait();
  // Were the lock held while it is asked, this would wait for ever.
  auto other = std::async(std::launch::async, [&] { return *kept.get(); });
  EXPECT_EQ(other.wait_for(seconds(60)), std::future_status::ready);
  go.set_value();
  EXPECT_EQ(other.get(), 1);
  EXPECT_EQ(slow.get(), 2);
}

/// After a night in which nobody asked, say.
TEST(Refreshed, WhatIsFarTooOldIsGivenToNobody) {
  std::promise<void> begun, go;
  std::atomic<int> hours = 0;
  int asked = 0;
  Number kept(
      [&] {
        if (++asked == 2) {
          begun.set_value();
          go.get_future().wait();
        }
        return Number::Made{asked, seconds(10)};
      },
      [&] { return Number::Clock::time_point(std::chrono::hours(hours)); });
  EXPECT_EQ(*kept.get(), 1);
  hours = 1;
  auto slow = std::async(std::launch::async, [&] { return *kept.get(); });
  begun.get_future().wait();
  auto other = std::async(std::launch::async, [&] { return *kept.get(); });
  go.set_value();
  EXPECT_EQ(other.get(), 2);
  EXPECT_EQ(slow.get(), 2);
}

TEST(Refreshed, OneAsksForAllWhoHaveNothing) {
  std::atomic<int> asked = 0;
  std::promise<void> go;
  Number kept([&] {
    const int turn = ++asked;
    go.get_future().wait();
    return Number::Made{turn, seconds(1000)};
  });
  std::vector<std::future<int>> all(8);
  for (auto& one : all) one = std::async(std::launch::async, [&] { return *kept.get(); });
  go.set_value();
  for (auto& one : all) EXPECT_EQ(one.get(), 1);
  EXPECT_EQ(asked, 1);
}

TEST(Refreshed, WhatFailsIsAskedAgain) {
  int asked = 0;
  Number kept([&] {
    if (++asked == 1) throw std::runtime_error("no answer");
    return Number::Made{asked, seconds(1000)};
  });
  EXPECT_THROW(kept.get(), std::runtime_error);
  EXPECT_EQ(*kept.get(), 2);
}

}  // namespace
}  // namespace sluice::web
