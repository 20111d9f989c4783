// Threads that look routes up while another one changes them. Under ThreadSanitizer this is the proof that a
// look needs no lock; without it, that what is found is whole.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <thread>

#include "bmp/route_cache.hpp"
#include "bmp/routes.hpp"
#include "support/dice.hpp"

namespace sluice::bmp {
namespace {

constexpr unsigned kPrefixes = 512;
constexpr unsigned kRounds = 6000;
constexpr unsigned kReaders = 3;

IpPrefix prefix(unsigned i) { return {IpAddress::v4(0x0a000000 + (i << 12)), 20}; }

/// A path whose every part says which it is.
Path* path_of(Table& table, std::uint32_t number, std::uint32_t rib) {
  Attributes attributes;
  attributes.as_path.assign(1 + number % 7, number);
  attributes.communities.assign(number % 5, number);
  return table.paths().hold({.rib = rib, .peer_as = number}, attributes, IpAddress::v4(number));
}

bool whole(const Route& route) {
  const auto is_it = [&](std::uint32_t one) { return one == route.peer_as; };
  return route.origin_as == route.peer_as && route.next_hop == IpAddress::v4(route.peer_as) &&
         route.as_path.size() == 1 + route.peer_as % 7 && std::ranges::all_of(route.as_path, is_it) &&
         route.communities.size() == route.peer_as % 5 && std::ranges::all_of(route.communities, is_it);
}

std::unique_ptr<Routes::Directory> directory(const Table* table) {
  auto out = std::make_unique<Routes::Directory>();
  if (table != nullptr) out->defaults.push_back(table);
  return out;
}

TEST(RouteReaders, FindWholeRoutesWhileTheyChange) {
  Routes routes;
  Room room{0, 1'000'000};
  std::atomic<bool> done{false};
  std::atomic<std::uint64_t> found{0}, broken{0};
  std::atomic<unsigned> running{0};
  std::vector<std::thread> threads;
  for (unsigned r = 0; r < kReaders; ++r)
    threads.emplace_back([&, r] {
      RouteReader reader(routes);
      RouteCache cache;  // of all but the first reader
      test::Dice dice(r + 1);
      ++running;
      while (!done.load()) {
        const RouteReader::Look look(reader);
        for (int i = 0; i < 20; ++i) {
          const IpAddress address = IpAddress::v4(0x0a000000 + (dice.below(kPrefixes) << 12) + 5);
          const auto tables = look.tables_for(IpAddress::v4(1));
          const auto route = r == 0 ? RouteReader::Look::find(tables, address) : cache.find(tables, address);
          if (!route) continue;
          ++found;
          if (!whole(*route)) ++broken;
        }
      }
    });
  while (running.load() < kReaders) std::this_thread::yield();
  test::Dice dice(99);
  auto* table = new Table(routes.epochs(), room, {1'000'000, 1 << 30});
  routes.publish(directory(table));
  for (unsigned round = 0; round < kRounds || found.load() < 1000; ++round) {
    const std::uint32_t rib = dice.below(3);
    const Nlri to{prefix(dice.below(kPrefixes)), 0};
    if (dice.below(3) == 0) {
      table->withdraw(to, rib);
    } else {
      Path* path = path_of(*table, 1 + dice.below(1000), rib);
      ASSERT_FALSE(table->announce(to, path));
      table->paths().release(path);
    }
    if (round % 500 == 499) table->drop(rib);
    if (round % 2000 == 1999) {  // the session goes, and another one comes
      auto* next = new Table(routes.epochs(), room, {1'000'000, 1 << 30});
      routes.publish(directory(next));
      table->leave();
      routes.epochs().retire(table);
      table = next;
    }
    if (round % 16 == 0) routes.epochs().collect();
  }
  done = true;
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(broken, 0U);
  EXPECT_GE(found, 1000U);
  routes.publish(directory(nullptr));
  table->leave();
  routes.epochs().retire(table);
  routes.epochs().collect();
  EXPECT_EQ(routes.epochs().waiting(), 0U);
  EXPECT_EQ(room.routes, 0U);
}

TEST(RouteReaders, TakeTheLongestOfTablesThatCountTogether) {
  Routes routes;
  Room room{0, 100};
  std::vector<std::unique_ptr<Table>> tables;
  const auto table = [&](std::uint32_t number, std::vector<std::string> prefixes) {
    tables.push_back(std::make_unique<Table>(routes.epochs(), room, TableLimits{100, 1 << 20}));
    Path* path = path_of(*tables.back(), number, 0);
    for (const auto& one : prefixes) EXPECT_FALSE(tables.back()->announce({*IpPrefix::parse(one), 0}, path));
    tables.back()->paths().release(path);
    return Routes::Listed(tables.back().get());
  };
  Routes::Listed fresh = table(1, {"0.0.0.0/0", "10.0.0.0/8"});
  const Routes::Listed kept = table(2, {"0.0.0.0/0", "10.0.0.0/8", "10.1.0.0/16"});
  const Routes::Listed other = table(3, {"10.1.1.0/24", "2001:db8::/32"});
  fresh.with_next = true;
  const std::array all{fresh, kept, other};
  const auto origin = [&](const std::string& address) {
    const auto route = RouteReader::Look::find(all, *IpAddress::parse(address));
    return route ? route->origin_as : 0;
  };
  EXPECT_EQ(origin("192.0.2.1"), 1U) << "of equal ones the newer";
  EXPECT_EQ(origin("10.0.0.1"), 1U);
  EXPECT_EQ(origin("10.1.1.1"), 2U) << "the next router is asked only for what they do not have";
  EXPECT_EQ(origin("2001:db8::1"), 3U);
  EXPECT_EQ(origin("2001:db9::1"), 0U);
}

TEST(RouteReaders, AnExportersOwnTablesComeBeforeTheDefaults) {
  Routes routes;
  Room room{0, 100};
  std::vector<std::unique_ptr<Table>> tables;
  for (std::uint32_t i = 1; i <= 3; ++i) {
    tables.push_back(std::make_unique<Table>(routes.epochs(), room, TableLimits{100, 1 << 20}));
    Path* path = path_of(*tables.back(), i, 0);
    ASSERT_FALSE(tables.back()->announce({prefix(i), 0}, path));
    tables.back()->paths().release(path);
  }
  RouteReader reader(routes);
  const IpAddress edge = IpAddress::v4(0xc0000201), other = IpAddress::v4(0xc0000202);
  const auto at = [](unsigned i) { return IpAddress::v4(0x0a000000 + (i << 12)); };
  {
    const RouteReader::Look look(reader);
    EXPECT_TRUE(look.tables_for(edge).empty()) << "nothing is known yet";
    EXPECT_FALSE(look.find(edge, at(1)));
  }
  auto next = std::make_unique<Routes::Directory>();
  next->by_router[edge] = {tables[0].get(), tables[1].get()};
  next->defaults = {tables[2].get()};
  routes.publish(std::move(next));
  const RouteReader::Look look(reader);
  EXPECT_EQ(look.find(edge, at(1))->origin_as, 1U);
  EXPECT_EQ(look.find(edge, at(2))->origin_as, 2U) << "of its older session";
  EXPECT_FALSE(look.find(edge, at(3))) << "the router has no such route, whatever others have";
  EXPECT_EQ(look.find(other, at(3))->origin_as, 3U);
  EXPECT_FALSE(look.find(other, at(1)));
}

}  // namespace
}  // namespace sluice::bmp
