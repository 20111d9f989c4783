// What a table of routes costs: a million made-up routes, as a full table of IPv4 has them: three in five are
// /24, half of the rest lie between /20 and /23, and a set of attributes is shared by eleven routes. The
// counters tell the memory of a route, as the table counts it and as the process grew.
#include <benchmark/benchmark.h>
#include <malloc.h>

#include <cmath>
#include <memory>
#include <utility>
#include <vector>

#include "bmp/route_cache.hpp"
#include "bmp/routes.hpp"
#include "bmp/session.hpp"
#include "support/bmp_builder.hpp"
#include "support/dice.hpp"

namespace {

using namespace sluice;

constexpr std::uint32_t kRoutes = 1'000'000;
constexpr std::uint32_t kRoutesOfAPath = 11;

std::uint64_t heap_bytes() {
  const auto info = ::mallinfo2();
  return info.uordblks + info.hblkhd;
}

std::uint8_t some_length(test::Dice& dice) {
  const std::uint32_t of_ten = dice.below(10);
  if (of_ten < 6) return 24;
  return static_cast<std::uint8_t>(of_ten < 8 ? dice.between(20, 23) : dice.between(12, 22));
}

/// Attributes as they come: paths of three to six ASes, up to eight communities.
bmp::Attributes some_attributes(test::Dice& dice) {
  bmp::Attributes out;
  const std::uint32_t hops = dice.between(3, 6);
  for (std::uint32_t i = 0; i < hops; ++i) out.as_path.push_back(i == 0 ? 64501 : 1 + dice.below(80'000));
  const std::uint32_t communities = dice.below(9);
  for (std::uint32_t i = 0; i < communities; ++i) out.communities.push_back(64501U << 16 | dice.below(200));
  return out;
}

struct World {
  bmp::Routes routes;
  bmp::Room room{0, 10 * kRoutes};
  bmp::Table* table = new bmp::Table(routes.epochs(), room, {10 * kRoutes, 4ULL << 30});
  std::vector<IpPrefix> prefixes;
  double heap_per_route = 0, counted_per_route = 0;

  explicit World(std::uint32_t routes_of_a_path) {
    prefixes.reserve(kRoutes);
    fill(routes_of_a_path);
    auto directory = std::make_unique<bmp::Routes::Directory>();
    directory->defaults.push_back(table);
    routes.publish(std::move(directory));
  }
  ~World() { routes.epochs().retire(table); }
  World(const World&) = delete;
  World& operator=(const World&) = delete;

 private:
  void fill(std::uint32_t routes_of_a_path) {
    test::Dice dice(1);
    const std::uint64_t before = heap_bytes();
    bmp::Path* path = nullptr;
    while (table->routes() < kRoutes) {
      if (path == nullptr || table->routes() % routes_of_a_path == 0) {
        if (path != nullptr) table->paths().release(path);
        path = table->paths().hold({.rib = 0, .peer_as = 64501}, some_attributes(dice), IpAddress::v4(1));
      }
      // Of 1.0.0.0 to 223.255.255.255.
      const IpAddress address = IpAddress::v4(dice.between(1U << 16, (224U << 16) - 1) << 8);
      const IpPrefix raw{address, some_length(dice)};
      const IpPrefix to{raw.first(), raw.length};
      const std::uint64_t routes_before = table->routes();
      if (table->announce({to, 0}, path)) std::abort();
      if (table->routes() > routes_before) prefixes.push_back(to);
      if (table->routes() % 1024 == 0) routes.epochs().collect();
    }
    table->paths().release(path);
    routes.epochs().collect();
    heap_per_route = static_cast<double>(heap_bytes() - before) / kRoutes;
    counted_per_route = static_cast<double>(table->bytes()) / kRoutes;
  }
};

World& shared_world() {
  static World world(kRoutesOfAPath);
  return world;
}

void look_up(benchmark::State& state, const std::vector<IpAddress>& addresses) {
  World& world = shared_world();
  bmp::RouteReader reader(world.routes);
  std::size_t i = 0;
  std::uint64_t found = 0;
  for (auto _ : state) {
    // A look for each batch of flows, as a worker has it.
    const bmp::RouteReader::Look look(reader);
    const auto tables = look.tables_for(IpAddress::v4(7));
    for (int n = 0; n < 30; ++n) {
      const auto route = bmp::RouteReader::Look::find(tables, addresses[i]);
      found += route.has_value();
      i = i + 1 == addresses.size() ? 0 : i + 1;
    }
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()) * 30);
  state.counters["bytes/route"] = world.counted_per_route;
  state.counters["heap/route"] = world.heap_per_route;
  state.counters["found"] = static_cast<double>(found) / (static_cast<double>(state.iterations()) * 30);
}

IpAddress within(const IpPrefix& prefix, test::Dice& dice) {
  const std::uint32_t first =
      load_be<std::uint32_t>(reinterpret_cast<const std::byte*>(prefix.address.bytes.data()));
  return IpAddress::v4(first + (prefix.length == 32 ? 0 : dice.below(1U << (32 - prefix.length))));
}

void LookUpRandom(benchmark::State& state) {
  test::Dice dice(2);
  std::vector<IpAddress> addresses;
  const auto& prefixes = shared_world().prefixes;
  for (int i = 0; i < 1 << 20; ++i)
    addresses.push_back(within(prefixes[dice.below(static_cast<std::uint32_t>(prefixes.size()))], dice));
  look_up(state, addresses);
}
BENCHMARK(LookUpRandom);

/// As traffic is: the n-th prefix has 1/n of it.
void LookUpSkewed(benchmark::State& state) {
  test::Dice dice(3);
  std::vector<IpAddress> addresses;
  const auto& prefixes = shared_world().prefixes;
  const double most = std::log(static_cast<double>(prefixes.size()));
  for (int i = 0; i < 1 << 20; ++i) {
    const double rank = std::exp(most * (static_cast<double>(dice.below(1U << 30)) / (1U << 30)));
    addresses.push_back(within(prefixes[static_cast<std::size_t>(rank) - 1], dice));
  }
  look_up(state, addresses);
}
BENCHMARK(LookUpSkewed);

/// Flows of 100,000 addresses, the n-th of which has 1/n of them, as a worker asks for them; meanwhile the
/// router tells a route anew every `range` look-ups (0: never).
std::vector<IpAddress> traffic() {
  test::Dice dice(6);
  const auto& prefixes = shared_world().prefixes;
  std::vector<IpAddress> talkers, out;
  for (int i = 0; i < 100'000; ++i)
    talkers.push_back(within(prefixes[dice.below(static_cast<std::uint32_t>(prefixes.size()))], dice));
  const double most = std::log(static_cast<double>(talkers.size()));
  for (int i = 0; i < 1 << 20; ++i)
    out.push_back(talkers[static_cast<std::size_t>(
                              std::exp(most * (static_cast<double>(dice.below(1U << 30)) / (1U << 30)))) -
                          1]);
  return out;
}

template <bool kCached>
void LookUpTraffic(benchmark::State& state) {
  World& world = shared_world();
  static const std::vector<IpAddress> addresses = traffic();
  bmp::RouteReader reader(world.routes);
  bmp::RouteCache cache;
  test::Dice dice(7);
  const auto every = static_cast<std::size_t>(state.range(0));
  std::size_t i = 0, until = every;
  for (auto _ : state) {
    if (every != 0 && (until -= 30) < 30) {
      until = every;
      state.PauseTiming();
      bmp::Path* path =
          world.table->paths().hold({.rib = 0, .peer_as = 64501}, some_attributes(dice), IpAddress::v4(1));
      const auto& to = world.prefixes[dice.below(static_cast<std::uint32_t>(world.prefixes.size()))];
      if (world.table->announce({to, 0}, path)) std::abort();
      world.table->paths().release(path);
      world.routes.epochs().collect();
      state.ResumeTiming();
    }
    const bmp::RouteReader::Look look(reader);
    const auto tables = look.tables_for(IpAddress::v4(7));
    for (int n = 0; n < 30; ++n) {
      if (kCached && i + 16 < addresses.size()) cache.fetch(addresses[i + 16]);  // as for eight flows
      const auto route =
          kCached ? cache.find(tables, addresses[i]) : bmp::RouteReader::Look::find(tables, addresses[i]);
      benchmark::DoNotOptimize(route);
      i = i + 1 == addresses.size() ? 0 : i + 1;
    }
  }
  const double asked = static_cast<double>(state.iterations()) * 30;
  state.SetItemsProcessed(static_cast<std::int64_t>(asked));
  if (kCached) state.counters["looked up"] = static_cast<double>(cache.looked_up()) / asked;
}
BENCHMARK(LookUpTraffic<false>)->Arg(0);
BENCHMARK(LookUpTraffic<true>)->Arg(0)->Arg(3000)->Arg(300);

/// What any look-up in so much memory is up against: one read after the other of 64 MB, each telling the
/// next.
void ReadMemory(benchmark::State& state) {
  constexpr std::uint32_t kWords = 16U << 20;
  std::vector<std::uint32_t> next(kWords);
  for (std::uint32_t i = 0; i < kWords; ++i) next[i] = i;
  test::Dice dice(5);
  // One cycle through all of them (Sattolo).
  for (std::uint32_t i = kWords - 1; i > 0; --i) std::swap(next[i], next[dice.below(i)]);
  std::uint32_t at = 0;
  for (auto _ : state) at = next[at];
  benchmark::DoNotOptimize(at);
}
BENCHMARK(ReadMemory);

/// A route that is told anew with other attributes, as BMP brings it: parsed, and put in place.
void TakeUpdate(benchmark::State& state) {
  World& world = shared_world();
  bmp::BmpCounters counters;
  bmp::Session session(*world.table, counters, 10, {});
  test::Dice dice(4);
  std::vector<std::vector<std::byte>> messages;
  for (int i = 0; i < 4096; ++i) {
    test::BgpUpdate update;
    update.path(some_attributes(dice).as_path).next_hop("192.0.2.9");
    update.announce(
        world.prefixes[dice.below(static_cast<std::uint32_t>(world.prefixes.size()))].to_string());
    messages.push_back(test::bmp_route({}, update));
  }
  std::size_t i = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(session.take(messages[i]));
    if (i % 64 == 0) world.routes.epochs().collect();
    i = (i + 1) % messages.size();
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()));
}
BENCHMARK(TakeUpdate);

/// The memory of a million routes by how many share a set of attributes.
void Memory(benchmark::State& state) {
  double heap = 0, counted = 0;
  for (auto _ : state) {
    const World world(static_cast<std::uint32_t>(state.range(0)));
    heap = world.heap_per_route;
    counted = world.counted_per_route;
  }
  state.counters["bytes/route"] = counted;
  state.counters["heap/route"] = heap;
}
BENCHMARK(Memory)->Arg(1)->Arg(5)->Arg(11)->Arg(20)->Iterations(1)->Unit(benchmark::kMillisecond);

}  // namespace

BENCHMARK_MAIN();
