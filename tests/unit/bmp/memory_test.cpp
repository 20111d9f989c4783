// Memory that runs out while a peer's routes go: what there is no memory to retire is freed at once, and no
// reader may find it then.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "bmp/table.hpp"
#include "support/failing_new.hpp"

namespace {

std::function<bool()>* fails = nullptr;  // asked at each allocation of the test's thread

}  // namespace

bool sluice::test::allocation_fails() { return fails != nullptr && (*fails)(); }

namespace sluice::bmp {
namespace {

constexpr std::uint32_t kRoutes = 200;

IpAddress address(std::uint32_t i) { return IpAddress::v4(0x0a000000 + (i << 8)); }

/// Each with a path of its own.
void fill(Table& table) {
  for (std::uint32_t i = 0; i < kRoutes; ++i) {
    Attributes attributes;
    attributes.as_path = {64501, 1000 + i};
    attributes.communities = {i + 1};
    Path* path = table.paths().hold({.peer_as = 64501}, attributes, address(i));
    ASSERT_FALSE(table.announce({{address(i), 24}, 0}, path));
    table.paths().release(path);
  }
}

std::uint64_t found(const Table& table) {
  std::uint64_t out = 0;
  for (std::uint32_t i = 0; i < kRoutes; ++i) out += table.find(address(i)) ? 1U : 0U;
  return out;
}

TEST(Memory, WhatIsFreedAtOnceIsFoundNoMore) {
  Epochs epochs;
  Room room{0, 1000};
  Table table(epochs, room, {1000, 1 << 20});
  fill(table);
  ASSERT_EQ(table.path_count(), kRoutes);
  epochs.collect();
  unsigned failed = 0, reachable = 0;
  std::function<bool()> each = [&] {
    if (table.routes() == kRoutes) return false;  // what it takes to begin
    ++failed;
    if (found(table) > table.path_count()) ++reachable;
    return true;
  };
  fails = &each;
  const std::uint64_t dropped = table.drop(0);
  fails = nullptr;
  EXPECT_EQ(dropped, kRoutes);
  EXPECT_GT(failed, kRoutes) << "memory did run out";
  EXPECT_EQ(reachable, 0U) << "a route whose path is freed";
  EXPECT_EQ(table.path_count(), 0U);
  EXPECT_EQ(found(table), 0U);
}

}  // namespace
}  // namespace sluice::bmp
