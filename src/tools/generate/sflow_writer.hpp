#pragma once
// sFlow version 5 (sflow.org, sflow_version_5.txt): flow samples with the raw packet header, extended switch,
// router and gateway records; counter samples with the generic and the Ethernet counters.
#include <array>

#include "generate/datagram_writer.hpp"

namespace sluice::generate {

/// What an extended gateway record says about a flow; follows from the flow's AS numbers and next hop.
struct Gateway {
  std::uint32_t as = 0;  ///< the router's own
  std::uint32_t src_peer_as = 0;
  std::array<std::uint32_t, 2> as_path{};  ///< the neighbour and the destination
  std::size_t as_path_size = 0;            ///< 0: the destination is the router's own AS
  std::array<std::uint32_t, 2> communities{};
  std::uint32_t local_pref = 0;
};
Gateway gateway_of(const FlowRecord& flow);

/// The datagram sequence counts datagrams of the sub-agent, the samples' count per data source (its input
/// interface). A flow is one packet: `bytes` is the frame length with the frame check sequence.
class SflowWriter final : public DatagramWriter {
 public:
  static constexpr std::size_t kSampledHeader = 128;  ///< bytes of the packet that are sent, at most
  static constexpr std::size_t kStripped = 4;         ///< the frame check sequence, counted but not sent
  static constexpr std::size_t kCountersRoom =
      1400;  ///< bytes, above which counters go into another datagram

  explicit SflowWriter(Identity identity, std::uint32_t first_sequence = 1);

  std::uint64_t export_time(std::uint64_t now_ns) const override { return now_ns / 1000000 * 1000000; }
  FlowSizes sizes() const override;
  std::size_t flows(std::span<const FlowRecord> flows, std::uint64_t now_ns,
                    std::span<std::byte> room) override;
  std::size_t damaged_flows(std::span<const FlowRecord> flows, std::uint64_t now_ns,
                            std::span<std::byte> room) override;
  Written counters(std::uint64_t now_ns, std::span<std::byte> room) override;
  std::uint32_t claim_sequence(std::size_t flows) override;

 private:
  /// One interface, as data source and for its counters. The counts are those of the samples times the rate.
  struct Source {
    std::uint32_t interface = 0;
    std::uint32_t flow_samples = 0;
    std::uint32_t counter_samples = 0;
    std::uint32_t pool = 0;
    std::uint64_t in_octets = 0, out_octets = 0;
    std::uint32_t in_packets = 0, out_packets = 0;
  };
  Source& source_of(std::uint32_t interface);
  void header(class ByteWriter& out, std::uint64_t now_ns, std::uint32_t samples);
  void flow_sample(class ByteWriter& out, const FlowRecord& flow);
  void counter_sample(class ByteWriter& out, Source& source);

  const Identity identity_;
  std::vector<Source> sources_;
  std::size_t next_counters_ = 0;  // index into sources_: where the next datagram of counters goes on
  std::uint32_t sequence_;
};

}  // namespace sluice::generate
