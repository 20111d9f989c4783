#include "generate/netflow5_writer.hpp"

#include "generate/byte_writer.hpp"
#include "generate/flow_wire.hpp"

namespace sluice::generate {
namespace {

std::uint16_t as16(std::uint32_t as) {
  return static_cast<std::uint16_t>(as > 0xffff ? Netflow5Writer::kAsTrans : as);
}

void write_record(RecordWriter out, const FlowRecord& flow, std::uint64_t boot_ns) {
  out.raw<4>(flow.src_addr);
  out.raw<4>(flow.dst_addr);
  out.raw<4>(flow.next_hop);
  out.be(narrow16(flow.in_if));
  out.be(narrow16(flow.out_if));
  out.be(narrow32(flow.packets));
  out.be(narrow32(flow.bytes));
  out.be(uptime(flow.time_flow_start_ns, boot_ns));
  out.be(uptime(flow.time_flow_end_ns, boot_ns));
  out.be(flow.src_port);
  out.be(is_icmp(flow) ? icmp_word(flow) : flow.dst_port);
  out.be<std::uint8_t>(0);
  out.be(static_cast<std::uint8_t>(flow.tcp_flags));
  out.be(flow.proto);
  out.be(flow.ip_tos);
  out.be(as16(flow.src_as));
  out.be(as16(flow.dst_as));
  out.be(flow.src_net);
  out.be(flow.dst_net);
  out.be<std::uint16_t>(0);
}

}  // namespace

std::size_t Netflow5Writer::flows(std::span<const FlowRecord> flows, std::uint64_t now_ns,
                                  std::span<std::byte> room) {
  ByteWriter out(room);
  const std::uint64_t now = export_time(now_ns);
  const auto sampling = static_cast<std::uint16_t>(
      identity_.sampling ? 1U << 14 | std::min<std::uint32_t>(identity_.sampling, 0x3fff) : 0U);
  out.be<std::uint16_t>(5);
  out.be(static_cast<std::uint16_t>(flows.size()));
  out.be(uptime(now, identity_.boot_time_ns));
  out.be(static_cast<std::uint32_t>(now / 1000000000));
  out.be(static_cast<std::uint32_t>(now % 1000000000));
  out.be(claim_sequence(flows.size()));
  out.be<std::uint8_t>(0);  // engine type
  out.be(static_cast<std::uint8_t>(identity_.observation_domain));
  out.be(sampling);
  for (const auto& flow : flows)
    if (std::byte* const at = out.claim(kRecordBytes))
      write_record(RecordWriter(at), flow, identity_.boot_time_ns);
  return out.ok() ? out.size() : 0;
}

/// Half of the last record is missing.
std::size_t Netflow5Writer::damaged_flows(std::span<const FlowRecord> records, std::uint64_t now_ns,
                                          std::span<std::byte> room) {
  const std::size_t whole = flows(records, now_ns, room);
  return whole == 0 ? 0 : whole - kRecordBytes / 2;
}

std::uint32_t Netflow5Writer::claim_sequence(std::size_t flows) {
  const auto first = sequence_;
  sequence_ += static_cast<std::uint32_t>(flows);
  return first;
}

}  // namespace sluice::generate
