#include "decode/sflow/drop_reason.hpp"

namespace sluice::decode::sflow {
namespace {

enum Status : std::uint8_t {  // RFC 7270 section 4.12: the top two bits say "dropped"
  kUnknown = 128,
  kAclDeny = 129,
  kAclDrop = 130,
  kUnroutable = 131,
  kAdjacency = 132,
  kFragmentationNeeded = 133,
  kBadTotalLength = 135,
  kBadTtl = 137,
  kPolicer = 138,
  kWred = 139,
  kReversePath = 140,
  kHardware = 143
};

// Codes 0 to 15 are those of ICMP's destination unreachable (RFC 792, RFC 1812 section 5.2.7.1).
Status of_icmp_unreachable(std::uint32_t code) {
  switch (code) {
    case 4:
      return kFragmentationNeeded;
    case 8:  // source host isolated
      return kAdjacency;
    case 9:   // network administratively prohibited
    case 10:  // host administratively prohibited
    case 13:  // communication administratively prohibited
      return kAclDeny;
    case 14:  // precedence violation and cutoff are policies about the packet, not its route
    case 15:
      return kUnknown;
    default:
      return kUnroutable;
  }
}

}  // namespace

std::uint8_t forwarding_status(std::uint32_t reason) {
  if (reason <= 15) return of_icmp_unreachable(reason);
  switch (reason) {
    case 257:  // TTL exceeded
      return kBadTtl;
    case 258:  // access list
    case 269:  // black hole route
      return kAclDrop;
    case 259:  // no buffer space
      return kHardware;
    case 260:  // random early detection
      return kWred;
    case 261:  // traffic shaping, rate limiting
      return kPolicer;
    case 262:  // packet too big
      return kBadTotalLength;
    case 263:  // source MAC address is multicast
    case 281:  // packet that cannot be routed
      return kUnroutable;
    case 279:  // neighbour not resolved
      return kAdjacency;
    case 280:  // reverse path, multicast
    case 302:  // reverse path, unicast
      return kReversePath;
    default:
      return kUnknown;
  }
}

}  // namespace sluice::decode::sflow
