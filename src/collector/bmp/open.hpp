#pragma once
// A BGP OPEN message (RFC 4271 section 4.2, capabilities of RFC 5492) as far as it says how the UPDATEs that
// follow are to be read. Any thread.
#include <array>
#include <cstdint>
#include <optional>

#include "sluice/util/byte_reader.hpp"

namespace sluice::bmp {

/// Families of routes that are kept, all unicast.
enum class Family : std::uint8_t { v4, v6 };
inline constexpr std::size_t kFamilies = 2;
/// Whether prefixes of a family come with path identifiers (RFC 7911).
using AddPath = std::array<bool, kFamilies>;

inline constexpr std::size_t kBgpHeader = 19;  ///< marker, length, type

struct Open {
  static constexpr std::uint8_t kReceives = 1, kSends = 2;
  std::uint32_t as = 0;
  std::array<std::uint8_t, kFamilies> add_path{};  ///< kReceives, kSends, both or neither
};
/// The OPEN message that comes next. Nothing where there is none, or lengths in it do not fit.
std::optional<Open> read_open(ByteReader& in);

}  // namespace sluice::bmp
