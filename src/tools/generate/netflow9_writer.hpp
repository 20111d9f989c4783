#pragma once
// NetFlow v9 (RFC 3954): an IPv4 and an IPv6 template, an options template that names the sampling interval.
#include "generate/datagram_writer.hpp"

namespace sluice::generate {

/// The sequence counts datagrams. The header tells time in whole seconds; sysUptime is that of the same
/// second, so that flow times survive exactly. Every flow names sampler 1.
class Netflow9Writer final : public DatagramWriter {
 public:
  static constexpr std::uint16_t kIpv4Template = 256;
  static constexpr std::uint16_t kIpv6Template = 257;
  static constexpr std::uint16_t kOptionsTemplate = 258;
  static constexpr std::uint16_t kSampler = 1;
  static constexpr std::size_t kHeaderBytes = 20;
  static constexpr std::size_t kIpv4RecordBytes = 76;
  static constexpr std::size_t kIpv6RecordBytes = 116;

  explicit Netflow9Writer(Identity identity, std::uint32_t first_sequence = 0)
      : identity_(std::move(identity)), sequence_(first_sequence) {}

  std::uint64_t export_time(std::uint64_t now_ns) const override { return now_ns / 1000000000 * 1000000000; }
  FlowSizes sizes() const override;
  Written announce(std::uint64_t now_ns, std::span<std::byte> room) override;
  std::size_t flows(std::span<const FlowRecord> flows, std::uint64_t now_ns,
                    std::span<std::byte> room) override;
  std::size_t damaged_flows(std::span<const FlowRecord> flows, std::uint64_t now_ns,
                            std::span<std::byte> room) override;
  std::uint32_t claim_sequence(std::size_t flows) override;

 private:
  const Identity identity_;
  std::uint32_t sequence_;
};

}  // namespace sluice::generate
