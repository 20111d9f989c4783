#pragma once
// How much a station takes. Plain values.
#include <chrono>
#include <cstdint>

namespace sluice::bmp {

struct Limits {
  std::uint32_t sessions = 100;            ///< at once
  std::uint32_t sessions_per_address = 4;  ///< of them, of one address
  std::uint32_t peers_per_session = 1000;
  std::uint64_t routes = 20'000'000;  ///< of all sessions
  std::uint64_t routes_per_session = 5'000'000;
  std::uint64_t bytes_per_session = 1ULL << 30;      ///< of memory for its routes
  std::uint64_t message_bytes = 128 << 10;           ///< of the longest message
  std::chrono::milliseconds message_timeout{30000};  ///< from its first byte to its last, and for the first
  friend bool operator==(const Limits&, const Limits&) = default;
};

}  // namespace sluice::bmp
