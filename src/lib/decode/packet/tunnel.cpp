// Tunnel headers: GRE, VXLAN, Geneve, GTP-U, Teredo. They begin the second walk, the one over the packet
// inside, so what they write to walk.flow is the inner packet's. Three of them are known by a UDP port that
// any application may use too; a header that does not look like one in every bit that is fixed is none.
#include "decode/packet/walk.hpp"

namespace sluice::decode::packet {
namespace {

constexpr std::uint16_t kTransparentEthernet = 0x6558, kPpp = 0x880b;

// An ethertype of RFC 2784, or one of those that only tunnels use.
Next after_tunnel(Walk& walk, std::uint16_t type) {
  if (type == kTransparentEthernet) return Next::ethernet;
  if (type == kPpp) return Next::ppp;
  return type < kFirstEthertype ? Next::end : after_ethertype(walk, type);
}

// What the exporter itself says of the segment (IE 351) is the better witness.
void set_vni(Walk& walk, std::uint32_t vni) {
  FlowExtras& extras = walk.extras();
  if (!extras.has(ExtraScalar::vni)) extras.set(ExtraScalar::vni, vni);
}

// TS 29.281 section 5.2.1: a length in words of 4 bytes, contents, and the type of the extension after this
// one. More than a handful is a packet made to cost time.
bool skip_gtp_extensions(Walk& walk, std::uint8_t type) {
  constexpr int kMaxExtensions = 8;
  for (int i = 0; type != 0 && i < kMaxExtensions; ++i) {
    const std::size_t length = walk.in.be<std::uint8_t>() * std::size_t{4};
    if (length == 0) return false;
    walk.in.skip(length - 2);
    type = walk.in.be<std::uint8_t>();
    if (!walk.in.ok()) return false;
  }
  return type == 0;
}

// For what carries IP without saying which.
Next after_ip_version(const Walk& walk) {
  ByteReader ahead = walk.in;
  switch (ahead.be<std::uint8_t>() >> 4) {
    case 4:
      return Next::ipv4;
    case 6:
      return Next::ipv6;
    default:
      return Next::end;
  }
}

std::uint16_t next_two(ByteReader ahead) { return ahead.be<std::uint16_t>(); }

// RFC 4380 section 2.6: one of the two is a Teredo address, but for the router solicitations and
// advertisements between a client and its server, which come from link-local ones.
bool is_teredo_packet(ByteReader in) {
  if (in.remaining() < 40) return false;
  const auto header = in.window<40>();
  constexpr std::uint32_t kTeredoPrefix = 0x20010000;
  return be_at<std::uint8_t, 0>(header) >> 4 == 6 &&
         (be_at<std::uint32_t, 8>(header) == kTeredoPrefix ||
          be_at<std::uint32_t, 24>(header) == kTeredoPrefix || be_at<std::uint16_t, 8>(header) >> 6 == 0x3fa);
}

}  // namespace

// RFC 2784 and 2890; version 1 is that of PPTP (RFC 2637), whose key is always there. Source routing and the
// bits beside it (RFC 1701) were never in use: RFC 2784 section 2.3 has them discarded.
Next gre(Walk& walk) {
  constexpr unsigned kChecksum = 0x8000, kKey = 0x2000, kSequence = 0x1000, kAcknowledgment = 0x0080,
                     kUnused = 0x4c00, kVersion = 0x0007;
  if (walk.in.remaining() < 4) return Next::broken;
  const auto flags = walk.in.be<std::uint16_t>();
  const auto type = walk.in.be<std::uint16_t>();
  const unsigned version = flags & kVersion;
  if ((flags & kUnused) != 0 || version > 1) return Next::broken;
  if (version == 1 && ((flags & kKey) == 0 || (flags & kChecksum) != 0 || type != kPpp)) return Next::broken;

  std::size_t optional = 0;
  for (const unsigned field : {kChecksum, kKey, kSequence})
    if (flags & field) optional += 4;
  if (version == 1 && (flags & kAcknowledgment)) optional += 4;
  walk.skip_up_to(optional);
  return after_tunnel(walk, type);
}

// RFC 7348 section 5, and the group policy of draft-smith-vxlan-group-policy, which takes the G bit and the
// reserved bytes behind it.
Next vxlan(Walk& walk) {
  constexpr unsigned kVniIsValid = 0x08, kGroupPolicy = 0x80;
  if (walk.in.remaining() < 8) return Next::broken;
  const auto header = walk.in.window<8>();
  const auto first = be_at<std::uint32_t, 0>(header);
  const auto second = be_at<std::uint32_t, 4>(header);
  const std::uint32_t flags = first >> 24;
  const bool plain = first == kVniIsValid << 24;
  if ((!plain && flags != (kVniIsValid | kGroupPolicy)) || (second & 0xff) != 0) return Next::broken;
  set_vni(walk, second >> 8);
  return Next::ethernet;
}

// RFC 8926 section 3.4.
Next geneve(Walk& walk) {
  if (walk.in.remaining() < 8) return Next::broken;
  const auto header = walk.in.window<8>();
  const auto first = be_at<std::uint8_t, 0>(header);
  const auto type = be_at<std::uint16_t, 2>(header);
  const auto vni = be_at<std::uint32_t, 4>(header);
  const bool known = type == kTransparentEthernet || type == kIpv4 || type == kIpv6 || type == kArp ||
                     type == kMplsUnicast || type == kMplsMulticast;
  const bool reserved = (be_at<std::uint8_t, 1>(header) & 0x3f) != 0 || (vni & 0xff) != 0;
  if (first >> 6 != 0 || reserved || !known) return Next::broken;
  set_vni(walk, vni >> 8);
  walk.skip_up_to((first & 0x3fU) * std::size_t{4});
  return after_tunnel(walk, type);
}

// TS 29.281 section 5.1. Only a G-PDU (255) has a packet in it; the other messages belong to the tunnel.
Next gtpu(Walk& walk) {
  constexpr unsigned kVersionAndType = 0xf8, kVersion1Gtp = 0x30, kAnyOptional = 0x07, kHasExtensions = 0x04,
                     kUserPacket = 255;
  if (walk.in.remaining() < 8) return Next::broken;
  const auto header = walk.in.window<8>();
  const auto flags = be_at<std::uint8_t, 0>(header);
  const std::size_t length = be_at<std::uint16_t, 2>(header);
  if ((flags & kVersionAndType) != kVersion1Gtp || be_at<std::uint8_t, 1>(header) != kUserPacket ||
      length == 0)
    return Next::broken;
  walk.limit_payload(length);
  if (flags & kAnyOptional) {
    if (walk.in.remaining() < 4) return Next::broken;
    const auto optional = walk.in.window<4>();
    // Without the flag the type is there and means nothing.
    if ((flags & kHasExtensions) && !skip_gtp_extensions(walk, be_at<std::uint8_t, 3>(optional)))
      return Next::broken;
  }
  return after_ip_version(walk);
}

// RFC 4380 section 5.1.1: an authentication header (0x0001) and an origin indication (0x0000) may come
// first.
Next teredo(Walk& walk) {
  ByteReader ahead = walk.in;
  if (next_two(ahead) == 1) {
    ahead.skip(2);
    const std::size_t id_length = ahead.be<std::uint8_t>();
    const std::size_t value_length = ahead.be<std::uint8_t>();
    ahead.skip(id_length + value_length + 9);  // nonce and confirmation
  }
  if (next_two(ahead) == 0) ahead.skip(8);
  if (!is_teredo_packet(ahead)) return Next::broken;
  walk.in = ahead;
  return Next::ipv6;
}

}  // namespace sluice::decode::packet
