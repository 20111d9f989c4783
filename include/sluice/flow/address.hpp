#pragma once
// An IPv4 or IPv6 address as raw bytes, as it stands on the wire. A value; 4, 16 or 0 bytes long. An IPv4
// address lies in the first four bytes, the rest is zero.
#include <algorithm>
#include <array>
#include <compare>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

#include "sluice/util/byte_reader.hpp"
#include "sluice/util/seeded_hash.hpp"

struct sockaddr_storage;

namespace sluice {

struct IpAddress {
  std::array<std::uint8_t, 16> bytes{};
  std::uint8_t size = 0;  ///< 0: none, 4: IPv4, 16: IPv6

  static IpAddress v4(std::uint32_t host_order);
  /// 4 or 16 bytes; any other length gives the empty address.
  static IpAddress from_bytes(Bytes raw) {
    IpAddress out;  // two copies of known length: one of unknown length is a call
    if (raw.size() == 4)
      std::memcpy(out.bytes.data(), raw.data(), 4);
    else if (raw.size() == 16)
      std::memcpy(out.bytes.data(), raw.data(), 16);
    else
      return out;
    out.size = static_cast<std::uint8_t>(raw.size());
    return out;
  }
  /// Text as inet_pton takes it; nothing where it is no address.
  static std::optional<IpAddress> parse(std::string_view text);
  /// A v4-mapped IPv6 address becomes IPv4.
  static IpAddress from_sockaddr(const sockaddr_storage& address);

  bool empty() const { return size == 0; }
  bool is_v4() const { return size == 4; }
  bool is_v6() const { return size == 16; }
  bool all_zero() const {
    return std::all_of(bytes.begin(), bytes.end(), [](std::uint8_t b) { return b == 0; });
  }
  /// ::ffff:a.b.c.d becomes a.b.c.d; others stay.
  IpAddress unmapped() const;
  /// "192.0.2.1", "2001:db8::1", or "" for none.
  std::string to_string() const;

  void hash_into(HashMixer& mixer) const noexcept {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data(), 8);
    mixer.add(word ^ size);  // a word of IPv4 has room for it, and IPv6 is told by the next one
    if (size <= 8) return;
    std::memcpy(&word, bytes.data() + 8, 8);
    mixer.add(word);
  }

  friend bool operator==(const IpAddress&, const IpAddress&) = default;
  friend auto operator<=>(const IpAddress&, const IpAddress&) = default;
};

/// FNV-like mix of all bytes; stable over runs, since partitions are chosen by it. Not for maps: anybody can
/// make up addresses that it holds for one (SeededHash).
std::uint64_t hash_value(const IpAddress& address);

/// A prefix such as 192.0.2.0/24; a v4 prefix never holds a v6 address.
struct IpPrefix {
  IpAddress address;
  std::uint8_t length = 0;  ///< bits

  /// "192.0.2.0/24", "2001:db8::/32" or a bare address.
  static std::optional<IpPrefix> parse(std::string_view text);
  bool contains(const IpAddress& candidate) const;
  /// Its ends: all bits behind the prefix cleared, or set.
  IpAddress first() const;
  IpAddress last() const;
  std::string to_string() const;
  friend bool operator==(const IpPrefix&, const IpPrefix&) = default;
};

/// Who sent a datagram: the UDP source address, with the port only where configured (else 0).
struct ExporterKey {
  IpAddress address;
  std::uint16_t port = 0;
  void hash_into(HashMixer& mixer) const noexcept {
    address.hash_into(mixer);
    mixer.add(port);
  }
  friend bool operator==(const ExporterKey&, const ExporterKey&) = default;
  friend auto operator<=>(const ExporterKey&, const ExporterKey&) = default;
};

}  // namespace sluice
