#include "decode/template/encapsulation.hpp"

#include <algorithm>
#include <iterator>

#include "decode/finish.hpp"
#include "decode/inner_packet.hpp"
#include "flow/field_rows.hpp"

namespace sluice::decode {
namespace {

constexpr std::uint16_t kSource = field_number("src_addr"), kDestination = field_number("dst_addr"),
                        kProtocol = field_number("proto");

/// What has a field for the inner packet too. It tells two packets apart.
constexpr std::uint16_t kTold[] = {kProtocol, field_number("ip_tos"), field_number("src_port"),
                                   field_number("dst_port")};
/// What else is of a packet's headers.
constexpr std::uint16_t kHeaders[] = {field_number("ip_ttl"),          field_number("tcp_flags"),
                                      field_number("ipv6_flow_label"), field_number("fragment_id"),
                                      field_number("icmp_type"),       field_number("icmp_code")};
constexpr std::uint16_t kMasks[] = {field_number("src_net"), field_number("dst_net")};
constexpr std::uint16_t kLink[] = {field_number("src_mac"),          field_number("dst_mac"),
                                   field_number("vlan_id"),          field_number("dst_vlan"),
                                   field_number("customer_vlan_id"), field_number("post_customer_vlan_id"),
                                   field_number("vlan_priority")};

using Steps = std::span<const Step>;

bool among(const Step& step, std::span<const std::uint16_t> numbers) {
  return std::ranges::find(numbers, step.element->number) != numbers.end();
}

bool is_address(const Step& step) {
  return step.store == StoreTo::record_address &&
         (step.element->number == kSource || step.element->number == kDestination);
}

bool tells_packets_apart(const Step& step) {
  return is_address(step) || (step.store == StoreTo::record_integer && among(step, kTold));
}

bool has(Steps steps, const ElementInfo* element) {
  return std::ranges::any_of(steps, [=](const Step& s) { return s.element == element; });
}

bool has(Steps steps, std::uint16_t number) {
  return std::ranges::any_of(steps, [=](const Step& s) { return s.element->number == number; });
}

bool has_pair(Steps steps) {
  const auto address = [&](std::uint16_t number) {
    return std::ranges::any_of(steps,
                               [=](const Step& s) { return is_address(s) && s.element->number == number; });
  };
  return address(kSource) && address(kDestination);
}

/// Where the second packet would begin: with the first element that is there again, or with an address behind
/// what closes a first pair of them.
std::size_t second_packet(Steps steps) {
  bool closed = false;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const Step& step = steps[i];
    if (!tells_packets_apart(step)) continue;
    if (has(steps.first(i), step.element) || (closed && is_address(step))) return i;
    closed |= !is_address(step) && has_pair(steps.first(i));
  }
  return steps.size();
}

bool is_tunnel(Steps outer, Steps inner) {
  return has_pair(outer) && has_pair(inner) && std::ranges::any_of(inner, [&](const Step& s) {
           return tells_packets_apart(s) && has(outer, s.element);
         });
}

/// A prefix length says by its element whose addresses it belongs to.
Family family_of(const Step& step) {
  if (!among(step, kMasks)) return step.element->family;
  const bool v4 = step.element->id == 9 || step.element->id == 13;
  return v4 ? Family::ipv4 : Family::ipv6;
}

bool has_family(Steps steps, Family family) {
  return std::ranges::any_of(steps,
                             [=](const Step& s) { return is_address(s) && s.element->family == family; });
}

enum class Goes { outer, inner, nowhere };

/// Of one of all steps; `before` are those in front of it.
Goes place_of(const Step& step, Steps before, Steps outer, Steps inner) {
  const bool behind = before.size() >= outer.size();
  const bool again = behind && has(outer, step.element);
  if (among(step, kMasks)) {
    const bool of_inner = has_family(inner, family_of(step)) && !has_family(outer, family_of(step));
    return again || of_inner ? Goes::inner : Goes::outer;
  }
  // Those of the inner packet may stand in front of its addresses.
  if (among(step, kLink)) return has(before, step.element) ? Goes::nowhere : Goes::outer;
  if (!behind) return Goes::outer;
  if (is_address(step)) return Goes::inner;
  if (step.store == StoreTo::record_integer && (among(step, kTold) || among(step, kHeaders))) {
    // Ports behind the inner protocol are its own, though the tunnel has none.
    const bool its_own = among(step, kTold) && has(outer, kProtocol) && has(inner, kProtocol) &&
                         !has(outer, step.element->number);
    return again || its_own ? Goes::inner : Goes::outer;
  }
  return Goes::outer;
}

bool zero(const FlowRecord& flow) { return flow.source().all_zero() && flow.destination().all_zero(); }

bool tells_of_two(const FlowRecord& outer, const FlowRecord& inner) {
  return !zero(outer) && !zero(inner) &&
         (outer.source() != inner.source() || outer.destination() != inner.destination());
}

template <class T>
void fill(T& place, T value) {
  if (place == 0) place = value;
}

/// What a record of one packet says once more.
void fill_up(const FlowRecord& again, FlowRecord& flow) {
  if (flow.source().all_zero() && !again.source().all_zero()) flow.set_source(again.source());
  if (flow.destination().all_zero() && !again.destination().all_zero())
    flow.set_destination(again.destination());
  fill(flow.proto, again.proto);
  fill(flow.ip_tos, again.ip_tos);
  fill(flow.src_port, again.src_port);
  fill(flow.dst_port, again.dst_port);
  fill(flow.src_net, again.src_net);
  fill(flow.dst_net, again.dst_net);
  fill(flow.ip_ttl, again.ip_ttl);
  fill(flow.tcp_flags, again.tcp_flags);
  fill(flow.ipv6_flow_label, again.ipv6_flow_label);
  fill(flow.fragment_id, again.fragment_id);
  fill(flow.icmp_type, again.icmp_type);
  fill(flow.icmp_code, again.icmp_code);
}

/// The flow becomes the one of `packet`; of what that does not say, the headers of the other stay.
void take_packet(FlowRecord packet, FlowRecord& flow) {
  const FlowRecord other = flow;
  fill(packet.ip_ttl, other.ip_ttl);
  fill(packet.tcp_flags, other.tcp_flags);
  fill(packet.ipv6_flow_label, other.ipv6_flow_label);
  fill(packet.fragment_id, other.fragment_id);
  fill(packet.icmp_type, other.icmp_type);
  fill(packet.icmp_code, other.icmp_code);
  flow.set_source(packet.source());
  flow.set_destination(packet.destination());
  flow.etype = packet.etype;
  flow.proto = packet.proto;
  flow.ip_tos = packet.ip_tos;
  flow.src_port = packet.src_port;
  flow.dst_port = packet.dst_port;
  flow.src_net = packet.src_net;
  flow.dst_net = packet.dst_net;
  flow.ip_ttl = packet.ip_ttl;
  flow.tcp_flags = packet.tcp_flags;
  flow.ipv6_flow_label = packet.ipv6_flow_label;
  flow.fragment_id = packet.fragment_id;
  flow.icmp_type = packet.icmp_type;
  flow.icmp_code = packet.icmp_code;
}

}  // namespace

std::vector<Step> take_inner_steps(std::vector<Step>& steps) {
  const Steps all(steps);
  const std::size_t begin = second_packet(all);
  const Steps outer = all.first(begin), inner = all.subspan(begin);
  if (!is_tunnel(outer, inner)) return {};
  std::vector<Step> out, in;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const Goes where = place_of(all[i], all.first(i), outer, inner);
    if (where == Goes::outer) out.push_back(all[i]);
    if (where == Goes::inner) in.push_back(all[i]);
  }
  steps = std::move(out);
  return in;
}

void settle_packets(std::span<FlowRecord> flows, std::span<FlowRecord> inner, std::span<Scratch> scratch,
                    Decapsulate decapsulate, FlowBatch& batch) {
  for (std::size_t i = 0; i < flows.size(); ++i) {
    if (!tells_of_two(flows[i], inner[i])) {
      fill_up(inner[i], flows[i]);
      continue;
    }
    if (!scratch.empty()) scratch[i].ip_version = 0;  // of one of the two; each has its addresses
    flows[i].etype = ethertype_of(flows[i], 0);
    inner[i].etype = ethertype_of(inner[i], 0);
    if (decapsulate == Decapsulate::outer) {
      keep_inner(inner[i], batch.extras(flows[i]));
      continue;
    }
    keep_inner(flows[i], batch.extras(flows[i]));
    take_packet(inner[i], flows[i]);
  }
}

}  // namespace sluice::decode
