// Below the network layer: Ethernet, 802.1Q and QinQ tags, LLC/SNAP, MPLS, PPP and PPPoE.
#include "decode/packet/walk.hpp"

namespace sluice::decode::packet {
namespace {

constexpr std::uint16_t kPppoeSession = 0x8864;

// An 802.3 frame with an LLC header. SNAP with the organisation code 0 carries an ethertype (RFC 1042).
Next after_llc(Walk& walk, std::size_t length) {
  walk.flow.etype = 0;
  walk.limit_payload(length);
  ByteReader ahead = walk.in;
  constexpr std::uint64_t kSnap = 0xaaaa03000000;
  if (load_be_any(ahead.take(6)) != kSnap) return Next::end;
  const auto type = ahead.be<std::uint16_t>();
  if (!ahead.ok() || type < kFirstEthertype) return Next::end;
  walk.in = ahead;
  return after_ethertype(walk, type);
}

}  // namespace

Next after_ethertype(Walk& walk, std::uint16_t type) {
  if (type < kFirstEthertype) return after_llc(walk, type);
  walk.flow.etype = type;
  switch (type) {
    case kIpv4:
      return Next::ipv4;
    case kIpv6:
      return Next::ipv6;
    case 0x8100:  // 802.1Q
    case 0x88a8:  // 802.1ad
    case 0x9100:  // QinQ before 802.1ad
    case 0x9200:
      return Next::dot1q;
    case kMplsUnicast:
    case kMplsMulticast:
      return Next::mpls;
    default:
      return type == kPppoeSession ? Next::pppoe : Next::end;
  }
}

namespace {

// Whether an Ethernet frame begins here, by its type and by how packets of that type begin.
bool is_frame(Bytes bytes) {
  ByteReader in(bytes);
  in.skip(12);
  const auto type = in.be<std::uint16_t>();
  const auto next = in.be<std::uint16_t>();
  if (!in.ok()) return false;
  switch (type) {
    case kIpv4:
      return next >> 12 == 4;
    case kIpv6:
      return next >> 12 == 6;
    case kArp:  // hardware type: Ethernet
      return next == 1;
    case kPppoeSession:
      return next == 0x1100;
    case 0x8100:
    case 0x88a8:
    case 0x9100:
    case 0x9200:
    case kMplsUnicast:
    case kMplsMulticast:
      return true;
    default:  // LLC: spanning tree, SNAP
      return type < kFirstEthertype && (next == 0x4242 || next == 0xaaaa);
  }
}

// RFC 791 section 3.1: a header that adds up to all ones. False too where it is not whole.
bool is_ipv4_header(Bytes bytes) {
  ByteReader in(bytes);
  const std::size_t words = (in.be<std::uint8_t>() & 0x0fU) * 2U;
  if (words < 10 || bytes.size() < words * 2) return false;
  std::uint32_t sum = 0;
  in = ByteReader(bytes);
  for (std::size_t i = 0; i < words; ++i) sum += in.be<std::uint16_t>();
  sum = (sum & 0xffff) + (sum >> 16);
  return (sum & 0xffff) + (sum >> 16) == 0xffff;
}

// What is below the last label. No number says it; the first four bits tell IPv4, IPv6 and a pseudowire's
// control word apart (RFC 4928 section 3, RFC 4385 section 3). A pseudowire without a control word may begin
// with any of them (RFC 4448 section 4.4): its frame tells itself.
Next after_labels(Walk& walk) {
  const Bytes rest = walk.in.rest();
  if (rest.empty()) return Next::end;
  switch (std::to_integer<unsigned>(rest[0]) >> 4) {
    case 0: {
      constexpr std::size_t kControlWord = 4;
      if (rest.size() > kControlWord && is_frame(rest.subspan(kControlWord))) {
        walk.in.skip(kControlWord);
        return Next::ethernet;
      }
      break;
    }
    case 4:
      if (is_ipv4_header(rest) || !is_frame(rest)) return Next::ipv4;
      break;
    case 6:
      return Next::ipv6;
    default:
      break;
  }
  return is_frame(rest) ? Next::ethernet : Next::end;
}

}  // namespace

Next ethernet(Walk& walk) {
  if (walk.in.remaining() < 14) return Next::broken;
  const std::uint64_t destination = load_be_any(walk.in.take(6));
  const std::uint64_t source = load_be_any(walk.in.take(6));
  // A frame in a pseudowire is the customer's; the flow was seen on the link of the first one.
  if (walk.frames++ == 0) {
    walk.flow.dst_mac = destination;
    walk.flow.src_mac = source;
  }
  return after_ethertype(walk, walk.in.be<std::uint16_t>());
}

Next dot1q(Walk& walk) {
  if (walk.in.remaining() < 4) return Next::broken;
  const auto tag = walk.in.be<std::uint16_t>();
  const auto vlan = static_cast<std::uint16_t>(tag & 0x0fff);
  switch (walk.is_inner() ? 2 : walk.vlan_tags++) {
    case 0:
      walk.flow.vlan_id = vlan;
      walk.extras().set(ExtraScalar::vlan_priority, tag >> 13U);
      break;
    case 1:
      walk.extras().set(ExtraScalar::customer_vlan_id, vlan);
      break;
    default:
      break;
  }
  return after_ethertype(walk, walk.in.be<std::uint16_t>());
}

// RFC 3032 section 2.1. A stack deeper than any real one ends the walk: its entries would be copied to every
// message.
Next mpls(Walk& walk) {
  constexpr int kMaxLabels = 16;
  if (walk.in.remaining() < 4) return Next::broken;
  if (walk.flow.etype == 0) walk.flow.etype = kMplsUnicast;
  FlowExtras& extras = walk.extras();
  for (int depth = 0; depth < kMaxLabels && walk.in.remaining() >= 4; ++depth) {
    const auto entry = walk.in.be<std::uint32_t>();
    if (!walk.is_inner()) {
      extras.list(ExtraList::mpls_label).push_back(entry >> 12);
      extras.list(ExtraList::mpls_ttl).push_back(entry & 0xff);
    }
    const bool bottom = entry & 0x100;
    if (bottom) return after_labels(walk);
  }
  return Next::end;
}

// RFC 1661 section 2 and RFC 1662 section 3.1; address, control and the protocol's first byte may be left
// out.
Next ppp(Walk& walk) {
  ByteReader ahead = walk.in;
  if (ahead.be<std::uint16_t>() == 0xff03) walk.in = ahead;
  ahead = walk.in;
  std::uint16_t protocol = ahead.be<std::uint8_t>();
  if ((protocol & 1) == 0) protocol = static_cast<std::uint16_t>(protocol << 8 | ahead.be<std::uint8_t>());
  if (!ahead.ok()) return Next::broken;
  walk.in = ahead;
  switch (protocol) {
    case 0x0021:
      return Next::ipv4;
    case 0x0057:
      return Next::ipv6;
    case 0x0281:
      return after_ethertype(walk, kMplsUnicast);
    case 0x0283:
      return after_ethertype(walk, kMplsMulticast);
    default:
      return Next::end;
  }
}

// RFC 2516 section 4: version and type 1, code 0 in a session. The packet is the flow's own, not an inner
// one: PPPoE is how its subscriber line is framed.
Next pppoe(Walk& walk) {
  constexpr std::uint16_t kSessionData = 0x1100;
  if (walk.in.remaining() < 6) return Next::broken;
  const auto header = walk.in.window<6>();
  if (be_at<std::uint16_t, 0>(header) != kSessionData) return Next::broken;
  walk.limit_payload(be_at<std::uint16_t, 4>(header));
  return Next::ppp;
}

}  // namespace sluice::decode::packet
