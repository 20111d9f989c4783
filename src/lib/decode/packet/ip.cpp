// The network layer: IPv4 (RFC 791), IPv6 and its extension headers (RFC 8200, 8754, 4302).
#include "decode/packet/walk.hpp"

namespace sluice::decode::packet {
namespace {

constexpr std::uint8_t kHopByHop = 0, kRouting = 43, kFragment = 44, kAuthentication = 51,
                       kDestinationOptions = 60;

// What is carried in place of a transport: another packet (RFC 2003, 4213, 2473, 2784) or, behind a segment
// routing header as a rule, a frame (143, RFC 8986).
[[gnu::noinline, gnu::cold]] Next tunnel(Walk& walk, std::uint8_t protocol) {
  switch (protocol) {
    case 4:
      return walk.enter(Next::ipv4);
    case 41:
      return walk.enter(Next::ipv6);
    case 47:
      return walk.enter(Next::gre);
    case 143:
      return walk.enter(Next::ethernet);
    default:
      return Next::end;
  }
}

// Nothing but constants and no call, so that it stays small where it is inlined.
Next known_transport(std::uint8_t protocol) {
  switch (protocol) {
    case 1:
      return Next::icmp;
    case 6:
      return Next::tcp;
    case 17:
      return Next::udp;
    case kAuthentication:
      return Next::authentication;
    case 58:
      return Next::icmpv6;
    case 132:
      return Next::sctp;
    default:
      return Next::end;
  }
}

Next transport(Walk& walk, std::uint8_t protocol) {
  const Next next = known_transport(protocol);
  if (next == Next::end) [[unlikely]]
    return tunnel(walk, protocol);
  return next;
}

// proto is the last protocol number of the chain that could be read, so that it names the transport and not
// the extension header before it.
Next after_extension(Walk& walk, std::uint8_t protocol) {
  walk.flow.proto = protocol;
  switch (protocol) {
    case kHopByHop:
    case kDestinationOptions:
      return Next::ipv6_options;
    case kRouting:
      return Next::ipv6_routing;
    case kFragment:
      return Next::ipv6_fragment;
    default:
      return transport(walk, protocol);
  }
}

}  // namespace

Next ipv4(Walk& walk) {
  if (walk.in.remaining() < 20) return Next::broken;
  const auto header = walk.in.window<20>();
  const auto first = be_at<std::uint8_t, 0>(header);
  const std::size_t header_length = (first & 0x0fU) * std::size_t{4};
  if (first >> 4 != 4 || header_length < 20) return Next::broken;

  FlowRecord& flow = walk.flow;
  const auto flags_and_offset = be_at<std::uint16_t, 6>(header);
  flow.etype = 0x0800;
  flow.ip_tos = be_at<std::uint8_t, 1>(header);
  flow.fragment_id = be_at<std::uint16_t, 4>(header);
  flow.ip_flags = static_cast<std::uint8_t>(flags_and_offset >> 13);
  flow.fragment_offset = flags_and_offset & 0x1fff;
  flow.ip_ttl = be_at<std::uint8_t, 8>(header);
  flow.proto = be_at<std::uint8_t, 9>(header);
  flow.set_source(IpAddress::from_bytes(header.subspan<12, 4>()));
  flow.set_destination(IpAddress::from_bytes(header.subspan<16, 4>()));

  walk.skip_up_to(header_length - 20);
  // 0 and less than the header come from segmentation offload: the packet was sampled before it was cut.
  const std::size_t total_length = be_at<std::uint16_t, 2>(header);
  if (total_length >= header_length) walk.limit_payload(total_length - header_length);
  return flow.fragment_offset == 0 ? transport(walk, flow.proto) : Next::end;
}

Next ipv6(Walk& walk) {
  if (walk.in.remaining() < 40) return Next::broken;
  const auto header = walk.in.window<40>();
  const auto first = be_at<std::uint32_t, 0>(header);
  if (first >> 28 != 6) return Next::broken;

  FlowRecord& flow = walk.flow;
  flow.etype = 0x86dd;
  flow.ip_tos = static_cast<std::uint8_t>(first >> 20 & 0xff);
  flow.ipv6_flow_label = first & 0xfffff;
  flow.ip_ttl = be_at<std::uint8_t, 7>(header);
  flow.set_source(IpAddress::from_bytes(header.subspan<8, 16>()));
  flow.set_destination(IpAddress::from_bytes(header.subspan<24, 16>()));

  const std::size_t payload_length = be_at<std::uint16_t, 4>(header);
  if (payload_length > 0) walk.limit_payload(payload_length);  // 0: jumbogram or segmentation offload
  return after_extension(walk, be_at<std::uint8_t, 6>(header));
}

// Hop-by-hop and destination options have one layout (RFC 8200 sections 4.3 and 4.6).
Next ipv6_options(Walk& walk) {
  if (walk.in.remaining() < 8) return Next::broken;
  const auto header = walk.in.window<8>();
  walk.skip_up_to(be_at<std::uint8_t, 1>(header) * std::size_t{8});
  return after_extension(walk, be_at<std::uint8_t, 0>(header));
}

// RFC 8200 section 4.4, RFC 8754 section 2. Type 0 lists nothing but addresses; in a segment routing header
// TLVs may follow the segments, whose number is the last entry plus one.
Next ipv6_routing(Walk& walk) {
  constexpr std::uint8_t kSourceRoute = 0, kSegmentRouting = 4;
  if (walk.in.remaining() < 8) return Next::broken;
  const auto header = walk.in.window<8>();
  const std::size_t body_length = be_at<std::uint8_t, 1>(header) * std::size_t{8};
  const auto type = be_at<std::uint8_t, 2>(header);
  if (walk.is_inner()) {
    walk.skip_up_to(body_length);
    return after_extension(walk, be_at<std::uint8_t, 0>(header));
  }
  FlowExtras& extras = walk.extras();
  extras.set(ExtraScalar::ipv6_routing_seg_left, be_at<std::uint8_t, 3>(header));

  ByteReader body(walk.in.rest().first(std::min(body_length, walk.in.remaining())));
  std::size_t addresses = 0;
  if (type == kSourceRoute) addresses = body_length / 16;
  if (type == kSegmentRouting)
    addresses = std::min(body_length / 16, be_at<std::uint8_t, 4>(header) + std::size_t{1});
  for (std::size_t i = 0; i < addresses && body.remaining() >= 16; ++i)
    extras.list(ExtraAddressList::ipv6_routing_addresses).push_back(IpAddress::from_bytes(body.take(16)));

  walk.skip_up_to(body_length);
  return after_extension(walk, be_at<std::uint8_t, 0>(header));
}

// RFC 8200 section 4.5.
Next ipv6_fragment(Walk& walk) {
  if (walk.in.remaining() < 8) return Next::broken;
  const auto header = walk.in.window<8>();
  const auto offset_and_flags = be_at<std::uint16_t, 2>(header);
  walk.flow.fragment_offset = static_cast<std::uint16_t>(offset_and_flags >> 3);
  walk.flow.ip_flags = offset_and_flags & 0x7;
  walk.flow.fragment_id = be_at<std::uint32_t, 4>(header);
  const auto protocol = be_at<std::uint8_t, 0>(header);
  if (walk.flow.fragment_offset == 0) return after_extension(walk, protocol);
  walk.flow.proto = protocol;
  return Next::end;
}

// RFC 4302 section 2.2: the length counts 4-byte words, less two. The payload is not encrypted.
Next authentication(Walk& walk) {
  if (walk.in.remaining() < 12) return Next::broken;
  const auto header = walk.in.window<12>();
  const std::size_t length = (be_at<std::uint8_t, 1>(header) + std::size_t{2}) * 4;
  if (length < 12) return Next::broken;
  walk.skip_up_to(length - 12);
  return after_extension(walk, be_at<std::uint8_t, 0>(header));
}

}  // namespace sluice::decode::packet
