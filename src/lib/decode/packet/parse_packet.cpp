#include <iterator>

#include "decode/inner_packet.hpp"
#include "decode/packet/walk.hpp"
#include "decode/user_value.hpp"
#include "sluice/decode/packet.hpp"

namespace sluice::decode {
namespace packet {
namespace {

struct LayerRow {
  ParseLayer parse;
  Layer layer;  ///< custom where GoFlow2's numbers have none for it
};

// In the order of Next.
constexpr LayerRow kLayers[] = {
    {nullptr, Layer::custom},  // end
    {nullptr, Layer::custom},  // broken
    {ethernet, Layer::ethernet},
    {ppp, Layer::custom},
    {dot1q, Layer::dot1q},
    {mpls, Layer::mpls},
    {ipv4, Layer::ipv4},
    {ipv6, Layer::ipv6},
    {ipv6_options, Layer::custom},
    {ipv6_routing, Layer::ipv6_routing},
    {ipv6_fragment, Layer::ipv6_fragment},
    {authentication, Layer::custom},
    {tcp, Layer::tcp},
    {udp, Layer::udp},
    {sctp, Layer::custom},
    {icmp, Layer::icmp},
    {icmp, Layer::icmpv6},
    {pppoe, Layer::custom},
    {gre, Layer::gre},
    {vxlan, Layer::custom},
    {geneve, Layer::geneve},
    {gtpu, Layer::custom},
    {teredo, Layer::teredo},
};
static_assert(std::size(kLayers) == static_cast<std::size_t>(Next::count));

// Real stacks have some eight; more is a packet made to cost time.
constexpr int kMaxLayers = 16;

Next first_layer(FirstHeader first) {
  switch (first) {
    case FirstHeader::ethernet:
      return Next::ethernet;
    case FirstHeader::ipv4:
      return Next::ipv4;
    case FirstHeader::ipv6:
      return Next::ipv6;
    case FirstHeader::mpls:
      return Next::mpls;
    case FirstHeader::ppp:
      return Next::ppp;
  }
  return Next::end;
}

void note_layer(Walk& walk, Layer layer, std::size_t size) {
  FlowExtras& extras = walk.extras();
  extras.list(ExtraList::layer_stack).push_back(static_cast<std::uint32_t>(layer));
  extras.list(ExtraList::layer_size).push_back(static_cast<std::uint32_t>(size));
}

// The rows of kLayers begin with those that are no layer; the others are in the order of PacketLayer.
constexpr auto kFirstPacketLayer = static_cast<std::size_t>(Next::ethernet);
static_assert(static_cast<std::size_t>(Next::count) - kFirstPacketLayer ==
              static_cast<std::size_t>(PacketLayer::count));
static_assert(static_cast<std::size_t>(Next::teredo) - kFirstPacketLayer ==
              static_cast<std::size_t>(PacketLayer::teredo));

[[gnu::noinline, gnu::cold]] void keep_user_bits(const Walk& walk, Next at, Bytes from_header) {
  const auto layer = static_cast<PacketLayer>(static_cast<std::size_t>(at) - kFirstPacketLayer);
  for (const auto& bits : walk.user_fields->bits_of(layer))
    if (bits.source.inner == walk.is_inner())
      put_user_bits(*bits.field, bits.source, from_header, walk.batch, walk.carrier);
}

// Returns the number of layers, counted from `layers` on.
[[gnu::always_inline]] inline int run(Walk& walk, Next at, int layers) {
  while (at != Next::end && layers < kMaxLayers) {
    const LayerRow& row = kLayers[static_cast<std::size_t>(at)];
    const Bytes from_header = walk.in.rest();
    const std::size_t before = from_header.size();
    const Next layer = at;
    walk.trimmed = 0;
    at = row.parse(walk);
    if (at == Next::broken) break;
    if (walk.user_fields) [[unlikely]]
      keep_user_bits(walk, layer, from_header);
    note_layer(walk, row.layer, before - walk.trimmed - walk.in.remaining());
    ++layers;
  }
  return layers;
}

/// What a packet's own headers say and no exporter beside them.
void take_headers(const FlowRecord& from, FlowRecord& flow) {
  flow.set_source(from.source());
  flow.set_destination(from.destination());
  flow.etype = from.etype;
  flow.proto = from.proto;
  flow.src_port = from.src_port;
  flow.dst_port = from.dst_port;
  flow.ip_tos = from.ip_tos;
  flow.ip_ttl = from.ip_ttl;
  flow.ip_flags = from.ip_flags;
  flow.tcp_flags = from.tcp_flags;
  flow.icmp_type = from.icmp_type;
  flow.icmp_code = from.icmp_code;
  flow.fragment_id = from.fragment_id;
  flow.fragment_offset = from.fragment_offset;
  flow.ipv6_flow_label = from.ipv6_flow_label;
  if (from.src_mac == 0 && from.dst_mac == 0) return;
  flow.src_mac = from.src_mac;
  flow.dst_mac = from.dst_mac;
}

// Apart from the first walk, so that packets without a tunnel do not pay for a second record.
[[gnu::noinline, gnu::cold]] void run_inner(const Walk& outer, int layers, Decapsulate decapsulate) {
  FlowRecord inner{};
  Walk walk{outer.in, outer.batch, inner, outer.carrier};
  walk.user_fields = outer.user_fields;
  run(walk, outer.tunnel, layers);
  if (decapsulate == Decapsulate::outer || inner.src_addr_size == 0) return keep_inner(inner, walk.extras());
  keep_inner(outer.flow, walk.extras());
  take_headers(inner, outer.flow);
}

}  // namespace
}  // namespace packet

bool parse_packet(FirstHeader first, Bytes packet, FlowBatch& batch, FlowRecord& flow,
                  const UserFields* user_fields, Decapsulate decapsulate) {
  using packet::Next;
  packet::Walk walk{ByteReader(packet), batch, flow, flow};
  if (user_fields && user_fields->reads_packets()) walk.user_fields = user_fields;
  const int layers = packet::run(walk, packet::first_layer(first), 0);
  if (walk.tunnel != Next::end) [[unlikely]]
    packet::run_inner(walk, layers, decapsulate);
  return layers > 0;
}

}  // namespace sluice::decode
