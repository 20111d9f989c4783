#include "generate/ipfix_writer.hpp"

#include "generate/flow_wire.hpp"
#include "generate/template_sets.hpp"

namespace sluice::generate {
namespace {

// In the order of write_record().
constexpr TemplateElement kIpv4Elements[] = {
    {8, 4},   {12, 4},  {15, 4},  {10, 4}, {14, 4},  {2, 8},  {1, 8},  {152, 8}, {153, 8}, {7, 2},
    {11, 2},  {6, 2},   {4, 1},   {5, 1},  {192, 1}, {9, 1},  {13, 1}, {61, 1},  {136, 1}, {89, 1},
    {302, 2}, {176, 1}, {177, 1}, {16, 4}, {17, 4},  {58, 2}, {59, 2}, {56, 6},  {80, 6}};
constexpr TemplateElement kIpv6Elements[] = {
    {27, 16}, {28, 16}, {62, 16}, {10, 4}, {14, 4},  {2, 8},  {1, 8},  {152, 8}, {153, 8}, {7, 2},
    {11, 2},  {6, 2},   {4, 1},   {5, 1},  {192, 1}, {29, 1}, {30, 1}, {61, 1},  {136, 1}, {89, 1},
    {302, 2}, {178, 1}, {179, 1}, {16, 4}, {17, 4},  {58, 2}, {59, 2}, {56, 6},  {80, 6},  {31, 4}};
static_assert(record_bytes(kIpv4Elements) == IpfixWriter::kIpv4RecordBytes);
static_assert(record_bytes(kIpv6Elements) == IpfixWriter::kIpv6RecordBytes);
// Selector report (RFC 5477 section 8): scope selectorId, then algorithm, interval and space.
constexpr TemplateElement kScope[] = {{302, 2}};
constexpr TemplateElement kSelection[] = {{304, 2}, {305, 4}, {306, 4}};
constexpr std::uint16_t kSystematicCount = 1;

template <std::size_t AddressBytes>
void write_record(RecordWriter out, const FlowRecord& flow) {
  out.raw<AddressBytes>(flow.src_addr);
  out.raw<AddressBytes>(flow.dst_addr);
  out.raw<AddressBytes>(flow.next_hop);
  out.be(flow.in_if);
  out.be(flow.out_if);
  out.be(flow.packets);
  out.be(flow.bytes);
  out.be(flow.time_flow_start_ns / 1000000);
  out.be(flow.time_flow_end_ns / 1000000);
  out.be(flow.src_port);
  out.be(flow.dst_port);
  out.be(flow.tcp_flags);
  out.be(flow.proto);
  out.be(flow.ip_tos);
  out.be(flow.ip_ttl);
  out.be(flow.src_net);
  out.be(flow.dst_net);
  out.be(static_cast<std::uint8_t>(flow.flow_direction == FlowDirection::egress));
  out.be(flow.flow_end_reason);
  out.be(flow.forwarding_status);
  out.be(IpfixWriter::kSelector);
  out.be(flow.icmp_type);
  out.be(flow.icmp_code);
  out.be(flow.src_as);
  out.be(flow.dst_as);
  out.be(flow.src_vlan);
  out.be(flow.dst_vlan);
  out.mac(flow.src_mac);
  out.mac(flow.dst_mac);
  if constexpr (AddressBytes == 16) out.be(flow.ipv6_flow_label);
}

template <std::size_t AddressBytes>
void write_data_set(ByteWriter& out, std::uint16_t id, std::span<const FlowRecord> flows) {
  constexpr std::size_t kBytes =
      AddressBytes == 16 ? IpfixWriter::kIpv6RecordBytes : IpfixWriter::kIpv4RecordBytes;
  if (flows.empty()) return;
  const auto set = begin_set(out, id);
  for (const auto& flow : flows)
    if (std::byte* const at = out.claim(kBytes)) write_record<AddressBytes>(RecordWriter(at), flow);
  end_set(out, set);
}

void write_data_sets(ByteWriter& out, std::span<const FlowRecord> flows) {
  const auto ipv4 = ipv4_count(flows);
  write_data_set<4>(out, IpfixWriter::kIpv4Template, flows.first(ipv4));
  write_data_set<16>(out, IpfixWriter::kIpv6Template, flows.subspan(ipv4));
}

void write_header(ByteWriter& out, std::uint64_t now_ns, std::uint32_t sequence, std::uint32_t domain) {
  out.be<std::uint16_t>(10);
  out.be<std::uint16_t>(0);  // the length, known at the end
  out.be(static_cast<std::uint32_t>(now_ns / 1000000000));
  out.be(sequence);
  out.be(domain);
}

std::size_t finish(ByteWriter& out) {
  out.patch(2, static_cast<std::uint16_t>(out.size()));
  return out.ok() ? out.size() : 0;
}

void write_options(ByteWriter& out, std::uint32_t interval) {
  const auto definition = begin_set(out, 3);
  out.be(IpfixWriter::kOptionsTemplate);
  out.be(static_cast<std::uint16_t>(std::size(kScope) + std::size(kSelection)));
  out.be(static_cast<std::uint16_t>(std::size(kScope)));
  write_elements(out, kScope);
  write_elements(out, kSelection);
  end_set(out, definition);
  const auto data = begin_set(out, IpfixWriter::kOptionsTemplate);
  out.be(IpfixWriter::kSelector);
  out.be(kSystematicCount);
  out.be<std::uint32_t>(1);
  out.be(interval - 1);
  end_set(out, data);
}

}  // namespace

FlowSizes IpfixWriter::sizes() const {
  return {kHeaderBytes + std::size_t{2} * (4 + 3), kIpv4RecordBytes, kIpv6RecordBytes, 0xffff};
}

Written IpfixWriter::announce(std::uint64_t now_ns, std::span<std::byte> room) {
  ByteWriter out(room);
  Written written{.templates = 1U + identity_.ipv6_template + (identity_.sampling ? 1U : 0U),
                  .options_records = identity_.sampling ? 1U : 0U};
  write_header(out, export_time(now_ns), claim_sequence(written.options_records),
               identity_.observation_domain);
  const auto set = begin_set(out, 2);
  write_template(out, kIpv4Template, kIpv4Elements);
  if (identity_.ipv6_template) write_template(out, kIpv6Template, kIpv6Elements);
  end_set(out, set);
  if (identity_.sampling) write_options(out, identity_.sampling);
  written.size = finish(out);
  return written;
}

std::size_t IpfixWriter::flows(std::span<const FlowRecord> flows, std::uint64_t now_ns,
                               std::span<std::byte> room) {
  ByteWriter out(room);
  write_header(out, export_time(now_ns), claim_sequence(flows.size()), identity_.observation_domain);
  write_data_sets(out, flows);
  return finish(out);
}

std::size_t IpfixWriter::damaged_flows(std::span<const FlowRecord> flows, std::uint64_t now_ns,
                                       std::span<std::byte> room) {
  ByteWriter out(room);
  write_header(out, export_time(now_ns), claim_sequence(flows.size()), identity_.observation_domain);
  write_data_sets(out, flows.first(flows.size() - 1));
  const auto last = out.size();
  write_data_sets(out, flows.last(1));
  damage_set(out, last);
  return finish(out);
}

std::uint32_t IpfixWriter::claim_sequence(std::size_t flows) {
  const auto first = sequence_;
  sequence_ += static_cast<std::uint32_t>(flows);
  return first;
}

}  // namespace sluice::generate
