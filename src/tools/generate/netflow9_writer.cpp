#include "generate/netflow9_writer.hpp"

#include "generate/flow_wire.hpp"
#include "generate/template_sets.hpp"

namespace sluice::generate {
namespace {

// In the order of write_record().
constexpr TemplateElement kIpv4Elements[] = {{8, 4},  {12, 4}, {15, 4}, {10, 4}, {14, 4}, {2, 4},  {1, 4},
                                             {22, 4}, {21, 4}, {7, 2},  {11, 2}, {6, 1},  {4, 1},  {5, 1},
                                             {9, 1},  {13, 1}, {61, 1}, {52, 1}, {89, 1}, {48, 2}, {16, 4},
                                             {17, 4}, {32, 2}, {58, 2}, {59, 2}, {56, 6}, {80, 6}};
constexpr TemplateElement kIpv6Elements[] = {
    {27, 16}, {28, 16}, {62, 16}, {10, 4}, {14, 4}, {2, 4},  {1, 4},  {22, 4}, {21, 4}, {7, 2},
    {11, 2},  {6, 1},   {4, 1},   {5, 1},  {29, 1}, {30, 1}, {61, 1}, {52, 1}, {89, 1}, {48, 2},
    {16, 4},  {17, 4},  {139, 2}, {58, 2}, {59, 2}, {56, 6}, {80, 6}, {31, 4}};
static_assert(record_bytes(kIpv4Elements) == Netflow9Writer::kIpv4RecordBytes);
static_assert(record_bytes(kIpv6Elements) == Netflow9Writer::kIpv6RecordBytes);
constexpr TemplateElement kScope[] = {{1, 4}};  // system (RFC 3954 section 6.1)
constexpr TemplateElement kSampling[] = {{48, 2}, {49, 1}, {50, 4}};
constexpr std::uint8_t kModeDeterministic = 1;

template <std::size_t AddressBytes>
void write_record(RecordWriter out, const FlowRecord& flow, std::uint64_t boot_ns) {
  out.raw<AddressBytes>(flow.src_addr);
  out.raw<AddressBytes>(flow.dst_addr);
  out.raw<AddressBytes>(flow.next_hop);
  out.be(flow.in_if);
  out.be(flow.out_if);
  out.be(narrow32(flow.packets));
  out.be(narrow32(flow.bytes));
  out.be(uptime(flow.time_flow_start_ns, boot_ns));
  out.be(uptime(flow.time_flow_end_ns, boot_ns));
  out.be(flow.src_port);
  out.be(flow.dst_port);
  out.be(static_cast<std::uint8_t>(flow.tcp_flags));
  out.be(flow.proto);
  out.be(flow.ip_tos);
  out.be(flow.src_net);
  out.be(flow.dst_net);
  out.be(static_cast<std::uint8_t>(flow.flow_direction == FlowDirection::egress));
  out.be(flow.ip_ttl);
  out.be(flow.forwarding_status);
  out.be(Netflow9Writer::kSampler);
  out.be(flow.src_as);
  out.be(flow.dst_as);
  out.be(icmp_word(flow));
  out.be(flow.src_vlan);
  out.be(flow.dst_vlan);
  out.mac(flow.src_mac);
  out.mac(flow.dst_mac);
  if constexpr (AddressBytes == 16) out.be(flow.ipv6_flow_label);
}

template <std::size_t AddressBytes>
void write_data_set(ByteWriter& out, std::uint16_t id, std::span<const FlowRecord> flows,
                    std::uint64_t boot_ns) {
  constexpr std::size_t kBytes =
      AddressBytes == 16 ? Netflow9Writer::kIpv6RecordBytes : Netflow9Writer::kIpv4RecordBytes;
  if (flows.empty()) return;
  const auto set = begin_set(out, id);
  for (const auto& flow : flows)
    if (std::byte* const at = out.claim(kBytes)) write_record<AddressBytes>(RecordWriter(at), flow, boot_ns);
  end_set(out, set);
}

void write_data_sets(ByteWriter& out, std::span<const FlowRecord> flows, std::uint64_t boot_ns) {
  const auto ipv4 = ipv4_count(flows);
  write_data_set<4>(out, Netflow9Writer::kIpv4Template, flows.first(ipv4), boot_ns);
  write_data_set<16>(out, Netflow9Writer::kIpv6Template, flows.subspan(ipv4), boot_ns);
}

void write_header(ByteWriter& out, const Identity& identity, std::size_t records, std::uint64_t now_ns,
                  std::uint32_t sequence) {
  out.be<std::uint16_t>(9);
  out.be(static_cast<std::uint16_t>(records));
  out.be(uptime(now_ns, identity.boot_time_ns));
  out.be(static_cast<std::uint32_t>(now_ns / 1000000000));
  out.be(sequence);
  out.be(identity.observation_domain);
}

// RFC 3954 section 6.1: an options template, then the one record that says the interval.
void write_options(ByteWriter& out, std::uint32_t interval) {
  const auto definition = begin_set(out, 1);
  out.be(Netflow9Writer::kOptionsTemplate);
  out.be(static_cast<std::uint16_t>(sizeof kScope));
  out.be(static_cast<std::uint16_t>(sizeof kSampling));
  write_elements(out, kScope);
  write_elements(out, kSampling);
  end_set(out, definition);
  const auto data = begin_set(out, Netflow9Writer::kOptionsTemplate);
  out.be<std::uint32_t>(0);
  out.be(Netflow9Writer::kSampler);
  out.be(kModeDeterministic);
  out.be(interval);
  end_set(out, data);
}

}  // namespace

FlowSizes Netflow9Writer::sizes() const {
  return {kHeaderBytes + 2 * (4 + 3), kIpv4RecordBytes, kIpv6RecordBytes, 0xffff};
}

Written Netflow9Writer::announce(std::uint64_t now_ns, std::span<std::byte> room) {
  ByteWriter out(room);
  Written written{.templates = 1U + identity_.ipv6_template + (identity_.sampling ? 1U : 0U),
                  .options_records = identity_.sampling ? 1U : 0U};
  write_header(out, identity_, written.templates + written.options_records, export_time(now_ns),
               claim_sequence(0));
  const auto set = begin_set(out, 0);
  write_template(out, kIpv4Template, kIpv4Elements);
  if (identity_.ipv6_template) write_template(out, kIpv6Template, kIpv6Elements);
  end_set(out, set);
  if (identity_.sampling) write_options(out, identity_.sampling);
  written.size = out.ok() ? out.size() : 0;
  return written;
}

std::size_t Netflow9Writer::flows(std::span<const FlowRecord> flows, std::uint64_t now_ns,
                                  std::span<std::byte> room) {
  ByteWriter out(room);
  write_header(out, identity_, flows.size(), export_time(now_ns), claim_sequence(flows.size()));
  write_data_sets(out, flows, identity_.boot_time_ns);
  return out.ok() ? out.size() : 0;
}

std::size_t Netflow9Writer::damaged_flows(std::span<const FlowRecord> flows, std::uint64_t now_ns,
                                          std::span<std::byte> room) {
  ByteWriter out(room);
  write_header(out, identity_, flows.size(), export_time(now_ns), claim_sequence(flows.size()));
  write_data_sets(out, flows.first(flows.size() - 1), identity_.boot_time_ns);
  const auto last = out.size();
  write_data_sets(out, flows.last(1), identity_.boot_time_ns);
  damage_set(out, last);
  return out.ok() ? out.size() : 0;
}

std::uint32_t Netflow9Writer::claim_sequence(std::size_t) { return sequence_++; }

}  // namespace sluice::generate
