// What a step does with a value. The loops over a whole set are the hot path of NetFlow v9 and IPFIX.
#include <algorithm>
#include <cstring>

#include "decode/template/plan.hpp"
#include "decode/user_value.hpp"
#include "sluice/decode/packet.hpp"

namespace sluice::decode {
namespace {

constexpr std::uint64_t kLongestDurationMs = 1'000'000'000'000;  // longer ones are no duration

std::byte* member(FlowRecord& flow, std::size_t offset) {
  return reinterpret_cast<std::byte*>(&flow) + offset;
}

/// Bounded by the member's own width: a value of 0x180 in a one-byte member is its low byte, as in C.
void put_integer(FlowRecord& flow, const Step& step, std::uint64_t value) {
  std::uint64_t current = 0;
  if (step.fallback) {
    std::memcpy(&current, member(flow, step.target), step.width);
    if (current != 0) return;
    value <<= step.element->shift;
  }
  std::memcpy(member(flow, step.target), &value, step.width);
}

bool zero(const IpAddress& address) { return address.all_zero(); }

/// Two families in one template: the one that IE 60 names, else the one that is not zero.
bool replaces(const IpAddress& fresh, const IpAddress& current, std::uint8_t ip_version) {
  if (zero(fresh)) return current.empty();
  if (zero(current)) return true;
  return (ip_version == 6 && fresh.is_v6()) || (ip_version == 4 && fresh.is_v4());
}

void put_address(FlowRecord& flow, const Step& step, Bytes value, const Scratch& scratch) {
  auto* raw = reinterpret_cast<std::uint8_t*>(member(flow, step.target));
  auto& size = *reinterpret_cast<std::uint8_t*>(member(flow, step.size_target));
  const IpAddress fresh = IpAddress::from_bytes(value);
  if (step.fallback && !replaces(fresh, FlowRecord::address_of(raw, size), scratch.ip_version)) return;
  FlowRecord::set_address(fresh, raw, size);
}

/// Exporters that look into tunnels send these with every flow, as zeros where there is no tunnel.
bool is_of_inner_packet(ExtraAddress field) {
  return field == ExtraAddress::inner_src_addr || field == ExtraAddress::inner_dst_addr;
}

void put_extra_address(FlowBatch& batch, FlowRecord& flow, const Step& step, Bytes value,
                       const Scratch& scratch) {
  const auto field = static_cast<ExtraAddress>(step.target);
  const IpAddress fresh = IpAddress::from_bytes(value);
  if (zero(fresh) && is_of_inner_packet(field)) return;
  FlowExtras& extras = batch.extras(flow);
  if (!extras.has(field) || replaces(fresh, extras.get(field), scratch.ip_version)) extras.set(field, fresh);
}

void put_extra_integer(FlowExtras& extras, const Step& step, std::uint64_t value) {
  const auto field = static_cast<ExtraScalar>(step.target);
  if (step.fallback && extras.get(field) != 0) return;
  extras.set(field, value);
}

std::string_view chars(Bytes value) { return {reinterpret_cast<const char*>(value.data()), value.size()}; }

/// Text elements come padded with zeros in fixed-length fields (v9); the padding is not part of the text.
std::string_view unpadded(Bytes value) { return chars(value).substr(0, chars(value).find('\0')); }

void put_text(FlowExtras& extras, const Step& step, std::uint16_t target, std::string_view text) {
  const auto field = static_cast<ExtraText>(target);
  if (text.empty() || (step.fallback && extras.has(field))) return;
  extras.set(field, text);
}

std::uint64_t time_value(const Step& step, Bytes value) {
  if (step.unit != TimeUnit::seconds_and_us || value.size() != 16) return load_be_any(value);
  return load_be<std::uint64_t>(value.data()) * kNsPerSecond +
         load_be<std::uint64_t>(value.data() + 8) * kNsPerUs;
}

void put_mpls_label(FlowBatch& batch, FlowRecord& flow, Bytes value) {
  const auto raw = static_cast<std::uint32_t>(load_be_any(value));
  if (raw == 0) return;  // an empty place in the stack: some boxes send all ten
  FlowExtras& extras = batch.extras(flow);
  const bool with_ttl = value.size() == 4;
  extras.list(ExtraList::mpls_label).push_back(with_ttl ? raw >> 12 : raw >> 4);
  if (with_ttl) extras.list(ExtraList::mpls_ttl).push_back(raw & 0xffU);
}

void put_mpls_address(FlowBatch& batch, FlowRecord& flow, Bytes value) {
  const IpAddress address = IpAddress::from_bytes(value);
  if (!zero(address)) batch.extras(flow).list(ExtraAddressList::mpls_ip).push_back(address);
}

/// IE 351: encapsulation type in the highest byte (1 VXLAN, 2 NVGRE), whose identifiers have 24 bits.
void put_segment_id(FlowBatch& batch, FlowRecord& flow, std::uint64_t value) {
  const std::uint64_t type = value >> 56;
  const std::uint64_t id = type == 1 || type == 2 ? value & 0xffffffU : value & 0xffffffffU;
  batch.extras(flow).set(ExtraScalar::vni, id);
}

/// IPv6 addresses one after the other; an incomplete one at the end is no segment.
void put_segments(FlowBatch& batch, FlowRecord& flow, Bytes value) {
  constexpr std::size_t kSize = 16;
  if (value.size() < kSize) return;
  auto& list = batch.extras(flow).list(ExtraAddressList::ipv6_routing_addresses);
  if (!list.empty()) return;  // of several elements that tell the path, the first
  for (; value.size() >= kSize; value = value.subspan(kSize))
    list.push_back(IpAddress::from_bytes(value.first(kSize)));
}

/// The values of a list (RFC 6313 section 4.5.1) whose elements have `size` bytes, else nothing.
Bytes values_of_list(Bytes list, std::size_t size) {
  constexpr std::uint16_t kEnterpriseBit = 0x8000;
  ByteReader in(list);
  in.skip(1);  // semantic
  const bool enterprise = in.be<std::uint16_t>() & kEnterpriseBit;
  const std::size_t each = in.be<std::uint16_t>();
  if (enterprise) in.skip(4);
  return in.ok() && each == size ? in.rest() : Bytes{};
}

void put_communities(FlowBatch& batch, FlowRecord& flow, Bytes values) {
  constexpr std::size_t kSize = 4;
  for (; values.size() >= kSize; values = values.subspan(kSize))
    batch.extras(flow).list(ExtraList::bgp_communities).push_back(load_be<std::uint32_t>(values.data()));
}

/// RFC 8754 section 2: eight bytes, the fourth of which counts the segments that are left, then the segments;
/// the fifth is the index of the last, behind which options may follow.
void put_segment_header(FlowBatch& batch, FlowRecord& flow, Bytes value) {
  ByteReader in(value);
  in.skip(3);
  const auto left = in.be<std::uint8_t>();
  const std::size_t segments = in.be<std::uint8_t>() + std::size_t{1};
  in.skip(3);
  if (!in.ok()) return;
  FlowExtras& extras = batch.extras(flow);
  if (!extras.has(ExtraScalar::ipv6_routing_seg_left)) extras.set(ExtraScalar::ipv6_routing_seg_left, left);
  put_segments(batch, flow, in.rest().first(std::min(in.remaining(), segments * 16)));
}

/// Juniper's common properties: the kind in the high six bits; of kind 2 the rest is the forwarding
/// exception, 0 where the packet went through. The exporter's own forwarding status counts before.
void put_exception_code(FlowBatch& batch, FlowRecord& flow, std::uint64_t value) {
  constexpr std::uint64_t kExceptionCode = 2;
  constexpr std::uint8_t kForwarded = 1 << 6, kDropped = 2 << 6;  // RFC 7270 section 4.12
  if (value >> 10 != kExceptionCode) return;
  const std::uint64_t code = value & 0x3ffU;
  if (flow.forwarding_status == 0) flow.forwarding_status = code ? kDropped : kForwarded;
  if (code) batch.extras(flow).set(ExtraScalar::drop_reason, code);
}

double probability(Bytes value) {
  if (value.size() == 8) {
    const auto bits = load_be<std::uint64_t>(value.data());
    double out = 0;
    std::memcpy(&out, &bits, sizeof out);
    return out;
  }
  if (value.size() != 4) return 0;
  const auto bits = load_be<std::uint32_t>(value.data());
  float out = 0;
  std::memcpy(&out, &bits, sizeof out);
  return static_cast<double>(out);
}

void put_vlan(FlowRecord& flow, std::uint64_t value) {
  if (flow.vlan_id == 0) flow.vlan_id = static_cast<std::uint16_t>(value);
  if (flow.src_vlan == 0) flow.src_vlan = static_cast<std::uint16_t>(value);
}

FlowDirection direction(std::uint64_t value) {
  return value == 0 ? FlowDirection::ingress : value == 1 ? FlowDirection::egress : FlowDirection::unknown;
}

void parse_section(const Step& step, FirstHeader first, Bytes value, FlowBatch& batch, FlowRecord& flow,
                   Scratch& scratch) {
  if (value.empty()) return;
  scratch.has_packet |= parse_packet(first, value, batch, flow, step.user_fields, scratch.decapsulate);
}

/// Of several values for one purpose the first counts, and a later one where that is 0.
template <class To>
void fill(To& place, std::uint64_t value) {
  if (place == 0) place = static_cast<To>(value);
}

void run_scratch(const Step& step, Bytes value, FlowBatch& batch, FlowRecord& flow, Scratch& scratch) {
  const std::uint64_t number = value.size() <= 8 ? load_be_any(value) : 0;
  switch (step.element->action) {
    case Action::vlan:
      put_vlan(flow, number);
      break;
    case Action::direction:
      flow.flow_direction = direction(number);
      break;
    case Action::fragment_flags:
      if (!step.fallback || flow.ip_flags == 0)
        flow.ip_flags = static_cast<std::uint8_t>((number & 0xffU) >> 5);
      break;
    case Action::icmp_type_code:
      fill(scratch.icmp_type_code, number);
      break;
    case Action::mpls_label:
      put_mpls_label(batch, flow, value);
      break;
    case Action::mpls_address:
      put_mpls_address(batch, flow, value);
      break;
    case Action::segment_id:
      if (!step.fallback || batch.extras(flow).get(ExtraScalar::vni) == 0)
        put_segment_id(batch, flow, number);
      break;
    case Action::exception_code:
      put_exception_code(batch, flow, number);
      break;
    case Action::system_init_time:
      fill(scratch.system_init_ms, number);
      break;
    case Action::ip_version:
      fill(scratch.ip_version, number);
      break;
    case Action::sampler:
      fill(scratch.sampler, number);
      break;
    case Action::interval_34:
      fill(scratch.rates.interval_34, number);
      break;
    case Action::interval_50:
      fill(scratch.rates.interval_50, number);
      break;
    case Action::interval_305:
      fill(scratch.rates.interval_305, number);
      break;
    case Action::space_306:
      fill(scratch.rates.space_306, number);
      break;
    case Action::size_309:
      fill(scratch.rates.size_309, number);
      break;
    case Action::population_310:
      fill(scratch.rates.population_310, number);
      break;
    case Action::probability_311:
      if (scratch.rates.probability_311 == 0) scratch.rates.probability_311 = probability(value);
      break;
    case Action::chosen:
      if (!scratch.rates.part_said) scratch.rates.add_chosen(number);
      break;
    case Action::passed_over:
      if (!scratch.rates.rest_said) scratch.rates.add_passed_over(number);
      break;
    case Action::hash_output_min:
    case Action::hash_output_max:
      scratch.rates.add_hash_output(number, step.element->action == Action::hash_output_max);
      break;
    case Action::hash_selected_min:
    case Action::hash_selected_max:
      scratch.rates.add_hash_selected(number, step.element->action == Action::hash_selected_max);
      break;
    case Action::duration_ms:
      fill(scratch.duration_us, std::min(number, kLongestDurationMs) * 1000);
      break;
    case Action::duration_us:
      fill(scratch.duration_us, number);
      break;
    case Action::community:
      batch.extras(flow).list(ExtraList::bgp_communities).push_back(static_cast<std::uint32_t>(number));
      break;
    case Action::community_list:
      put_communities(batch, flow, values_of_list(value, 4));
      break;
    case Action::segment:
    case Action::segments:
      put_segments(batch, flow, value);
      break;
    case Action::segment_basic_list:
      put_segments(batch, flow, values_of_list(value, 16));
      break;
    case Action::segment_header:
      put_segment_header(batch, flow, value);
      break;
    case Action::reverse_octets:
      fill(scratch.reverse_octets, number);
      break;
    case Action::reverse_packets:
      fill(scratch.reverse_packets, number);
      break;
    case Action::frame_size:
      fill(scratch.frame_size, number);
      break;
    case Action::packet_ethernet:
      parse_section(step, FirstHeader::ethernet, value, batch, flow, scratch);
      break;
    case Action::packet_ip: {
      const bool v6 = !value.empty() && std::to_integer<unsigned>(value[0]) >> 4 == 6;
      parse_section(step, v6 ? FirstHeader::ipv6 : FirstHeader::ipv4, value, batch, flow, scratch);
      break;
    }
    case Action::none:  // no step comes here with these; named, so that the compiler asks after a new action
    case Action::store:
    case Action::time_start:
    case Action::time_end:
    case Action::time_both:
    case Action::count:
      break;
  }
}

/// The inner loops: source and target widths are compile-time constants, so each is a load, a byte swap and a
/// store a record.
template <class From, class To>
void copy_column(const std::byte* from, std::size_t stride, std::byte* to, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i, from += stride, to += sizeof(FlowRecord)) {
    const auto value = static_cast<To>(load_be<From>(from));
    std::memcpy(to, &value, sizeof value);
  }
}

template <class From>
bool copy_column_to(std::uint8_t width, const std::byte* from, std::size_t stride, std::byte* to,
                    std::size_t n) {
  switch (width) {
    case 1:
      copy_column<From, std::uint8_t>(from, stride, to, n);
      return true;
    case 2:
      copy_column<From, std::uint16_t>(from, stride, to, n);
      return true;
    case 4:
      copy_column<From, std::uint32_t>(from, stride, to, n);
      return true;
    case 8:
      copy_column<From, std::uint64_t>(from, stride, to, n);
      return true;
    default:
      return false;
  }
}

/// MAC addresses.
void copy_48_bits(const std::byte* from, std::size_t stride, std::byte* to, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i, from += stride, to += sizeof(FlowRecord)) {
    const std::uint64_t value =
        static_cast<std::uint64_t>(load_be<std::uint16_t>(from)) << 32 | load_be<std::uint32_t>(from + 2);
    std::memcpy(to, &value, sizeof value);
  }
}

bool copy_integers(const Step& step, const std::byte* from, std::size_t stride, std::byte* to,
                   std::size_t n) {
  switch (step.length) {
    case 1:
      return copy_column_to<std::uint8_t>(step.width, from, stride, to, n);
    case 2:
      return copy_column_to<std::uint16_t>(step.width, from, stride, to, n);
    case 4:
      return copy_column_to<std::uint32_t>(step.width, from, stride, to, n);
    case 6:
      if (step.width != 8) return false;
      copy_48_bits(from, stride, to, n);
      return true;
    case 8:
      return copy_column_to<std::uint64_t>(step.width, from, stride, to, n);
    default:
      return false;
  }
}

template <std::size_t N>
void copy_addresses(const std::byte* from, std::size_t stride, std::byte* to, std::byte* size,
                    std::size_t n) {
  for (std::size_t i = 0; i < n; ++i, from += stride, to += sizeof(FlowRecord), size += sizeof(FlowRecord)) {
    std::memcpy(to, from, N);
    *size = static_cast<std::byte>(N);
  }
}

template <class From, class Put>
void each_value(const std::byte* from, std::size_t stride, std::size_t n, Put put) {
  for (std::size_t i = 0; i < n; ++i, from += stride) put(i, load_be<From>(from));
}

/// Calls put(i, value) for the integer of each record; false for the widths that the general way serves.
template <class Put>
bool each_integer(const Step& step, const std::byte* from, std::size_t stride, std::size_t n, Put put) {
  switch (step.length) {
    case 1:
      each_value<std::uint8_t>(from, stride, n, put);
      return true;
    case 2:
      each_value<std::uint16_t>(from, stride, n, put);
      return true;
    case 4:
      each_value<std::uint32_t>(from, stride, n, put);
      return true;
    default:
      return false;
  }
}

/// The elements beside plain stores that nearly every router sends.
bool run_scratch_column(const Step& step, const std::byte* from, std::size_t stride,
                        std::span<FlowRecord> flows, std::span<Scratch> scratch) {
  const std::size_t n = flows.size();
  switch (step.element->action) {
    case Action::sampler:
      return each_integer(step, from, stride, n,
                          [&](std::size_t i, std::uint64_t v) { fill(scratch[i].sampler, v); });
    case Action::vlan:
      return each_integer(step, from, stride, n,
                          [&](std::size_t i, std::uint64_t v) { put_vlan(flows[i], v); });
    case Action::direction:
      return each_integer(step, from, stride, n,
                          [&](std::size_t i, std::uint64_t v) { flows[i].flow_direction = direction(v); });
    case Action::icmp_type_code:
      return each_integer(step, from, stride, n,
                          [&](std::size_t i, std::uint64_t v) { fill(scratch[i].icmp_type_code, v); });
    case Action::ip_version:
      return each_integer(step, from, stride, n,
                          [&](std::size_t i, std::uint64_t v) { fill(scratch[i].ip_version, v); });
    default:
      return false;
  }
}

/// The cheap way for the common steps; false where the step needs the general one.
bool run_column(const Step& step, const SetOfRecords& set) {
  const std::byte* from = set.data.data() + step.source;
  const std::size_t stride = set.record_length;
  const std::size_t n = set.flows.size();
  if (step.store == StoreTo::scratch) return run_scratch_column(step, from, stride, set.flows, set.scratch);
  if (step.fallback) return false;
  std::byte* to = member(set.flows.front(), step.target);
  if (step.store == StoreTo::record_integer || (step.store == StoreTo::time && step.length <= 8))
    return copy_integers(step, from, stride, to, n);
  if (step.store != StoreTo::record_address) return false;
  std::byte* size = member(set.flows.front(), step.size_target);
  if (step.length == 4)
    copy_addresses<4>(from, stride, to, size, n);
  else
    copy_addresses<16>(from, stride, to, size, n);
  return true;
}

}  // namespace

void run_step(const Step& step, Bytes value, FlowBatch& batch, FlowRecord& flow, Scratch& scratch) {
  switch (step.store) {
    case StoreTo::record_integer:
      if (value.size() <= 8) put_integer(flow, step, load_be_any(value));
      break;
    case StoreTo::record_address:
      put_address(flow, step, value, scratch);
      break;
    case StoreTo::extra_integer:
      if (value.size() <= 8 && !value.empty())
        put_extra_integer(batch.extras(flow), step, load_be_any(value));
      break;
    case StoreTo::extra_address:
      put_extra_address(batch, flow, step, value, scratch);
      break;
    case StoreTo::extra_text:
      if (!value.empty()) put_text(batch.extras(flow), step, step.target, unpadded(value));
      break;
    case StoreTo::extra_raw:
      if (!value.empty()) put_text(batch.extras(flow), step, step.target, chars(value));
      break;
    case StoreTo::text_by_direction: {
      const bool output = flow.flow_direction == FlowDirection::egress;
      if (!value.empty())
        put_text(batch.extras(flow), step, output ? step.output_target : step.target, unpadded(value));
      break;
    }
    case StoreTo::time:
      put_integer(flow, step, time_value(step, value));
      break;
    case StoreTo::scratch:
      run_scratch(step, value, batch, flow, scratch);
      break;
    case StoreTo::user:
      put_user_value(*step.user, value, batch, flow);
      break;
  }
}

void run_step_on_set(const Step& step, const SetOfRecords& set) {
  if (set.flows.empty() || run_column(step, set)) return;
  for (std::size_t i = 0; i < set.flows.size(); ++i)
    run_step(step, set.data.subspan(i * set.record_length + step.source, step.length), set.batch,
             set.flows[i], set.scratch[i]);
}

}  // namespace sluice::decode
