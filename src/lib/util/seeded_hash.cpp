#include "sluice/util/seeded_hash.hpp"

#include <sys/random.h>

#include <chrono>

namespace sluice {

std::array<std::uint64_t, 3> draw_hash_seed() {
  std::array<std::uint64_t, 3> seed{};
  if (getrandom(seed.data(), sizeof seed, 0) != static_cast<ssize_t>(sizeof seed)) {
    // A kernel without it: less of a secret, and still another one in each process.
    const auto now = static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count());
    seed = {now, now * 0x9e3779b97f4a7c15ULL, reinterpret_cast<std::uintptr_t>(&seed)};
  }
  for (std::uint64_t& number : seed) number |= 1;
  return seed;
}

}  // namespace sluice
