#pragma once
// What was found of addresses in tables of routes, each at one of the two places that its hash gives, as long
// as no route changed that it could have met: most flows of a network are of a few thousand addresses, and a
// look-up is up against memory. One thread's; takes no lock. What is kept of a table that is gone is never
// looked at, as its version is no other table's.
#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "bmp/pointer_word.hpp"
#include "bmp/routes.hpp"
#include "sluice/util/seeded_hash.hpp"

namespace sluice::bmp {

class RouteCache {
 public:
  /// Of each thread that has flows: 1 MB. A power of two.
  static constexpr std::size_t kAddresses = 32768;

  RouteCache() : pairs_(kAddresses / 2) {}

  /// That find() will be asked for it soon: its memory is on the way then.
  void fetch(const IpAddress& address) const { __builtin_prefetch(&pairs_[place_of(address)]); }
  /// As RouteReader::Look::find(), within the look that the tables are of.
  std::optional<Route> find(Routes::Tables tables, const IpAddress& address) {
    if (address.empty()) return std::nullopt;
    Pair& pair = pairs_[place_of(address)];
    return RouteReader::Look::find(tables, [&](const Table& table) { return in(pair, table, address); });
  }
  /// How often nothing was kept.
  std::uint64_t looked_up() const { return looked_up_; }

 private:
  /// The version tells the family of the address too. Where nothing is kept it is 0, which no table has.
  struct Entry {
    std::array<std::uint8_t, 16> address{};
    std::uint64_t version = 0;
    std::uint64_t found = 0;  ///< the path, and in its lowest eight bits the prefix length
    bool is(const IpAddress& a, std::uint64_t v) const { return version == v && address == a.bytes; }
  };
  struct alignas(64) Pair {
    Entry first, second;
  };
  static_assert(sizeof(Pair) == 64);

  static std::uint64_t packed(const Table::Found& found) {
    return static_cast<std::uint64_t>(reinterpret_cast<std::uintptr_t>(found.path)) << 8U | found.length;
  }
  static Table::Found unpacked(std::uint64_t found) {
    return {pointer_in<const Path>(found >> 8U), static_cast<std::uint8_t>(found)};
  }

  std::size_t place_of(const IpAddress& address) const { return hash_(address) & (pairs_.size() - 1); }

  Table::Found in(Pair& pair, const Table& table, const IpAddress& address) {
    // Before the look-up: what changes meanwhile makes it another.
    const std::uint64_t version = table.version_of(address);
    if (pair.first.is(address, version)) return unpacked(pair.first.found);
    // The one that was asked for last stands first, so that the other one goes.
    std::swap(pair.first, pair.second);
    if (!pair.first.is(address, version)) {
      ++looked_up_;
      pair.first = {address.bytes, version, packed(table.look_up(address))};
    }
    return unpacked(pair.first.found);
  }

  std::vector<Pair> pairs_;
  SeededHash hash_;
  std::uint64_t looked_up_ = 0;
};

}  // namespace sluice::bmp
