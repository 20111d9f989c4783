#include "filter/quantity.hpp"

#include <algorithm>
#include <vector>

#include "filter/words.hpp"
#include "flow/columns.hpp"

namespace sluice::filter {
namespace {

constexpr Quantity kDerived[] = {
    {.name = "bytes", .derived = Derived::bytes, .unit = "bytes"},
    {.name = "packets", .derived = Derived::packets, .unit = "packets"},
    {.name = "flows", .derived = Derived::flows, .unit = "flows"},
    {.name = "duration", .derived = Derived::duration, .unit = "ms"},
    {.name = "pps", .derived = Derived::pps, .unit = "packets/s"},
    {.name = "bps", .derived = Derived::bps, .unit = "bits/s"},
    {.name = "bpp", .derived = Derived::bpp, .unit = "bytes"},
};

/// The fields that a derived quantity has taken the name of: as the exporter counted, not corrected.
struct Renamed {
  std::string_view field, name;
};
constexpr Renamed kRenamed[] = {{"bytes", "bytes_sampled"}, {"packets", "packets_sampled"}};

/// Other spellings: Akvorado's names, and those that fingers type.
constexpr Renamed kAliases[] = {
    {"src_addr", "srcaddr"},
    {"dst_addr", "dstaddr"},
    {"src_port", "srcport"},
    {"dst_port", "dstport"},
    {"src_as", "srcas"},
    {"dst_as", "dstas"},
    {"src_net", "srcnetmask"},
    {"dst_net", "dstnetmask"},
    {"sampler_address", "exporteraddress"},
    {"exporter_name", "exportername"},
    {"in_if", "inif"},
    {"out_if", "outif"},
    {"in_if_name", "inifname"},
    {"out_if_name", "outifname"},
    {"in_if_description", "inifdescription"},
    {"out_if_description", "outifdescription"},
    {"src_vlan", "srcvlan"},
    {"dst_vlan", "dstvlan"},
    {"src_mac", "srcmac"},
    {"dst_mac", "dstmac"},
    {"tcp_flags", "tcpflags"},
    {"etype", "ethertype"},
    {"forwarding_status", "forwardingstatus"},
    {"ip_ttl", "ipttl"},
    {"ip_tos", "iptos"},
    {"next_hop", "nexthop"},
    {"icmp_type", "icmpv4type"},
    {"icmp_code", "icmpv4code"},
    {"sampling_rate", "samplingrate"},
    {"ip_ttl", "ttl"},
    {"as_path", "dstaspath"},
    {"bgp_communities", "dstcommunities"},
};

/// What is not told by the first word of a name, src or dst, in or out and so on.
constexpr Renamed kOpposites[] = {
    {"src", "dst"},
    {"in", "out"},
    {"prev", "next"},
    {"ingress", "egress"},
};

Kind kind_of(const FieldInfo& field) {
  switch (field.kind) {
    case FieldKind::flow_type:
    case FieldKind::direction:
    case FieldKind::rate_source:
      return Kind::words;
    case FieldKind::time_ns:
      return Kind::time;
    case FieldKind::mac:
      return Kind::mac;
    case FieldKind::address:
      return Kind::address;
    case FieldKind::raw:
    case FieldKind::text:
      return Kind::text;
    case FieldKind::uint32_list:
    case FieldKind::layer_list:
      return Kind::numbers;
    case FieldKind::address_list:
      return Kind::addresses;
    case FieldKind::uint32:
    case FieldKind::uint64:
      break;
  }
  if (field.name == "tcp_flags") return Kind::flags;
  return has_words(field.name) ? Kind::words : Kind::number;
}

/// What the field can hold: the width of the record's member, else of the message's type.
std::uint64_t greatest_of(const FieldInfo& field) {
  if (field.kind == FieldKind::mac) return 0xffffffffffffULL;
  // The tables' times are signed.
  if (field.kind == FieldKind::time_ns) return std::numeric_limits<std::int64_t>::max();
  if (field.home == FieldHome::record && field.width > 0 && field.width < 8)
    return (std::uint64_t{1} << (8 * field.width)) - 1;
  if (field.kind == FieldKind::uint32 || field.kind == FieldKind::uint32_list)
    return std::numeric_limits<std::uint32_t>::max();
  return std::numeric_limits<std::uint64_t>::max();
}

std::string_view name_of(const FieldInfo& field) {
  for (const Renamed& renamed : kRenamed)
    if (field.name == renamed.field) return renamed.name;
  return column_name(field);
}

std::vector<Quantity> make() {
  std::vector<Quantity> out(std::begin(kDerived), std::end(kDerived));
  for (const FieldInfo& field : flow_fields())
    out.push_back({.name = name_of(field),
                   .kind = kind_of(field),
                   .field = &field,
                   .greatest = greatest_of(field),
                   .unit = field.unit});
  return out;
}

const Quantity* by_name(std::string_view name) {
  const auto all = quantities();
  const auto it =
      std::find_if(all.begin(), all.end(), [name](const Quantity& q) { return same_word(q.name, name); });
  return it == all.end() ? nullptr : &*it;
}

/// The name with one of its words between underscores exchanged; "" where none of them has an opposite.
std::string opposite(std::string_view name) {
  for (std::size_t from = 0; from <= name.size();) {
    const std::size_t to = std::min(name.find('_', from), name.size());
    const std::string_view word = name.substr(from, to - from);
    for (const Renamed& pair : kOpposites) {
      if (word != pair.field && word != pair.name) continue;
      const std::string_view other = word == pair.field ? pair.name : pair.field;
      return std::string(name.substr(0, from)) + std::string(other) + std::string(name.substr(to));
    }
    from = to + 1;
  }
  return {};
}

std::uint64_t times_rate(std::uint64_t count, const FlowRecord& flow) {
  // The tables cap a rate that no exporter can mean in the same way, so that nothing wraps.
  const std::uint64_t rate =
      std::clamp<std::uint64_t>(flow.sampling_rate, 1, std::numeric_limits<std::uint32_t>::max());
  std::uint64_t product = 0;
  return __builtin_mul_overflow(count, rate, &product) ? std::numeric_limits<std::uint64_t>::max() : product;
}

std::uint64_t duration_ms(const FlowRecord& flow) {
  if (flow.time_flow_end_ns <= flow.time_flow_start_ns || flow.time_flow_start_ns == 0) return 0;
  return flow.time_flow_end_ns / 1'000'000 - flow.time_flow_start_ns / 1'000'000;
}

/// `count` times `scale` over the flow's duration.
std::uint64_t rate_of(std::uint64_t count, unsigned scale, const FlowRecord& flow) {
  const std::uint64_t ms = duration_ms(flow);
  if (ms == 0) return 0;
  std::uint64_t product = 0;
  return __builtin_mul_overflow(count, scale, &product) ? count / ms * scale : product / ms;
}

std::uint64_t derived_of(Derived derived, const FlowRecord& flow) {
  const std::uint64_t bytes = times_rate(flow.bytes, flow), packets = times_rate(flow.packets, flow);
  switch (derived) {
    case Derived::bytes:
      return bytes;
    case Derived::packets:
      return packets;
    case Derived::flows:
      return 1;
    case Derived::duration:
      return duration_ms(flow);
    case Derived::pps:
      return rate_of(packets, 1000, flow);
    case Derived::bps:
      return rate_of(bytes, 8000, flow);
    case Derived::bpp:
      return packets == 0 ? 0 : bytes / packets;
    case Derived::none:
      break;
  }
  return 0;
}

}  // namespace

std::span<const Quantity> quantities() {
  static const std::vector<Quantity> all = make();
  return all;
}

const Quantity* find_quantity(std::string_view name) {
  if (const Quantity* found = by_name(name)) return found;
  for (const Renamed& alias : kAliases)
    if (same_word(alias.name, name)) return by_name(alias.field);
  return nullptr;
}

const Quantity* reversed(const Quantity& quantity) {
  const Quantity* other = by_name(opposite(quantity.name));
  return other == nullptr ? &quantity : other;
}

std::uint64_t number_of(const Quantity& quantity, const FlowBatch& batch, const FlowRecord& flow) {
  return quantity.field == nullptr ? derived_of(quantity.derived, flow)
                                   : integer_field(*quantity.field, batch, flow);
}

}  // namespace sluice::filter
