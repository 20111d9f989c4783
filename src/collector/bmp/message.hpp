#pragma once
// BMP messages (RFC 7854 section 4, RFC 9069 for local RIBs): the headers, and what they carry but for the
// BGP UPDATE (update.hpp). Readers borrow the message's bytes and check every length. Any thread.
#include <cstdint>
#include <optional>
#include <string>

#include "bmp/open.hpp"
#include "sluice/flow/address.hpp"
#include "sluice/util/byte_reader.hpp"
#include "sluice/util/seeded_hash.hpp"

namespace sluice::bmp {

inline constexpr std::size_t kCommonHeader = 6;
inline constexpr std::uint8_t kVersion = 3;

enum class MessageType : std::uint8_t {
  route_monitoring = 0,
  statistics = 1,
  peer_down = 2,
  peer_up = 3,
  initiation = 4,
  termination = 5,
  route_mirroring = 6
};

/// The first six bytes.
struct CommonHeader {
  std::uint8_t version = 0;
  std::uint32_t length = 0;  ///< of the whole message
  MessageType type{};
  /// Whether such a message can be; `longest`: that is taken.
  bool good(std::size_t longest) const {
    return version == kVersion && length >= kCommonHeader && length <= longest;
  }
};
/// Of at least kCommonHeader bytes.
CommonHeader read_common_header(Bytes bytes);

enum class PeerType : std::uint8_t { global = 0, instance = 1, local_instance = 2, local_rib = 3 };

/// What tells peers apart.
struct PeerKey {
  PeerType type{};
  std::uint64_t distinguisher = 0;  ///< not 0: of another routing instance
  IpAddress address{};              ///< none for a local RIB
  void hash_into(HashMixer& mixer) const noexcept {
    mixer.add(distinguisher ^ static_cast<std::uint64_t>(type) << 56);
    address.hash_into(mixer);
  }
  friend bool operator==(const PeerKey&, const PeerKey&) = default;
};

struct PeerHeader {
  PeerKey key;
  std::uint32_t as = 0;
  bool post_policy = false;
  bool legacy_as = false;  ///< AS numbers of the path have two bytes
  bool sent = false;       ///< routes that the router sends (Adj-RIB-Out, RFC 8671)
};
/// Nothing where the bytes are too few or the type is unknown (the reader has then failed or not).
std::optional<PeerHeader> read_peer_header(ByteReader& in);

struct PeerUp {
  std::uint32_t local_as = 0;  ///< of the router that speaks, 0 where its OPEN does not tell
  AddPath add_path;            ///< of what the peer announces
};
/// What follows the per-peer header. Nothing where it is not as it should be.
std::optional<PeerUp> read_peer_up(Bytes body, PeerType type);

/// What follows the common header of an Initiation: text of strangers, cut to 255 bytes, in one line.
struct Initiation {
  std::string name, description;
};
std::optional<Initiation> read_initiation(Bytes body);

}  // namespace sluice::bmp
