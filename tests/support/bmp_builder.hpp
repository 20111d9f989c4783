#pragma once
// Builds BMP messages and the BGP messages in them for tests, a verb an attribute:
//   bmp_route(Peer{}, BgpUpdate().path({64501}).next_hop("192.0.2.9").announce("198.51.100.0/24"))
#include <initializer_list>
#include <optional>
#include <string>
#include <vector>

#include "support/packet_builder.hpp"

namespace sluice::test {

inline WireBytes& put_prefix(WireBytes& out, const std::string& text,
                             std::optional<std::uint32_t> path_id = {}) {
  const auto prefix = IpPrefix::parse(text);
  if (!prefix) throw std::invalid_argument(text);
  if (path_id) out.u32(*path_id);
  out.u8(prefix->length);
  return out.raw(std::as_bytes(std::span(prefix->address.bytes)).first((prefix->length + 7U) / 8));
}

/// Whole with the BGP header.
inline std::vector<std::byte> bgp_message(std::uint8_t type, const WireBytes& body) {
  WireBytes out;
  for (int i = 0; i < 16; ++i) out.u8(0xff);
  return out.u16(19 + body.size()).u8(type).raw(body.data()).data();
}

class BgpUpdate {
 public:
  using Numbers = std::vector<std::uint32_t>;
  /// AS numbers in the AS_PATH have two bytes.
  BgpUpdate& legacy() {
    width_ = 2;
    return *this;
  }
  BgpUpdate& attribute(unsigned flags, unsigned type, const WireBytes& value) {
    attributes_.u8(flags).u8(type);
    if (flags & 0x10)
      attributes_.u16(value.size());
    else
      attributes_.u8(value.size());
    attributes_.raw(value.data());
    return *this;
  }
  BgpUpdate& origin(unsigned value = 0) { return attribute(0x40, 1, WireBytes().u8(value)); }
  struct Segment {
    unsigned type;
    Numbers ases;
  };
  WireBytes segments(const std::vector<Segment>& all, unsigned width) const {
    WireBytes out;
    for (const Segment& one : all) {
      out.u8(one.type).u8(one.ases.size());
      for (const std::uint32_t as : one.ases) width == 2 ? out.u16(as) : out.u32(as);
    }
    return out;
  }
  BgpUpdate& path_of(const std::vector<Segment>& all) { return attribute(0x50, 2, segments(all, width_)); }
  BgpUpdate& path(const Numbers& ases) {
    origin();
    return ases.empty() ? path_of({}) : path_of({{2, ases}});
  }
  BgpUpdate& as4_path(const std::vector<Segment>& all) { return attribute(0xc0, 17, segments(all, 4)); }
  BgpUpdate& next_hop(const std::string& address) { return attribute(0x40, 3, WireBytes().address(address)); }
  BgpUpdate& local_pref(std::uint32_t value) { return attribute(0x40, 5, WireBytes().u32(value)); }
  BgpUpdate& med(std::uint32_t value) { return attribute(0x80, 4, WireBytes().u32(value)); }
  BgpUpdate& communities(const Numbers& all) {
    WireBytes out;
    for (const std::uint32_t one : all) out.u32(one);
    return attribute(0xd0, 8, out);
  }
  BgpUpdate& reach(unsigned afi, const std::string& hop, const std::vector<std::string>& prefixes,
                   std::optional<std::uint32_t> path_id = {}, unsigned safi = 1) {
    WireBytes hop_bytes;
    hop_bytes.address(hop);
    WireBytes out;
    out.u16(afi).u8(safi).u8(hop_bytes.size()).raw(hop_bytes.data()).u8(0);
    for (const auto& prefix : prefixes) put_prefix(out, prefix, path_id);
    return attribute(0x90, 14, out);
  }
  BgpUpdate& unreach(unsigned afi, const std::vector<std::string>& prefixes, unsigned safi = 1) {
    WireBytes out;
    out.u16(afi).u8(safi);
    for (const auto& prefix : prefixes) put_prefix(out, prefix);
    return attribute(0x90, 15, out);
  }
  BgpUpdate& announce(const std::string& prefix, std::optional<std::uint32_t> path_id = {}) {
    put_prefix(announced_, prefix, path_id);
    return *this;
  }
  BgpUpdate& withdraw(const std::string& prefix, std::optional<std::uint32_t> path_id = {}) {
    put_prefix(withdrawn_, prefix, path_id);
    return *this;
  }
  std::vector<std::byte> bytes() const {
    WireBytes body;
    body.u16(withdrawn_.size()).raw(withdrawn_.data()).u16(attributes_.size());
    return bgp_message(2, body.raw(attributes_.data()).raw(announced_.data()));
  }

 private:
  unsigned width_ = 4;
  WireBytes withdrawn_, attributes_, announced_;
};

struct BmpPeer {
  unsigned type = 0;
  unsigned flags = 0;  ///< 0x80 is set for an address of IPv6
  std::uint64_t distinguisher = 0;
  std::string address = "192.0.2.9";
  std::uint32_t as = 64501;
};

inline std::vector<std::byte> bmp_message(unsigned type, const WireBytes& body) {
  return WireBytes().u8(3).u32(6 + body.size()).u8(type).raw(body.data()).data();
}

inline WireBytes peer_header(const BmpPeer& peer) {
  WireBytes address;
  address.address(peer.address);
  WireBytes out;
  out.u8(peer.type).u8(peer.flags | (address.size() == 16 ? 0x80U : 0U)).u64(peer.distinguisher);
  out.zeros(16 - address.size()).raw(address.data()).u32(peer.as).address("192.0.2.9").u32(1700000000).u32(0);
  return out;
}

inline std::vector<std::byte> bmp_route(const BmpPeer& peer, const BgpUpdate& update) {
  return bmp_message(0, peer_header(peer).raw(update.bytes()));
}

/// An OPEN; modes of RFC 7911 for IPv4 and IPv6.
inline std::vector<std::byte> bgp_open(std::uint32_t as, unsigned add_path_v4 = 0, unsigned add_path_v6 = 0) {
  WireBytes capabilities;
  capabilities.u8(65).u8(4).u32(as);
  if (add_path_v4 != 0) capabilities.u8(69).u8(4).u16(1).u8(1).u8(add_path_v4);
  if (add_path_v6 != 0) capabilities.u8(69).u8(4).u16(2).u8(1).u8(add_path_v6);
  WireBytes body;
  body.u8(4).u16(as > 0xffff ? 23456 : as).u16(90).u32(1).u8(capabilities.size() + 2).u8(2);
  return bgp_message(1, body.u8(capabilities.size()).raw(capabilities.data()));
}

inline std::vector<std::byte> bmp_peer_up(const BmpPeer& peer, const std::vector<std::byte>& sent,
                                          const std::vector<std::byte>& received) {
  return bmp_message(3, peer_header(peer).zeros(16).u16(179).u16(50000).raw(sent).raw(received));
}

inline std::vector<std::byte> bmp_peer_down(const BmpPeer& peer) {
  return bmp_message(2, peer_header(peer).u8(4));
}

inline std::vector<std::byte> bmp_initiation(const std::string& name) {
  return bmp_message(4, WireBytes().u16(2).u16(name.size()).text(name).u16(1).u16(4).text("desc"));
}

inline std::vector<std::byte> bmp_termination() { return bmp_message(5, WireBytes().u16(1).u16(2).u16(0)); }

}  // namespace sluice::test
