#include "decode/template/reverse.hpp"

#include <algorithm>
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
  swap_fields(extras, from, ExtraAddress::inner_src_addr, ExtraAddress::inner_dst_addr);
  swap_fields(extras, from, ExtraScalar::inner_src_port, ExtraScalar::inner_dst_port);
  swap_fields(extras, from, ExtraText::in_if_name, ExtraText::out_if_name);
  swap_fields(extras, from, ExtraText::in_if_description, ExtraText::out_if_description);
  swap_fields(extras, from, ExtraText::ingress_acl_id, ExtraText::egress_acl_id);
  swap_fields(extras, from, ExtraText::ingress_vrf_name, ExtraText::egress_vrf_name);
  for (const auto same : {ExtraScalar::flow_id, ExtraScalar::nat_event, ExtraScalar::firewall_event,
                          ExtraScalar::observation_point_id, ExtraScalar::inner_proto,
                          ExtraScalar::inner_etype, ExtraScalar::nat_port_start, ExtraScalar::nat_port_end,
                          ExtraScalar::nat_port_step, ExtraScalar::nat_port_count, ExtraScalar::nat_pool_id,
                          ExtraScalar::station_mac, ExtraScalar::access_point_mac, ExtraScalar::engine_type,
                          ExtraScalar::engine_id, ExtraScalar::flow_count, ExtraScalar::biflow_direction,
                          ExtraScalar::firewall_event_code, ExtraScalar::http_status})
    if (from.has(same)) extras.set(same, from.get(same));
  for (const auto same : {ExtraText::application_id, ExtraText::application_name, ExtraText::user_name,
                          ExtraText::nat_pool_name, ExtraText::wlan_ssid, ExtraText::http_host,
                          ExtraText::http_url, ExtraText::acl_name})
    if (from.has(same)) extras.set(same, from.get(same));
  for (const auto same : {ExtraAddress::original_exporter_address, ExtraAddress::station_address})
    if (from.has(same)) extras.set(same, from.get(same));
  // What they mean is the user's; most say something about both directions (a policy, a customer).
  if (const UserValues* user = from.user()) extras.user() = *user;
}

/// What comes in at one side of the box goes out at the other.
FlowDirection opposite(FlowDirection direction) {
  switch (direction) {
    case FlowDirection::ingress:
      return FlowDirection::egress;
    case FlowDirection::egress:
      return FlowDirection::ingress;
    case FlowDirection::unknown:
      break;
  }
  return FlowDirection::unknown;
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
  flow.flow_direction = opposite(flow.flow_direction);
  flow.ip_tos = 0;
  flow.tcp_flags = 0;
  // The type that came back is in what was the source port, where the exporter says it at all.
  flow.icmp_type = flow.icmp_code = 0;
  unpack_icmp(flow, flow.dst_port, false);
}

/// Of the steps that fill only what is empty.
void make_room(const Step& step, FlowBatch& batch, FlowRecord& back) {
  if (step.store == StoreTo::extra_address)
    batch.extras(back).set(static_cast<ExtraAddress>(step.target), IpAddress{});
  if (step.element->action == Action::vlan) back.vlan_id = back.src_vlan = 0;
  if (step.element->action == Action::exception_code) back.forwarding_status = 0;
}

/// An address of zeros says that there is none, and the one of the way there is the better guess.
bool says_nothing(const Step& step, Bytes value) {
  const bool address = step.store == StoreTo::record_address || step.store == StoreTo::extra_address;
  return address && std::ranges::all_of(value, [](std::byte b) { return b == std::byte{}; });
}

}  // namespace

std::uint64_t say_reverse(const ReversePlan& plan, std::span<const Bytes> values, FlowBatch& batch,
                          FlowRecord& back) {
  const auto speak = [&](const auto& say) {
    for (const Step& step : plan.steps)
      if (!says_nothing(step, values[step.field])) say(step);
  };
  Scratch said{};
  speak([&](const Step& step) { make_room(step, batch, back); });
  speak([&](const Step& step) { run_step(step, values[step.field], batch, back, said); });
  if (back.etype == 0) back.etype = ethertype_of(back, 0);
  if (said.icmp_type_code != 0) {
    back.icmp_type = back.icmp_code = 0;
    unpack_icmp(back, said.icmp_type_code, false);
  }
  return said.duration_us;
}

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
