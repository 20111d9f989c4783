#pragma once
// A BGP UPDATE message (RFC 4271 section 4.3) with IPv4 and IPv6 unicast routes, multiprotocol attributes
// (RFC 4760, RFC 8950), AS numbers of four bytes (RFC 6793), communities (RFC 1997) and path identifiers
// (RFC 7911). Errors as RFC 7606 has them. Any thread; an Update is used again and keeps its memory.
#include <cstdint>
#include <optional>
#include <vector>

#include "bmp/counts.hpp"
#include "bmp/open.hpp"
#include "sluice/flow/address.hpp"

namespace sluice::bmp {

/// A route's prefix, bits behind its length cleared, and which of several it is.
struct Nlri {
  IpPrefix prefix;
  std::uint32_t path_id = 0;
  friend bool operator==(const Nlri&, const Nlri&) = default;
};

inline Family family_of(const IpPrefix& prefix) { return prefix.address.is_v6() ? Family::v6 : Family::v4; }

/// Longest AS path, and most communities, that are taken.
inline constexpr std::size_t kLongestList = 255;

struct Attributes {
  std::vector<std::uint32_t> as_path;      ///< sets flattened, confederations left out
  std::vector<std::uint32_t> communities;  ///< AS in the high 16 bits
  bool ends_in_set = false;                ///< the path's origin is several ASes
  std::uint8_t origin = 0;
  std::uint32_t med = 0;
  std::uint32_t local_pref = 100;
  void clear();
};

/// Routes with one next hop.
struct Announced {
  std::vector<Nlri> routes;
  IpAddress next_hop;
};

struct Update {
  Attributes attributes;
  Announced plain;          ///< of the UPDATE's own fields: IPv4
  Announced multiprotocol;  ///< of MP_REACH_NLRI
  std::vector<Nlri> withdrawn;
  /// The announced routes count as withdrawn, and why.
  std::optional<BmpError> withdraw_all;
  bool other_family = false;         ///< it spoke of one that is not kept
  std::optional<Family> end_of_rib;  ///< its peer told all that it had (RFC 4724 section 2)
  void clear();
};

struct UpdateContext {
  AddPath add_path{};
  bool legacy_as = false;
  bool local_rib = false;  ///< a route of its own needs no AS_PATH (GoBGP leaves it out)
};

/// Reads a whole BGP message, header and all, which is the rest of a Route Monitoring message. Nothing: it is
/// in `out`. bad_update: prefixes cannot be told; add_path: they can, if there are path identifiers
/// where there should be none, or none where there should be some; then `out` says nothing.
std::optional<BmpError> read_update(Bytes message, const UpdateContext& context, Update& out);

}  // namespace sluice::bmp
