#include "generate/sflow_writer.hpp"

#include "generate/byte_writer.hpp"
#include "generate/flow_wire.hpp"
#include "generate/packet_writer.hpp"
#include "generate/population.hpp"

namespace sluice::generate {
namespace {

enum Format : std::uint32_t {  // sflow_version_5.txt, enterprise 0
  flow_sample_format = 1,
  counter_sample_format = 2,
  raw_header = 1,
  extended_switch = 1001,
  extended_router = 1002,
  extended_gateway = 1003,
  generic_counters = 1,
  ethernet_counters = 2
};
constexpr std::uint32_t kEthernetHeader = 1;  // header_protocol
constexpr std::size_t kCounterSampleBytes = 8 + 12 + (8 + 88) + (8 + 52);

/// Format, and a length that end() fills in.
class Record {
 public:
  Record(ByteWriter& out, std::uint32_t format) : out_(out) {
    out.be(format);
    at_ = out.size();
    out.be<std::uint32_t>(0);
  }
  ~Record() { out_.patch(at_, static_cast<std::uint32_t>(out_.size() - at_ - 4)); }
  Record(const Record&) = delete;
  Record& operator=(const Record&) = delete;

 private:
  ByteWriter& out_;
  std::size_t at_;
};

void write_address(ByteWriter& out, const std::uint8_t* raw, std::uint8_t size) {
  out.be<std::uint32_t>(size == 16 ? 2 : 1);
  out.raw(raw, size == 16 ? 16 : 4);
}

void write_raw_header(ByteWriter& out, const FlowRecord& flow) {
  const Record record(out, raw_header);
  const std::size_t frame = flow.bytes - SflowWriter::kStripped;
  const std::size_t sampled = std::min(frame, SflowWriter::kSampledHeader);
  out.be(kEthernetHeader);
  out.be(static_cast<std::uint32_t>(flow.bytes));
  out.be(static_cast<std::uint32_t>(SflowWriter::kStripped));
  out.be(static_cast<std::uint32_t>(sampled));
  const auto start = out.size();
  write_frame(out, flow, frame, sampled);
  out.pad4(start);
}

void write_switch(ByteWriter& out, const FlowRecord& flow) {
  const Record record(out, extended_switch);
  out.be<std::uint32_t>(flow.src_vlan);
  out.be<std::uint32_t>(0);
  out.be<std::uint32_t>(flow.dst_vlan);
  out.be<std::uint32_t>(0);
}

void write_router(ByteWriter& out, const FlowRecord& flow) {
  const Record record(out, extended_router);
  write_address(out, flow.next_hop, flow.next_hop_size);
  out.be<std::uint32_t>(flow.src_net);
  out.be<std::uint32_t>(flow.dst_net);
}

void write_gateway(ByteWriter& out, const FlowRecord& flow) {
  const Record record(out, extended_gateway);
  const Gateway gateway = gateway_of(flow);
  write_address(out, flow.next_hop, flow.next_hop_size);
  out.be(gateway.as);
  out.be(flow.src_as);
  out.be(gateway.src_peer_as);
  out.be<std::uint32_t>(gateway.as_path_size ? 1 : 0);
  if (gateway.as_path_size) {
    out.be<std::uint32_t>(2);  // AS_SEQUENCE
    out.be(static_cast<std::uint32_t>(gateway.as_path_size));
    for (std::size_t i = 0; i < gateway.as_path_size; ++i) out.be(gateway.as_path[i]);
  }
  out.be(static_cast<std::uint32_t>(gateway.communities.size()));
  for (const auto community : gateway.communities) out.be(community);
  out.be(gateway.local_pref);
}

/// Who stands between: one of a few carriers, always the same for an AS.
std::uint32_t neighbour_of(std::uint32_t as) {
  static constexpr std::uint32_t kCarriers[] = {174, 1299, 2914, 3257, 3356, 6461, 6939, 6453};
  return kCarriers[as % std::size(kCarriers)];
}

}  // namespace

Gateway gateway_of(const FlowRecord& flow) {
  Gateway gateway;
  gateway.as = kLocalAs;
  gateway.src_peer_as = flow.src_as == kLocalAs ? 0 : neighbour_of(flow.src_as);
  if (flow.dst_as != kLocalAs) {
    gateway.as_path = {neighbour_of(flow.dst_as), flow.dst_as};
    gateway.as_path_size = 2;
  }
  gateway.communities = {kLocalAs << 16 | 100, kLocalAs << 16 | (flow.out_if & 0xffff)};
  gateway.local_pref = 100;
  return gateway;
}

SflowWriter::SflowWriter(Identity identity, std::uint32_t first_sequence)
    : identity_(std::move(identity)), sequence_(first_sequence) {
  for (const auto interface : identity_.interfaces) sources_.push_back({.interface = interface});
}

FlowSizes SflowWriter::sizes() const {
  constexpr std::size_t kHeader = 28 + 12;  // an IPv6 agent's address
  constexpr std::size_t kGateway = 8 + 20 + 3 * 4 + 4 + 8 + 2 * 4 + 4 + 2 * 4 + 4;
  constexpr std::size_t kSample = 40 + (8 + 16 + kSampledHeader) + 24 + (8 + 20 + 8) + kGateway;
  return {kHeader, kSample - 2 * 12, kSample, 0xffff};
}

void SflowWriter::header(ByteWriter& out, std::uint64_t now_ns, std::uint32_t samples) {
  out.be<std::uint32_t>(5);
  write_address(out, identity_.agent.bytes.data(), identity_.agent.size);
  out.be(identity_.observation_domain);
  out.be(claim_sequence(samples));
  out.be(uptime(now_ns, identity_.boot_time_ns));
  out.be(samples);
}

SflowWriter::Source& SflowWriter::source_of(std::uint32_t interface) {
  const auto found = std::find_if(sources_.begin(), sources_.end(),
                                  [&](const Source& source) { return source.interface == interface; });
  if (found != sources_.end()) return *found;
  sources_.push_back({.interface = interface});
  return sources_.back();
}

void SflowWriter::flow_sample(ByteWriter& out, const FlowRecord& flow) {
  Source& egress = source_of(flow.out_if);
  egress.out_octets += flow.bytes * identity_.sampling;
  egress.out_packets += identity_.sampling;
  Source& source = source_of(flow.in_if);
  source.in_octets += flow.bytes * identity_.sampling;
  source.in_packets += identity_.sampling;
  source.pool += identity_.sampling;

  const Record sample(out, flow_sample_format);
  out.be(++source.flow_samples);
  out.be(source.interface & 0xffffffU);  // type 0: ifIndex
  out.be(identity_.sampling);
  out.be(source.pool);
  out.be<std::uint32_t>(0);  // drops
  out.be(flow.in_if);
  out.be(flow.out_if);
  out.be<std::uint32_t>(4);
  write_raw_header(out, flow);
  write_switch(out, flow);
  write_router(out, flow);
  write_gateway(out, flow);
}

std::size_t SflowWriter::flows(std::span<const FlowRecord> flows, std::uint64_t now_ns,
                               std::span<std::byte> room) {
  ByteWriter out(room);
  header(out, now_ns, static_cast<std::uint32_t>(flows.size()));
  for (const auto& flow : flows) flow_sample(out, flow);
  return out.ok() ? out.size() : 0;
}

/// The last sample ends within its first words.
std::size_t SflowWriter::damaged_flows(std::span<const FlowRecord> flows, std::uint64_t now_ns,
                                       std::span<std::byte> room) {
  ByteWriter out(room);
  header(out, now_ns, static_cast<std::uint32_t>(flows.size()));
  for (const auto& flow : flows.first(flows.size() - 1)) flow_sample(out, flow);
  const std::size_t last = out.size();
  flow_sample(out, flows.back());
  return out.ok() ? last + 4 : 0;
}

void SflowWriter::counter_sample(ByteWriter& out, Source& source) {
  const Record sample(out, counter_sample_format);
  out.be(++source.counter_samples);
  out.be(source.interface & 0xffffffU);
  out.be<std::uint32_t>(2);
  {
    const Record generic(out, generic_counters);
    out.be(source.interface);
    out.be<std::uint32_t>(6);               // ethernetCsmacd
    out.be<std::uint64_t>(10'000'000'000);  // speed
    out.be<std::uint32_t>(1);               // full duplex
    out.be<std::uint32_t>(3);               // admin and oper up
    out.be(source.in_octets);
    out.be(source.in_packets);
    out.zeros(5 * 4);  // multicast, broadcast, discards, errors, unknown protocols
    out.be(source.out_octets);
    out.be(source.out_packets);
    out.zeros(5 * 4);  // multicast, broadcast, discards, errors, promiscuous
  }
  const Record ethernet(out, ethernet_counters);
  out.zeros(13 * 4);
}

Written SflowWriter::counters(std::uint64_t now_ns, std::span<std::byte> room) {
  const std::size_t fits = (std::min(room.size(), kCountersRoom) - sizes().fixed) / kCounterSampleBytes;
  const std::size_t samples = std::min(fits, sources_.size() - next_counters_);
  if (samples == 0) return {};
  ByteWriter out(room);
  header(out, now_ns, static_cast<std::uint32_t>(samples));
  for (std::size_t i = 0; i < samples; ++i) counter_sample(out, sources_[next_counters_ + i]);
  next_counters_ += samples;
  Written written{.size = out.ok() ? out.size() : 0, .counter_samples = static_cast<std::uint32_t>(samples)};
  written.more = next_counters_ < sources_.size();
  if (!written.more) next_counters_ = 0;
  return written;
}

std::uint32_t SflowWriter::claim_sequence(std::size_t) { return sequence_++; }

}  // namespace sluice::generate
