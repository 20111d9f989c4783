#pragma once
// NetFlow v5 (Cisco, "NetFlow Export Datagram Format"): 24 bytes of header, 48 a flow, IPv4 alone, no
// templates.
#include "generate/datagram_writer.hpp"

namespace sluice::generate {

/// The sequence counts flows. AS numbers above 65535 become AS_TRANS (RFC 6793), ICMP type and code stand in
/// the destination port, the sampling rate (at most 16383) in the header with mode 1.
class Netflow5Writer final : public DatagramWriter {
 public:
  static constexpr std::size_t kHeaderBytes = 24;
  static constexpr std::size_t kRecordBytes = 48;
  static constexpr std::size_t kMaxFlows = 30;
  static constexpr std::uint32_t kAsTrans = 23456;

  explicit Netflow5Writer(Identity identity, std::uint32_t first_sequence = 0)
      : identity_(std::move(identity)), sequence_(first_sequence) {}

  std::uint64_t export_time(std::uint64_t now_ns) const override { return now_ns / 1000000 * 1000000; }
  FlowSizes sizes() const override { return {kHeaderBytes, kRecordBytes, 0, kMaxFlows}; }
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
