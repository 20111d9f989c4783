#pragma once
// CityHash128 of CityHash 1.0.2, by which ClickHouse checks its blocks. Later versions of CityHash give other
// sums, so no library that is packaged has it.
#include <cstdint>
#include <string_view>

namespace sluice::store {

struct Hash128 {
  std::uint64_t low = 0;
  std::uint64_t high = 0;
  bool operator==(const Hash128&) const = default;
};

Hash128 city_hash128(std::string_view bytes);

}  // namespace sluice::store
