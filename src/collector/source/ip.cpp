#include "source/ip.hpp"

#include <algorithm>

namespace sluice::source {
namespace {

constexpr std::uint8_t kUdp = 17;

/// The UDP header and payload (RFC 768); false where not even the header is there.
bool read_udp(Bytes segment, CapturedDatagram& out) {
  if (segment.size() < 8) return false;
  const auto header = segment.first<8>();
  out.source_port = be_at<std::uint16_t, 0>(header);
  out.destination_port = be_at<std::uint16_t, 2>(header);
  const std::size_t length = be_at<std::uint16_t, 4>(header);
  out.truncated = length > segment.size();
  // A length below the header's own is what offloading leaves behind in outgoing packets.
  const std::size_t end = length < 8 ? segment.size() : std::min(length, segment.size());
  out.payload = segment.subspan(8, end - 8);
  return true;
}

}  // namespace

bool UdpExtractor::extract(Bytes packet, std::uint64_t time_ns, CapturedDatagram& out,
                           CaptureCounts& counts) {
  out = {};
  out.time_ns = time_ns;
  if (packet.empty()) return ++counts.other, false;
  const unsigned version = std::to_integer<unsigned>(packet[0]) >> 4;
  if (version == 4) return extract_v4(packet, out, counts);
  if (version == 6) return extract_v6(packet, out, counts);
  return ++counts.other, false;
}

bool UdpExtractor::extract_v4(Bytes packet, CapturedDatagram& out, CaptureCounts& counts) {
  if (packet.size() < 20) return ++counts.other, false;
  const auto header = packet.first<20>();
  const std::size_t header_length = (std::to_integer<std::size_t>(header[0]) & 15) * 4;
  const std::size_t total = be_at<std::uint16_t, 2>(header);
  // A total length of 0 is what segmentation offload leaves behind in outgoing packets.
  const std::size_t end = total == 0 ? packet.size() : std::min(total, packet.size());
  if (std::to_integer<std::uint8_t>(header[9]) != kUdp || header_length < 20 || header_length > end)
    return ++counts.other, false;
  out.source = IpAddress::from_bytes(header.subspan<12, 4>());
  out.destination = IpAddress::from_bytes(header.subspan<16, 4>());
  const Bytes data = packet.subspan(header_length, end - header_length);

  const auto flags = be_at<std::uint16_t, 6>(header);
  const bool more = (flags & 0x2000) != 0;
  const std::uint32_t offset = (flags & 0x1fffU) * 8;
  if (!more && offset == 0) return read_udp(data, out) || (++counts.other, false);
  return reassemble({.key = {out.source, out.destination, be_at<std::uint16_t, 4>(header), kUdp},
                     .offset = offset,
                     .more = more,
                     .data = data,
                     .time_ns = out.time_ns},
                    out, counts);
}

bool UdpExtractor::extract_v6(Bytes packet, CapturedDatagram& out, CaptureCounts& counts) {
  if (packet.size() < 40) return ++counts.other, false;
  const auto header = packet.first<40>();
  out.source = IpAddress::from_bytes(header.subspan<8, 16>());
  out.destination = IpAddress::from_bytes(header.subspan<24, 16>());
  const std::size_t length = be_at<std::uint16_t, 4>(header);
  ByteReader reader(
      packet.subspan(40, length == 0 ? packet.size() - 40 : std::min(length, packet.size() - 40)));

  auto next = std::to_integer<std::uint8_t>(header[6]);
  // hop-by-hop, routing and destination options; RFC 8200 section 4
  while ((next == 0 || next == 43 || next == 60) && reader.ok()) {
    next = reader.be<std::uint8_t>();
    const std::size_t units = reader.be<std::uint8_t>();
    reader.skip(6 + units * 8);
  }
  if (next == kUdp && reader.ok()) return read_udp(reader.rest(), out) || (++counts.other, false);
  if (next != 44 || reader.remaining() < 8) return ++counts.other, false;

  const auto fragment = reader.window<8>();
  if (std::to_integer<std::uint8_t>(fragment[0]) != kUdp) return ++counts.other, false;
  const auto offset = be_at<std::uint16_t, 2>(fragment);
  if ((offset & 0xfff9) == 0) return read_udp(reader.rest(), out) || (++counts.other, false);  // RFC 6946
  return reassemble({.key = {out.source, out.destination, be_at<std::uint32_t, 4>(fragment), kUdp},
                     .offset = offset & 0xfff8U,
                     .more = (offset & 1) != 0,
                     .data = reader.rest(),
                     .time_ns = out.time_ns},
                    out, counts);
}

bool UdpExtractor::reassemble(const Fragment& fragment, CapturedDatagram& out, CaptureCounts& counts) {
  ++counts.fragments;
  const auto whole = fragments_.add(fragment);
  if (!whole || !read_udp(*whole, out)) return false;
  ++counts.reassembled;
  return true;
}

}  // namespace sluice::source
