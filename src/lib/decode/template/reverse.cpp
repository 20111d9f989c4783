#include "decode/template/reverse.hpp"

#include <utility>

#include "decode/finish.hpp"

namespace sluice::decode {
namespace {

template <class Field>
void swap_fields(FlowExtras& extras, const FlowExtras& from, Field a, Field b) {
  if (from.has(a)) extras.set(b, from.get(a));
  if (from.has(b)) extras.set(a, from.get(b));
}

void reverse_extras(const FlowExtras& from, FlowExtras& extras) {
  swap_fields(extras, from, ExtraScalar::ingress_vrf_id, ExtraScalar::egress_vrf_id);
  swap_fields(extras, from, ExtraScalar::post_nat_src_port, ExtraScalar::post_nat_dst_port);
  swap_fields(extras, from, ExtraScalar::in_phys_if, ExtraScalar::out_phys_if);
  swap_fields(extras, from, ExtraAddress::post_nat_src_addr, ExtraAddress::post_nat_dst_addr);
  swap_fields(extras, from, ExtraText::in_if_name, ExtraText::out_if_name);
  swap_fields(extras, from, ExtraText::in_if_description, ExtraText::out_if_description);
  swap_fields(extras, from, ExtraText::ingress_vrf_name, ExtraText::egress_vrf_name);
  for (const auto same : {ExtraScalar::flow_id, ExtraScalar::nat_event, ExtraScalar::firewall_event,
                          ExtraScalar::observation_point_id})
    if (from.has(same)) extras.set(same, from.get(same));
  for (const auto same : {ExtraText::application_id, ExtraText::application_name, ExtraText::user_name})
    if (from.has(same)) extras.set(same, from.get(same));
  // What they mean is the user's; most say something about both directions (a policy, a customer).
  if (const UserValues* user = from.user()) extras.user() = *user;
}

/// Everything of the flow itself; the extras are the caller's.
void reverse_record(FlowRecord& flow, const Scratch& scratch) {
  const IpAddress source = flow.source();
  flow.set_source(flow.destination());
  flow.set_destination(source);
  flow.set_next_hop({});
  std::swap(flow.src_port, flow.dst_port);
  std::swap(flow.src_as, flow.dst_as);
  std::swap(flow.src_net, flow.dst_net);
  std::swap(flow.src_mac, flow.dst_mac);
  std::swap(flow.in_if, flow.out_if);
  std::swap(flow.src_vlan, flow.dst_vlan);
  flow.bytes = scratch.reverse_octets;
  flow.packets = scratch.reverse_packets;
  flow.ip_tos = scratch.reverse_tos;
  flow.tcp_flags = scratch.reverse_tcp_flags;
  // The type that came back is in what was the source port, where the exporter says it at all.
  flow.icmp_type = flow.icmp_code = 0;
  unpack_icmp(flow, flow.dst_port, false);
}

}  // namespace

bool add_reverse_flow(std::size_t index, const Scratch& scratch, FlowBatch& batch) {
  const FlowRecord there = batch.flows()[index];
  const bool only_back = there.bytes == 0 && there.packets == 0;
  FlowRecord& back = only_back ? batch.flows()[index] : batch.append_one();
  back = there;
  reverse_record(back, scratch);
  back.extras = kNoExtras;
  if (const FlowExtras* extras = batch.extras_of(there)) reverse_extras(*extras, batch.extras(back));
  return !only_back;
}

}  // namespace sluice::decode
