#pragma once
// IPFIX (RFC 7011): an IPv4 and an IPv6 template, an options template that describes the packet selector
// (RFC 5477) and so the sampling rate.
#include "generate/datagram_writer.hpp"

namespace sluice::generate {

/// The sequence counts data records, those of options included, sent before the message (RFC 7011
/// section 3.1). Flow times are absolute milliseconds. Every flow names selector 1.
class IpfixWriter final : public DatagramWriter {
 public:
  static constexpr std::uint16_t kIpv4Template = 256;
  static constexpr std::uint16_t kIpv6Template = 257;
  static constexpr std::uint16_t kOptionsTemplate = 258;
  static constexpr std::uint16_t kSelector = 1;
  static constexpr std::size_t kHeaderBytes = 16;
  static constexpr std::size_t kIpv4RecordBytes = 94;
  static constexpr std::size_t kIpv6RecordBytes = 134;

  explicit IpfixWriter(Identity identity, std::uint32_t first_sequence = 0)
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
