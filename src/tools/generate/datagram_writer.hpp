#pragma once
// The wire side of a mock exporter: writes one exporter's datagrams, one after the other, with that
// protocol's sequence numbers. Each protocol has its own header beside this one. Times come in with the call;
// no sockets, no randomness, no clock. A writer belongs to one exporter and one thread.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "sluice/flow/record.hpp"

namespace sluice::generate {

/// Who the exporter says that it is.
struct Identity {
  IpAddress agent;  ///< sFlow agent address
  std::uint32_t observation_domain =
      1;                           ///< v9 source id, IPFIX domain, sFlow sub-agent, v5 engine id (low byte)
  std::uint32_t sampling = 0;      ///< 1 in N; 0: none is announced
  std::uint64_t boot_time_ns = 0;  ///< Unix time at which sysUptime was 0, whole milliseconds
  bool ipv6_template = true;       ///< v9, IPFIX; false: it is never told
  std::vector<std::uint32_t> interfaces;  ///< sFlow: those that counter samples are sent for
};

/// What a call wrote; size 0 where the protocol has nothing of the kind.
struct Written {
  std::size_t size = 0;  ///< bytes of the datagram
  std::uint32_t templates = 0;
  std::uint32_t options_records = 0;
  std::uint32_t counter_samples = 0;
  bool more = false;  ///< the rest did not fit: call again for the next datagram
};

/// Upper bounds, for deciding how many flows fit into a datagram.
struct FlowSizes {
  std::size_t fixed = 0;      ///< bytes of headers and padding
  std::size_t ipv4 = 0;       ///< bytes of one IPv4 flow
  std::size_t ipv6 = 0;       ///< 0: the protocol has no IPv6
  std::size_t max_flows = 0;  ///< what the protocol allows in a datagram
};

class DatagramWriter {
 public:
  virtual ~DatagramWriter() = default;

  /// The time that flows are to be older than: now, as coarse as the protocol's header tells it.
  virtual std::uint64_t export_time(std::uint64_t now_ns) const = 0;
  virtual FlowSizes sizes() const = 0;

  /// Templates and sampling options, in one datagram.
  virtual Written announce(std::uint64_t now_ns, std::span<std::byte> room);
  /// The flows, those of IPv4 before those of IPv6. Returns the datagram's size; 0 where it did not fit.
  virtual std::size_t flows(std::span<const FlowRecord> flows, std::uint64_t now_ns,
                            std::span<std::byte> room) = 0;
  /// The same with a last flow that cannot be read: its set or sample says that it is longer than the rest of
  /// the datagram, or is cut short. The sequence counts it. At least one flow.
  virtual std::size_t damaged_flows(std::span<const FlowRecord> flows, std::uint64_t now_ns,
                                    std::span<std::byte> room) = 0;
  /// Counter samples of all interfaces.
  virtual Written counters(std::uint64_t now_ns, std::span<std::byte> room);

  /// The header's sequence number for a datagram of that many flows, taken as sent. flows() calls it; a
  /// caller does so only where the datagram itself is never made.
  virtual std::uint32_t claim_sequence(std::size_t flows) = 0;
};

/// The writer of a protocol; nullptr for FlowType::unknown.
std::unique_ptr<DatagramWriter> make_writer(FlowType protocol, Identity identity);

}  // namespace sluice::generate
