#pragma once
// Builds the Ethernet frame that a flow's packet would be: Ethernet, an 802.1Q tag where the flow has a VLAN,
// IPv4 or IPv6, TCP, UDP or ICMP, with right lengths and IPv4 checksum.
#include "generate/byte_writer.hpp"
#include "sluice/flow/record.hpp"

namespace sluice::generate {

/// Bytes of Ethernet header in front of the IP header: 14, or 18 with a tag.
std::size_t link_header_bytes(const FlowRecord& flow);
/// The least frame length, without frame check sequence, that the flow's headers need.
std::size_t min_frame_bytes(const FlowRecord& flow);

/// Writes the first `sampled` bytes of a frame of `frame` bytes (no frame check sequence); at least
/// min_frame_bytes(flow), payload bytes are zeros. The flow has IPv4 or IPv6 addresses.
void write_frame(ByteWriter& out, const FlowRecord& flow, std::size_t frame, std::size_t sampled);

/// Internet checksum (RFC 1071) of an even or odd number of bytes.
std::uint16_t internet_checksum(Bytes bytes, std::uint32_t sum = 0);

}  // namespace sluice::generate
