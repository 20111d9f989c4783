#include <utility>

#include "generate/flow_wire.hpp"
#include "generate/packet_writer.hpp"
#include "generate/population.hpp"

namespace sluice::generate {
namespace {

constexpr std::uint64_t kMillisecond = 1000000;
constexpr std::uint64_t kActiveTimeout =
    60000;  // milliseconds, after which a flow is reported and starts anew
constexpr std::uint16_t kFin = 1, kSyn = 2, kRst = 4, kPsh = 8, kAck = 16;
enum EndReason : std::uint8_t { idle = 1, active = 2, end_seen = 3 };  // IE 136

std::uint16_t flags_of_flow(std::uint32_t packets, bool running, std::uint64_t bits) {
  static constexpr std::uint16_t kSingle[] = {kSyn, kAck, kAck, kAck | kPsh, kRst, kAck | kFin, kSyn, kAck};
  if (running) return kAck | kPsh;
  if (packets == 1) return kSingle[bits & 7];
  return packets == 2 ? kSyn | kAck : kSyn | kAck | kPsh | kFin;
}

}  // namespace

FlowSource::FlowSource(std::shared_ptr<const Population> population, std::uint64_t seed,
                       std::uint32_t exporter)
    : population_(std::move(population)), random_(seed ^ (exporter + 1) * 0xd1342543de82ef95ULL) {
  first_interface_ = 1 + random_.below(500);
  for (const bool ipv6 : {false, true}) next_[ipv6] = &population_->pick(random_, ipv6);
}

const Population::Direction& FlowSource::pick(bool ipv6) {
  const auto* ahead = &population_->pick(random_, ipv6);
  for (std::size_t line = 0; line < sizeof *ahead; line += 64)
    __builtin_prefetch(reinterpret_cast<const std::byte*>(ahead) + line);
  return *std::exchange(next_[ipv6], ahead);
}

std::vector<std::uint32_t> FlowSource::interfaces() const {
  std::vector<std::uint32_t> out;
  for (std::uint32_t slot = 0; slot < kInterfaces; ++slot) out.push_back(first_interface_ + slot);
  return out;
}

const Population::Direction& FlowSource::begin(FlowRecord& out, bool ipv6, std::uint64_t bits) {
  const Population::Direction& from = pick(ipv6);
  out = from.flow;
  out.in_if += first_interface_;
  out.out_if += first_interface_;
  const auto ephemeral = static_cast<std::uint16_t>(32768 + (bits & 0x7fff) % 28232);  // Linux' range
  if (!is_icmp(out)) {
    if (out.src_port == 0) out.src_port = ephemeral;
    if (out.dst_port == 0) out.dst_port = ephemeral;
  }
  return from;
}

void FlowSource::flow(FlowRecord& out, bool ipv6, std::uint64_t export_time_ns) {
  const std::uint64_t bits = random_();
  const auto& from = begin(out, ipv6, bits);
  const std::uint32_t packets = population_->packets(random_);
  out.packets = packets;
  out.bytes = packets * std::uint64_t{from.least_bytes} +
              (packets * std::uint64_t{from.more_bytes} * (bits >> 15 & 0xffff) >> 16);
  const std::uint64_t pace = 1 + (bits >> 31 & 0x3f);  // milliseconds between packets
  const std::uint64_t length = std::min((packets - 1) * pace, kActiveTimeout);
  const bool running = length == kActiveTimeout;
  out.time_flow_end_ns = export_time_ns - (bits >> 40 & 0x3fff) * kMillisecond;
  out.time_flow_start_ns = out.time_flow_end_ns - length * kMillisecond;
  if (out.proto == kTcp) out.tcp_flags = flags_of_flow(packets, running, bits >> 56);
  out.flow_end_reason = running ? active : out.tcp_flags & kFin ? end_seen : idle;
}

void FlowSource::packet(FlowRecord& out, bool ipv6, std::uint64_t export_time_ns) {
  static constexpr std::uint16_t kFlags[] = {kAck,        kAck, kAck | kPsh, kAck,
                                             kAck | kPsh, kAck, kSyn,        kAck | kFin};
  const std::uint64_t bits = random_();
  const auto& from = begin(out, ipv6, bits);
  const std::uint64_t length = from.least_bytes + (from.more_bytes * (bits >> 15 & 0xffff) >> 16);
  out.packets = 1;
  out.bytes = std::max<std::uint64_t>(64, link_header_bytes(out) + length + 4);
  out.time_flow_start_ns = out.time_flow_end_ns = export_time_ns;
  if (out.proto == kTcp) out.tcp_flags = kFlags[bits >> 56 & 7];
  if (!ipv6) out.fragment_id = static_cast<std::uint32_t>(bits >> 32 & 0xffff);
}

}  // namespace sluice::generate
