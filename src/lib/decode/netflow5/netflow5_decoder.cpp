#include "decode/netflow5/netflow5_decoder.hpp"

#include <algorithm>
#include <cstring>

#include "decode/finish.hpp"
#include "decode/origin.hpp"
#include "decode/rates.hpp"
#include "decode/sequence_step.hpp"
#include "decode/times.hpp"

namespace sluice::decode {
namespace {

constexpr std::size_t kHeader = 24;
constexpr std::size_t kRecord = 48;
using Record = std::span<const std::byte, kRecord>;

/// Two bits of mode and 14 of interval. Mode 3 is undefined: boxes that send it use all 16 bits for rates
/// such as 50,000; a setting does the same for those that use the mode bits otherwise.
std::uint64_t header_rate(std::uint16_t field, bool all_bits) {
  const bool wide = all_bits || field >> 14 == 3;
  return wide ? field : field & 0x3fffU;
}

ResolvedRate rate_of(std::uint16_t field, const ExporterSettings& settings) {
  return resolve_rate(settings,
                      {header_rate(field, settings.netflow5_sampling_16bit), SamplingRateSource::header});
}

void put_v4(const std::byte* from, std::uint8_t* to, std::uint8_t& size) {
  std::memcpy(to, from, 4);
  size = 4;
}

void fill(Record r, const HeaderTime& time, FlowRecord& flow) {
  put_v4(r.data(), flow.src_addr, flow.src_addr_size);
  put_v4(r.data() + 4, flow.dst_addr, flow.dst_addr_size);
  put_v4(r.data() + 8, flow.next_hop, flow.next_hop_size);
  flow.in_if = be_at<std::uint16_t, 12>(r);
  flow.out_if = be_at<std::uint16_t, 14>(r);
  flow.packets = be_at<std::uint32_t, 16>(r);
  flow.bytes = be_at<std::uint32_t, 20>(r);
  flow.time_flow_start_ns = uptime_to_unix_ns(be_at<std::uint32_t, 24>(r), time);
  flow.time_flow_end_ns = uptime_to_unix_ns(be_at<std::uint32_t, 28>(r), time);
  flow.src_port = be_at<std::uint16_t, 32>(r);
  flow.dst_port = be_at<std::uint16_t, 34>(r);
  flow.tcp_flags = be_at<std::uint8_t, 37>(r);
  flow.proto = be_at<std::uint8_t, 38>(r);
  flow.ip_tos = be_at<std::uint8_t, 39>(r);
  flow.src_as = be_at<std::uint16_t, 40>(r);
  flow.dst_as = be_at<std::uint16_t, 42>(r);
  flow.src_net = be_at<std::uint8_t, 44>(r);
  flow.dst_net = be_at<std::uint8_t, 45>(r);
  flow.etype = kEtypeIpv4;
  unpack_icmp(flow, 0, true);
}

void observe(RawObserver& observer, std::span<const std::byte, kHeader> header) {
  observer.open("header");
  observer.number("version", 5);
  observer.number("count", be_at<std::uint16_t, 2>(header));
  observer.number("sysUptime", be_at<std::uint32_t, 4>(header));
  observer.number("unix seconds", be_at<std::uint32_t, 8>(header));
  observer.number("unix nanoseconds", be_at<std::uint32_t, 12>(header));
  observer.number("flow sequence", be_at<std::uint32_t, 16>(header));
  observer.number("engine type", be_at<std::uint8_t, 20>(header));
  observer.number("engine id", be_at<std::uint8_t, 21>(header));
  observer.number("sampling", be_at<std::uint16_t, 22>(header));
  observer.close();
}

void observe(RawObserver& observer, Record r) {
  observer.open("record");
  observer.bytes("srcaddr", r.subspan<0, 4>());
  observer.bytes("dstaddr", r.subspan<4, 4>());
  observer.bytes("nexthop", r.subspan<8, 4>());
  observer.number("input", be_at<std::uint16_t, 12>(r));
  observer.number("output", be_at<std::uint16_t, 14>(r));
  observer.number("dPkts", be_at<std::uint32_t, 16>(r));
  observer.number("dOctets", be_at<std::uint32_t, 20>(r));
  observer.number("first", be_at<std::uint32_t, 24>(r));
  observer.number("last", be_at<std::uint32_t, 28>(r));
  observer.number("srcport", be_at<std::uint16_t, 32>(r));
  observer.number("dstport", be_at<std::uint16_t, 34>(r));
  observer.number("tcp_flags", be_at<std::uint8_t, 37>(r));
  observer.number("prot", be_at<std::uint8_t, 38>(r));
  observer.number("tos", be_at<std::uint8_t, 39>(r));
  observer.number("src_as", be_at<std::uint16_t, 40>(r));
  observer.number("dst_as", be_at<std::uint16_t, 42>(r));
  observer.number("src_mask", be_at<std::uint8_t, 44>(r));
  observer.number("dst_mask", be_at<std::uint8_t, 45>(r));
  observer.close();
}

}  // namespace

bool Netflow5Decoder::claims(Bytes payload) const {
  return payload.size() >= 2 && load_be<std::uint16_t>(payload.data()) == 5;
}

void Netflow5Decoder::decode(const Datagram& datagram, Exporter& exporter, FlowBatch& batch,
                             DecodeReport& report, RawObserver* observer) {
  ByteReader reader(datagram.payload);
  const auto header = reader.window<kHeader>();
  if (!reader.ok()) return report.fail(DecodeError::truncated_header);
  HeaderTime time;
  time.sys_uptime_ms = be_at<std::uint32_t, 4>(header);
  time.export_ns = be_at<std::uint32_t, 8>(header) * kNsPerSecond + be_at<std::uint32_t, 12>(header);
  time.has_uptime = true;
  if (observer) observe(*observer, header);

  const std::size_t count = be_at<std::uint16_t, 2>(header);
  const std::size_t n = std::min(count, reader.remaining() / kRecord);
  if (n < count) report.fail(DecodeError::bad_length);
  Origin& origin = start_origin(datagram, exporter, FlowType::netflow5, batch);
  origin.sequence_num = be_at<std::uint32_t, 16>(header);
  const ResolvedRate rate = rate_of(be_at<std::uint16_t, 22>(header), exporter.settings);
  if (rate.rate) exporter.counters_of(Protocol::netflow5).sampling_rate = rate.rate;

  const std::span<FlowRecord> flows = batch.append(n);
  for (FlowRecord& flow : flows) {
    const Record record = reader.window<kRecord>();
    fill(record, time, flow);
    judge_times(flow, datagram.received_ns, exporter.bounds, report);
    flow.sampling_rate = rate.rate;
    flow.sampling_rate_source = rate.source;
    if (observer) observe(*observer, record);
  }
  if (exporter.settings.times_received) move_to_receipt(flows, datagram.received_ns);
  if (exporter.settings.icmp_in_both_ports) icmp_from_both_ports(flows);
  report.add(DecodeCount::flow_records, static_cast<std::uint32_t>(n));
  report.add(DecodeCount::flows, static_cast<std::uint32_t>(n));
  if (rate.rate == 0) report.add(DecodeCount::rates_unknown, static_cast<std::uint32_t>(n));

  SequenceStep step;
  step.sequence = be_at<std::uint32_t, 16>(header);
  step.units = static_cast<std::uint32_t>(n);
  step.complete = n == count;
  step.undecoded_bytes = static_cast<std::uint32_t>(count - n);  // so many records, as the header says
  step.has_uptime = true;
  step.uptime_ms = time.sys_uptime_ms;
  // Each engine counts for itself; one that starts with a new id is a new stream and no loss.
  account({{Protocol::netflow5, be_at<std::uint16_t, 20>(header), {}}, step, step.units, time.export_ns},
          datagram, exporter);
}

}  // namespace sluice::decode
