#pragma once
// What was found of addresses, each at the one place that its hash gives: most flows of a network are of a
// few thousand addresses. One thread's.
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
  /// The names outlive it. Without names of addresses there is nothing to be asked for.
  explicit AddressCache(const Names& names)
      : names_(names),
        entries_(names.any_address() ? std::bit_ceil(std::max<std::size_t>(2, names.cached_addresses)) : 0) {}

  /// Holds until the next call. `fresh` is whether it was looked up for this.
  const AddressFacts& of(const IpAddress& address, bool& fresh) {
    AddressFacts* const pair = &entries_[hash_(address) & (entries_.size() - 2)];
    fresh = false;
    if (pair[0].address == address) return pair[0];
    // The one that was asked for last stands first, so that the other one goes.
    std::swap(pair[0], pair[1]);
    if (pair[0].address == address) return pair[0];
    fresh = true;
    return pair[0] = look_up(address);
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
  std::vector<AddressFacts> entries_;
  SeededHash hash_;
};

}  // namespace sluice::enrich
