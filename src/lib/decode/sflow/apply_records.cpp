// From what the records said to the fields of a flow.
#include "decode/sflow/flow_records.hpp"
#include "sluice/decode/packet.hpp"

namespace sluice::decode::sflow {
namespace {

std::optional<FirstHeader> first_header(std::uint32_t protocol) {
  switch (protocol) {
    case 1:
      return FirstHeader::ethernet;
    case 7:
    case 14:
      return FirstHeader::ppp;  // PPP, and packet over SONET (RFC 2615)
    case 11:
      return FirstHeader::ipv4;
    case 12:
      return FirstHeader::ipv6;
    case 13:
      return FirstHeader::mpls;
    default:
      return std::nullopt;
  }
}

// Some agents say "not known" by all bits set.
std::uint16_t vlan_or_zero(std::uint32_t value) {
  return value <= 0xfff ? static_cast<std::uint16_t>(value) : 0;
}
std::uint8_t prefix_or_zero(std::uint32_t length) {
  return length <= 128 ? static_cast<std::uint8_t>(length) : 0;
}

void apply_ip(const SampledIp& ip, FlowRecord& flow) {
  flow.etype = ip.etype;
  flow.proto = static_cast<std::uint8_t>(ip.protocol);
  flow.set_source(ip.source);
  flow.set_destination(ip.destination);
  flow.src_port = static_cast<std::uint16_t>(ip.src_port);
  flow.dst_port = static_cast<std::uint16_t>(ip.dst_port);
  flow.tcp_flags = ip.tcp_flags & 0x1ff;
  flow.ip_tos = static_cast<std::uint8_t>(ip.tos);
}

}  // namespace

void FlowRecords::apply(FlowBatch& batch, FlowRecord& flow, const UserFields* user_fields) {
  flow.bytes = bytes();
  apply_packet(batch, flow, user_fields);
  if (how_.ip_bytes)
    if (const std::uint64_t length = ip_bytes(batch.extras_of(flow))) flow.bytes = length;
  if (switch_) apply_switch(batch, flow);
  if (router_) {
    flow.set_next_hop(router_->next_hop);
    flow.src_net = prefix_or_zero(router_->src_mask_length);
    flow.dst_net = prefix_or_zero(router_->dst_mask_length);
  }
  if (gateway_.present) apply_gateway(batch, flow);
  if (extended_.any()) extended_.apply(batch, flow);
}

// The frame's length beats that of the layers in it; a 0 stands for nothing.
std::uint64_t FlowRecords::bytes() const {
  if (raw_ && raw_->frame_length) return raw_->frame_length;
  if (ethernet_ && ethernet_->length) return ethernet_->length;
  return ip_ ? ip_->length : 0;
}

// What the outermost IP header says of its packet's length; where it says 0 (segmentation offload), the
// frame's without what lies below. 0 where there is no IP packet.
std::uint64_t FlowRecords::ip_bytes(const FlowExtras* layers) const {
  if (!raw_ || !layers) return ip_ ? ip_->length : 0;
  std::size_t below = 0;
  const auto& stack = layers->list(ExtraList::layer_stack);
  for (std::size_t i = 0; i < stack.size(); ++i) {
    const auto layer = static_cast<Layer>(stack[i]);
    if (layer == Layer::ipv4 || layer == Layer::ipv6) {
      ByteReader in(raw_->header);
      in.skip(below + (layer == Layer::ipv4 ? 2 : 4));
      const std::size_t said = in.be<std::uint16_t>();
      if (said != 0) return layer == Layer::ipv4 ? said : said + 40;
      const std::size_t rest = below + raw_->stripped;
      return raw_->frame_length > rest ? raw_->frame_length - rest : 0;
    }
    below += layers->list(ExtraList::layer_size)[i];
  }
  return ip_ ? ip_->length : 0;
}

// Some agents send the same packet as a raw header and as sampled Ethernet and IPv4 records. The header knows
// most; the others fill in where it has nothing.
void FlowRecords::apply_packet(FlowBatch& batch, FlowRecord& flow, const UserFields* user_fields) const {
  if (raw_)
    if (const auto first = first_header(raw_->protocol))
      parse_packet(*first, raw_->header, batch, flow, user_fields, how_.decapsulate);
  if (ip_ && flow.src_addr_size == 0) apply_ip(*ip_, flow);
  if (!ethernet_) return;
  if (flow.src_mac == 0 && flow.dst_mac == 0) {
    flow.src_mac = ethernet_->src_mac;
    flow.dst_mac = ethernet_->dst_mac;
  }
  if (flow.etype == 0) flow.etype = static_cast<std::uint16_t>(ethernet_->type);
}

// The priority of a tag in the sampled packet itself is the better witness.
void FlowRecords::apply_switch(FlowBatch& batch, FlowRecord& flow) const {
  flow.src_vlan = vlan_or_zero(switch_->src_vlan);
  flow.dst_vlan = vlan_or_zero(switch_->dst_vlan);
  constexpr std::uint32_t kHighestPriority = 7;
  if (switch_->src_priority > kHighestPriority) return;
  FlowExtras& extras = batch.extras(flow);
  if (!extras.has(ExtraScalar::vlan_priority)) extras.set(ExtraScalar::vlan_priority, switch_->src_priority);
}

// An empty path means that the destination is in the router's own AS; so does source AS 0 for the source.
void FlowRecords::apply_gateway(FlowBatch& batch, FlowRecord& flow) {
  FlowExtras& extras = batch.extras(flow);
  flow.src_as = gateway_.src_as ? gateway_.src_as : gateway_.as;
  flow.dst_as = gateway_.as_path.empty() ? gateway_.as : gateway_.as_path.back();
  if (!gateway_.as_path.empty()) extras.set(ExtraScalar::next_hop_as, gateway_.as_path.front());
  if (gateway_.src_peer_as) extras.set(ExtraScalar::src_peer_as, gateway_.src_peer_as);
  if (!gateway_.next_hop.empty()) extras.set(ExtraAddress::bgp_next_hop, gateway_.next_hop);
  extras.set(ExtraScalar::local_pref, gateway_.local_pref);
  extras.list(ExtraList::as_path).swap(gateway_.as_path);
  extras.list(ExtraList::bgp_communities).swap(gateway_.communities);
}

}  // namespace sluice::decode::sflow
