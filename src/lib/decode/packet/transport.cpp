// The transport layer. Sampled headers are often cut here, so what stands first is taken even where the rest
// of the header is missing.
#include "decode/packet/walk.hpp"

namespace sluice::decode::packet {
namespace {

// TCP, UDP and SCTP all begin with the two ports.
bool ports(Walk& walk) {
  if (walk.in.remaining() < 4) return false;
  walk.flow.src_port = walk.in.be<std::uint16_t>();
  walk.flow.dst_port = walk.in.be<std::uint16_t>();
  return true;
}

constexpr std::uint16_t kVxlan = 4789, kOldVxlan = 8472, kGeneve = 6081, kGtpu = 2152, kTeredo = 3544;

[[gnu::noinline, gnu::cold]] Next enter_tunnel(Walk& walk, std::uint16_t port) {
  switch (port) {
    case kVxlan:
    case kOldVxlan:  // Linux before the number was assigned
      return walk.enter(Next::vxlan);
    case kGeneve:
      return walk.enter(Next::geneve);
    case kGtpu:
      return walk.enter(Next::gtpu);
    default:
      return walk.enter(Next::teredo);
  }
}

}  // namespace

// RFC 9293 section 3.1. The low nine bits are the flags, NS (RFC 3540) first.
Next tcp(Walk& walk) {
  if (!ports(walk)) return Next::broken;
  ByteReader ahead = walk.in;
  ahead.skip(8);  // sequence and acknowledgement numbers
  const auto offset_and_flags = ahead.be<std::uint16_t>();
  const std::size_t length = (offset_and_flags >> 12) * std::size_t{4};
  walk.flow.tcp_flags = offset_and_flags & 0x1ff;
  walk.skip_up_to(std::max<std::size_t>(length, 20) - 4);
  return Next::end;
}

Next udp(Walk& walk) {
  if (!ports(walk)) return Next::broken;
  walk.skip_up_to(4);
  const auto port = walk.flow.dst_port;
  const bool tunnel = (port == kVxlan) | (port == kOldVxlan) | (port == kGeneve) | (port == kGtpu) |
                      (port == kTeredo);  // a search by halves would mispredict on every port
  if (tunnel) [[unlikely]]
    return enter_tunnel(walk, port);
  return Next::end;
}

Next sctp(Walk& walk) {
  if (!ports(walk)) return Next::broken;
  walk.skip_up_to(8);
  return Next::end;
}

// ICMP and ICMPv6 (RFC 792, RFC 4443): type, code, checksum and four bytes by type.
Next icmp(Walk& walk) {
  if (walk.in.remaining() < 2) return Next::broken;
  walk.flow.icmp_type = walk.in.be<std::uint8_t>();
  walk.flow.icmp_code = walk.in.be<std::uint8_t>();
  walk.skip_up_to(6);
  return Next::end;
}

}  // namespace sluice::decode::packet
