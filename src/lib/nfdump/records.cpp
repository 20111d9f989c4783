#include "nfdump/records.hpp"

namespace sluice::nfdump {
namespace {

// Types of records; all others have nothing for flows.
constexpr std::uint16_t kOldestFlow = 1, kMap = 2, kExporter = 7, kFlow1 = 10, kFlow2 = 11;
/// Exporter statistics, samplers, names of applications, interfaces and VRFs, and legacy: told of, skipped.
constexpr std::uint16_t kLastKnown = 15;

FlowType flow_type(std::uint32_t version) {
  constexpr std::uint32_t kSflow = 9999;
  switch (version) {
    case 5:
      return FlowType::netflow5;
    case 9:
      return FlowType::netflow9;
    case 10:
      return FlowType::ipfix;
    case kSflow:
      return FlowType::sflow5;
    default:
      return FlowType::unknown;
  }
}

std::uint16_t ethertype_of(const FlowRecord& flow) {
  return flow.src_addr_size == 16 ? 0x86dd : flow.src_addr_size == 4 ? 0x0800 : 0;
}

}  // namespace

bool Records::map(FieldReader in) {
  const std::uint16_t id = in.u16();
  in.skip(2);  // the size of all extensions
  std::vector<std::uint8_t> known;
  while (in.remaining() >= 2) {
    const std::uint16_t extension = in.u16();
    if (!extension_known(extension)) break;
    // A record of 65,535 bytes has room for more only where the same is told again and again.
    constexpr std::size_t kMost = 64;
    if (known.size() == kMost) return false;
    known.push_back(static_cast<std::uint8_t>(extension));
  }
  if (!in.ok()) return false;
  maps_[id] = std::move(known);
  return true;
}

bool Records::exporter(FieldReader in) {
  Exporter out;
  out.version = in.u32();
  const Bytes raw = in.take(16);
  const std::uint16_t family = in.u16();
  const std::uint16_t number = in.u16();
  out.id = in.u32();
  if (!in.ok()) return false;
  constexpr std::uint16_t kIpv4 = 2, kIpv6 = 10;
  FieldReader address(raw, order_);
  if (family == kIpv4) {
    // The low half of an IPv6 address whose other bits are zero, or (big endian) its last word.
    address.skip(order_ == ByteOrder::little ? 8 : 12);
    out.address = address.v4();
  } else if (family == kIpv6) {
    out.address = address.v6();
  } else {
    out.address = IpAddress::from_bytes(raw).unmapped();
  }
  if (out.address.all_zero()) out.address = {};
  exporters_[number] = out;
  return true;
}

Records::Kind Records::read(std::uint16_t type, Bytes body, FlowBatch& batch) {
  const FieldReader in(body, order_);
  switch (type) {
    case kFlow2:
      return flow(in, batch,
                  [](FieldReader& r, FlowHead& head, Said& said) { return read_layout2(r, head, said); });
    case kFlow1:
    case kOldestFlow:
      return flow(in, batch, [&](FieldReader& r, FlowHead& head, Said& said) {
        return read_layout1(r, type == kOldestFlow, maps_, head, said);
      });
    case kMap:
      return map(in) ? Kind::other : Kind::damaged;
    case kExporter:
      return exporter(in) ? Kind::other : Kind::damaged;
    default:
      return type <= kLastKnown ? Kind::other : Kind::unknown;
  }
}

template <class ReadFlow>
Records::Kind Records::flow(FieldReader in, FlowBatch& batch, ReadFlow read) {
  const std::size_t before = batch.size();
  Said said{.batch = batch, .flow = batch.append_one()};
  FlowHead head;
  if (!read(in, head, said)) {
    batch.truncate(before);
    return Kind::damaged;
  }
  finish(head, said);
  return Kind::flow;
}

void Records::finish(const FlowHead& head, Said& said) {
  FlowRecord& flow = said.flow;
  flow.etype = ethertype_of(flow);
  constexpr std::uint8_t kIcmp = 1, kIcmpv6 = 58;
  if (flow.proto == kIcmp || flow.proto == kIcmpv6) {
    flow.icmp_type = static_cast<std::uint8_t>(flow.dst_port >> 8);
    flow.icmp_code = static_cast<std::uint8_t>(flow.dst_port & 0xffU);
  }
  // As of a template that has only what was counted at the output.
  if (flow.packets == 0) flow.packets = said.out_packets;
  if (flow.bytes == 0) flow.bytes = said.out_bytes;
  if (flow.time_flow_end_ns == 0) flow.time_flow_end_ns = said.event_ms * kNsPerMs;
  if (flow.time_flow_start_ns == 0) flow.time_flow_start_ns = flow.time_flow_end_ns;
  if (head.sampled) {
    // The collector has multiplied already.
    flow.sampling_rate = 1;
    flow.sampling_rate_source = SamplingRateSource::record;
    ++sampled_;
  }
  set_origin(head, said);
}

void Records::set_origin(const FlowHead& head, const Said& said) {
  FlowBatch& batch = said.batch;
  FlowRecord& flow = said.flow;
  const auto found = exporters_.find(head.exporter);
  const Exporter exporter = found == exporters_.end() ? Exporter{} : found->second;
  Origin wanted;
  wanted.type = flow_type(exporter.version ? exporter.version : head.version);
  if (wanted.type == FlowType::netflow9 || wanted.type == FlowType::ipfix)
    wanted.observation_domain_id = exporter.id;
  wanted.time_received_ns = said.received_ms ? said.received_ms * kNsPerMs : flow.time_flow_end_ns;
  wanted.exporter_address = said.exporter.empty() ? exporter.address : said.exporter;

  const auto same = [&](const Origin& o) {
    return o.type == wanted.type && o.observation_domain_id == wanted.observation_domain_id &&
           o.time_received_ns == wanted.time_received_ns && o.exporter_address == wanted.exporter_address;
  };
  if (batch.origin_count() == 0 || !same(batch.current_origin())) {
    Origin& origin = batch.add_origin();
    origin.type = wanted.type;
    origin.observation_domain_id = wanted.observation_domain_id;
    origin.time_received_ns = wanted.time_received_ns;
    origin.exporter_address = origin.sampler_address = wanted.exporter_address;
  }
  flow.origin = static_cast<std::uint32_t>(batch.origin_count() - 1);
}

}  // namespace sluice::nfdump
