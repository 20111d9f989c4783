#include <iterator>

#include "decode/packet/walk.hpp"
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

}  // namespace
}  // namespace packet

bool parse_packet(FirstHeader first, Bytes packet, FlowBatch& batch, FlowRecord& flow) {
  using packet::Next;
  packet::Walk walk{ByteReader(packet), batch, flow};
  Next at = packet::first_layer(first);
  int layers = 0;
  while (at != Next::end && layers < packet::kMaxLayers) {
    const packet::LayerRow& row = packet::kLayers[static_cast<std::size_t>(at)];
    const std::size_t before = walk.in.remaining();
    walk.trimmed = 0;
    at = row.parse(walk);
    if (at == Next::broken) break;
    packet::note_layer(walk, row.layer, before - walk.trimmed - walk.in.remaining());
    ++layers;
  }
  return layers > 0;
}

}  // namespace sluice::decode
