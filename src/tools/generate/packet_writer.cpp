#include "generate/packet_writer.hpp"

#include <array>

#include "generate/flow_wire.hpp"

namespace sluice::generate {
namespace {

constexpr std::size_t kEthernet = 14, kTag = 4, kIpv4 = 20, kIpv6 = 40, kTcpHeader = 20, kUdpHeader = 8,
                      kIcmpHeader = 8;
constexpr std::size_t kMaxHeaders = kEthernet + kTag + kIpv6 + kTcpHeader;
constexpr std::uint16_t kDot1q = 0x8100;

std::size_t transport_bytes(const FlowRecord& flow) {
  return flow.proto == kTcp ? kTcpHeader : flow.proto == kUdp ? kUdpHeader : kIcmpHeader;
}
std::size_t network_bytes(const FlowRecord& flow) { return is_ipv6(flow) ? kIpv6 : kIpv4; }

void write_ethernet(ByteWriter& out, const FlowRecord& flow) {
  out.mac(flow.dst_mac);
  out.mac(flow.src_mac);
  if (flow.vlan_id != 0) {
    out.be(kDot1q);
    out.be(flow.vlan_id);
  }
  out.be(flow.etype);
}

// RFC 791.
void write_ipv4(ByteWriter& out, const FlowRecord& flow, std::size_t total) {
  const auto start = out.size();
  out.be<std::uint8_t>(0x45);
  out.be(flow.ip_tos);
  out.be(static_cast<std::uint16_t>(total));
  out.be(static_cast<std::uint16_t>(flow.fragment_id));
  out.be(static_cast<std::uint16_t>(flow.ip_flags << 13));
  out.be(flow.ip_ttl);
  out.be(flow.proto);
  out.be<std::uint16_t>(0);
  out.raw(flow.src_addr, 4);
  out.raw(flow.dst_addr, 4);
  out.patch(start + 10, internet_checksum(out.written().subspan(start)));
}

// RFC 8200.
void write_ipv6(ByteWriter& out, const FlowRecord& flow, std::size_t total) {
  out.be(6U << 28 | static_cast<std::uint32_t>(flow.ip_tos) << 20 | (flow.ipv6_flow_label & 0xfffffU));
  out.be(static_cast<std::uint16_t>(total - kIpv6));
  out.be(flow.proto);
  out.be(flow.ip_ttl);
  out.raw(flow.src_addr, 16);
  out.raw(flow.dst_addr, 16);
}

void write_transport(ByteWriter& out, const FlowRecord& flow, std::size_t length) {
  if (is_icmp(flow)) {
    out.be(flow.icmp_type);
    out.be(flow.icmp_code);
    out.zeros(6);
    return;
  }
  out.be(flow.src_port);
  out.be(flow.dst_port);
  if (flow.proto == kUdp) {
    out.be(static_cast<std::uint16_t>(length));
    out.zeros(2);
    return;
  }
  const std::uint32_t number = flow.fragment_id * 2654435761U;
  out.be(number);
  out.be(flow.tcp_flags & 0x10 ? ~number : 0U);
  out.be(static_cast<std::uint16_t>(5U << 12 | (flow.tcp_flags & 0xfffU)));
  out.be<std::uint16_t>(64240);  // window
  out.zeros(4);
}

}  // namespace

std::size_t link_header_bytes(const FlowRecord& flow) { return kEthernet + (flow.vlan_id != 0 ? kTag : 0); }

std::size_t min_frame_bytes(const FlowRecord& flow) {
  return link_header_bytes(flow) + network_bytes(flow) + transport_bytes(flow);
}

void write_frame(ByteWriter& out, const FlowRecord& flow, std::size_t frame, std::size_t sampled) {
  std::array<std::byte, kMaxHeaders> headers;
  ByteWriter head(headers);
  const std::size_t total = frame - link_header_bytes(flow);
  write_ethernet(head, flow);
  if (is_ipv6(flow))
    write_ipv6(head, flow, total);
  else
    write_ipv4(head, flow, total);
  write_transport(head, flow, total - network_bytes(flow));
  const std::size_t shown = std::min(head.size(), sampled);
  out.raw(head.written().first(shown));
  out.zeros(sampled - shown);
}

std::uint16_t internet_checksum(Bytes bytes, std::uint32_t sum) {
  std::size_t i = 0;
  for (; i + 1 < bytes.size(); i += 2) sum += load_be<std::uint16_t>(bytes.data() + i);
  if (i < bytes.size()) sum += std::to_integer<std::uint32_t>(bytes[i]) << 8;
  while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<std::uint16_t>(~sum);
}

}  // namespace sluice::generate
