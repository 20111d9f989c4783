#include "generate/as_decoded.hpp"

#include "generate/flow_wire.hpp"
#include "generate/netflow5_writer.hpp"
#include "generate/packet_writer.hpp"
#include "generate/sflow_writer.hpp"

namespace sluice::generate {
namespace {

std::uint32_t as16(std::uint32_t as) { return as > 0xffff ? Netflow5Writer::kAsTrans : as; }

void forget_packet_fields(FlowRecord& flow) {
  flow.ip_flags = 0;
  flow.fragment_id = 0;
}

void as_netflow5(FlowRecord& flow) {
  forget_packet_fields(flow);
  flow.in_if = narrow16(flow.in_if);
  flow.out_if = narrow16(flow.out_if);
  flow.src_as = as16(flow.src_as);
  flow.dst_as = as16(flow.dst_as);
  if (is_icmp(flow)) flow.dst_port = icmp_word(flow);
  flow.src_mac = flow.dst_mac = 0;
  flow.vlan_id = flow.src_vlan = flow.dst_vlan = 0;
  flow.ip_ttl = flow.forwarding_status = flow.flow_end_reason = 0;
  flow.flow_direction = FlowDirection::unknown;
}

void add_layer(FlowExtras& extras, Layer layer, std::uint32_t bytes) {
  extras.list(ExtraList::layer_stack).push_back(static_cast<std::uint32_t>(layer));
  extras.list(ExtraList::layer_size).push_back(bytes);
}

void add_layers(FlowExtras& extras, const FlowRecord& flow) {
  const bool ipv6 = is_ipv6(flow);
  add_layer(extras, Layer::ethernet, 14);
  if (flow.vlan_id != 0) add_layer(extras, Layer::dot1q, 4);
  add_layer(extras, ipv6 ? Layer::ipv6 : Layer::ipv4, ipv6 ? 40 : 20);
  if (flow.proto == kTcp) add_layer(extras, Layer::tcp, 20);
  if (flow.proto == kUdp) add_layer(extras, Layer::udp, 8);
  if (is_icmp(flow)) add_layer(extras, ipv6 ? Layer::icmpv6 : Layer::icmp, 8);
}

void as_sflow(FlowRecord& flow, FlowBatch& batch) {
  flow.forwarding_status = flow.flow_end_reason = 0;
  flow.flow_direction = FlowDirection::unknown;
  flow.time_flow_start_ns = flow.time_flow_end_ns = batch.current_origin().time_received_ns;
  const Gateway gateway = gateway_of(flow);
  FlowExtras& extras = batch.extras(flow);
  extras.set(ExtraScalar::vlan_priority, 0);
  extras.set(ExtraScalar::local_pref, gateway.local_pref);
  extras.set(ExtraAddress::bgp_next_hop, flow.next_hop_address());
  if (gateway.src_peer_as) extras.set(ExtraScalar::src_peer_as, gateway.src_peer_as);
  if (gateway.as_path_size) extras.set(ExtraScalar::next_hop_as, gateway.as_path[0]);
  extras.list(ExtraList::as_path)
      .assign(gateway.as_path.begin(),
              gateway.as_path.begin() + static_cast<std::ptrdiff_t>(gateway.as_path_size));
  extras.list(ExtraList::bgp_communities).assign(gateway.communities.begin(), gateway.communities.end());
  add_layers(extras, flow);
}

}  // namespace

void append_as_decoded(FlowType protocol, const FlowRecord& sent, std::uint32_t sampling, FlowBatch& batch) {
  FlowRecord& flow = batch.append_one();
  const auto origin = flow.origin;
  flow = sent;
  flow.origin = origin;
  flow.extras = kNoExtras;
  flow.sampling_rate = sampling;
  const bool by_options = protocol == FlowType::netflow9 || protocol == FlowType::ipfix;
  flow.sampling_rate_source = sampling == 0 ? SamplingRateSource::unknown
                              : by_options  ? SamplingRateSource::options
                                            : SamplingRateSource::header;
  switch (protocol) {
    case FlowType::sflow5:
      return as_sflow(flow, batch);
    case FlowType::netflow5:
      return as_netflow5(flow);
    case FlowType::netflow9:
      flow.flow_end_reason = 0;
      [[fallthrough]];
    case FlowType::ipfix:
      return forget_packet_fields(flow);
    case FlowType::unknown:
      break;
  }
}

}  // namespace sluice::generate
