#pragma once
// The walk over a packet: a chain of small functions, one per layer, each of which reads its own header and
// names the layer that follows. A new layer is a function, an enumerator and a row of the table in
// parse_packet.cpp.
#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "sluice/flow/batch.hpp"
#include "sluice/flow/user_fields.hpp"
#include "sluice/util/byte_reader.hpp"

namespace sluice::decode::packet {

/// The layer to read next; also the index into the table of layers.
enum class Next : std::uint8_t {
  end,     ///< this layer was read; what follows it is not known or not wanted
  broken,  ///< this layer's own header is not whole or contradicts itself
  ethernet,
  ppp,
  dot1q,
  mpls,
  ipv4,
  ipv6,
  ipv6_options,
  ipv6_routing,
  ipv6_fragment,
  authentication,
  tcp,
  udp,
  sctp,
  icmp,
  icmpv6,
  pppoe,
  gre,
  vxlan,
  geneve,
  gtpu,
  teredo,
  count
};

/// Ethertypes that more than one file asks for.
inline constexpr std::uint16_t kIpv4 = 0x0800, kArp = 0x0806, kIpv6 = 0x86dd, kMplsUnicast = 0x8847,
                               kMplsMulticast = 0x8848;
inline constexpr std::uint16_t kFirstEthertype = 0x0600;  ///< smaller: the length of an 802.3 frame

/// What the functions share. There are at most two walks: one over the packet, and where that ends at a
/// tunnel one over the packet inside, whose flow is set aside for the inner fields.
struct Walk {
  ByteReader in;
  FlowBatch& batch;
  FlowRecord& flow;
  FlowRecord& carrier;      ///< the flow of the batch; the same as `flow` in the first walk
  std::size_t trimmed = 0;  ///< bytes that the layer at hand cut off the end, see limit_payload()
  int frames = 0;           ///< Ethernet headers read so far
  int vlan_tags = 0;        ///< read so far
  Next tunnel = Next::end;  ///< what begins the second walk; a tunnel in the second is not entered
  const UserFields* user_fields = nullptr;  ///< where bits of the packet are wanted

  FlowExtras& extras() { return batch.extras(carrier); }
  /// Tags, labels and routes of the packet inside have no field and must not stand for those outside.
  bool is_inner() const { return &flow != &carrier; }
  Next enter(Next inner) {
    tunnel = inner;
    return Next::end;
  }
  /// Skips n bytes or as many as are left: a sampled header may end anywhere, also amid options.
  void skip_up_to(std::size_t n) { in.skip(std::min(n, in.remaining())); }
  /// What follows is n bytes long by the layer's own word; frame padding behind it is no header.
  void limit_payload(std::size_t n) {
    if (n >= in.remaining()) return;
    trimmed += in.remaining() - n;
    in = ByteReader(in.rest().first(n));
  }
};

using ParseLayer = Next (*)(Walk&);

/// Remembers the type and says which layer it stands for.
Next after_ethertype(Walk& walk, std::uint16_t type);

Next ethernet(Walk& walk);
Next ppp(Walk& walk);
Next dot1q(Walk& walk);
Next mpls(Walk& walk);
Next pppoe(Walk& walk);

Next ipv4(Walk& walk);
Next ipv6(Walk& walk);
Next ipv6_options(Walk& walk);
Next ipv6_routing(Walk& walk);
Next ipv6_fragment(Walk& walk);
Next authentication(Walk& walk);

Next tcp(Walk& walk);
Next udp(Walk& walk);
Next sctp(Walk& walk);
Next icmp(Walk& walk);

Next gre(Walk& walk);
Next vxlan(Walk& walk);
Next geneve(Walk& walk);
Next gtpu(Walk& walk);
Next teredo(Walk& walk);

}  // namespace sluice::decode::packet
