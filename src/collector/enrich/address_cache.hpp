#pragma once
// What was found of addresses, each at the one place that its hash gives: most flows of a network are of a
// few thousand addresses. One thread's.
#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "enrich/names.hpp"
#include "sluice/util/seeded_hash.hpp"

namespace sluice::enrich {

struct alignas(32) AddressFacts {
  IpAddress address;
  char country[2] = {};
  std::uint32_t as = 0;       ///< of the database
  std::uint32_t network = 0;  ///< Networks::find()
};

class AddressCache {
 public:
  /// Where an address is if it is there at all; the same for as long as the cache lives.
  using Place = std::size_t;

  /// The names outlive it. Without names of addresses there is nothing to be asked for.
  explicit AddressCache(const Names& names)
      : names_(names),
        pairs_(names.any_address() ? std::bit_ceil(std::max<std::size_t>(2, names.cached_addresses)) / 2
                                   : 0) {}

  /// Has the memory brought, which takes longer than all else: ask for the places of some flows ahead.
  Place place_of(const IpAddress& address) const {
    const Place place = hash_(address) & (pairs_.size() - 1);
    __builtin_prefetch(&pairs_[place], 1);
    return place;
  }

  /// Holds until the next call. `fresh` is whether it was looked up for this.
  const AddressFacts& of(Place place, const IpAddress& address, bool& fresh) {
    auto& [latest, other] = pairs_[place];
    fresh = false;
    if (latest.address == address) return latest;
    // The one that was asked for last stands first, so that the other one goes.
    std::swap(latest, other);
    if (latest.address == address) return latest;
    fresh = true;
    return latest = look_up(address);
  }

 private:
  AddressFacts look_up(const IpAddress& address) const {
    AddressFacts out{.address = address};
    out.network = names_.networks.find(address);
    if (names_.ases) out.as = names_.ases->as_of(address);
    if (names_.countries) names_.countries->country_of(address, out.country);
    return out;
  }

  const Names& names_;
  struct alignas(64) Pair {  // a line of the processor's cache
    AddressFacts latest, other;
  };
  std::vector<Pair> pairs_;
  SeededHash hash_;
};

}  // namespace sluice::enrich
