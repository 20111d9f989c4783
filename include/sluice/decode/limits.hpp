#pragma once
// What is set of decoding: what a sender may make us keep or do, which times of a flow are believed, and what
// is known of some exporters. Set once, before the first datagram.
#include <cstdint>
#include <optional>
#include <string>

#include "sluice/util/words.hpp"

namespace sluice::decode {

/// Bounds on what any sender may make us keep or do. Each refusal is counted.
struct Limits {
  std::uint32_t max_exporters = 20000;
  std::uint32_t max_templates = 4096;  ///< per exporter
  std::uint32_t max_template_fields = 512;
  std::uint32_t max_record_length = 65535;  ///< bytes, minimum length of a template's records
  std::uint32_t max_samplers = 4096;        ///< sampling rates remembered per exporter
  std::uint32_t max_names = 8192;           ///< interfaces, VRFs, applications, labels; per exporter
  std::uint32_t max_streams = 4096;         ///< sequences followed per exporter, and as many sFlow sources
  std::uint32_t max_connections = 65536;    ///< of a firewall, counted by update events, per exporter
  std::uint64_t template_timeout_ns = 24ULL * 3600 * 1000000000;  ///< since last seen or used
  std::uint64_t exporter_timeout_ns = 24ULL * 3600 * 1000000000;  ///< since its last datagram
  /// All that is remembered of all exporters together: with their counts, what they taught, and what waits.
  std::uint64_t state_bytes = 256ULL << 20;
  /// Data that waits for its template; 0 in one of the three: nothing is held.
  std::uint64_t held_bytes_per_exporter = 256ULL << 10;
  std::uint64_t held_bytes = 64ULL << 20;                   ///< all exporters together, of state_bytes
  std::uint64_t held_timeout_ns = 30ULL * 60 * 1000000000;  ///< since it was received
  friend bool operator==(const Limits&, const Limits&) = default;
};

/// How flow times are judged (flow-message contract, "Times").
struct TimeBounds {
  std::uint64_t max_past_ns = 24ULL * 3600 * 1000000000;           ///< end before receipt, at most
  std::uint64_t max_future_ns = 3600ULL * 1000000000;              ///< end after receipt, at most
  std::uint64_t max_flow_age_ns = 30ULL * 24 * 3600 * 1000000000;  ///< start before end, at most
  friend bool operator==(const TimeBounds&, const TimeBounds&) = default;
};

/// Which protocols a listener takes.
enum class Accept : std::uint8_t { automatic, sflow, netflow, ipfix };
inline constexpr Words<Accept, 4> kAccepts{{{"auto", Accept::automatic},
                                            {"sflow", Accept::sflow},
                                            {"netflow", Accept::netflow},
                                            {"ipfix", Accept::ipfix}}};

/// Which header of a sampled packet in a tunnel fills the flow's own fields; the other one fills inner_*.
enum class Decapsulate : std::uint8_t { outer, inner };
inline constexpr Words<Decapsulate, 2> kDecapsulations{
    {{"outer", Decapsulate::outer}, {"inner", Decapsulate::inner}}};

/// What configuration says about the exporters of one prefix.
struct ExporterSettings {
  std::string name;
  std::string site{}, role{}, tenant{};                 ///< for its flows; empty: left out
  std::optional<std::uint64_t> sampling_rate_default;   ///< where the exporter names none
  std::optional<std::uint64_t> sampling_rate_override;  ///< beats whatever the exporter says
  bool netflow5_sampling_16bit = false;  ///< v5: take all 16 bits of the header's sampling field
  /// Each source port of the address is an exporter of its own: several boxes behind one address.
  bool key_with_port = false;
  std::optional<std::uint64_t> max_past_ns;  ///< these three in place of the table's TimeBounds
  std::optional<std::uint64_t> max_future_ns;
  std::optional<std::uint64_t> max_flow_age_ns;
  /// Flows end when they are received and last as long as the exporter says: for clocks that are wrong.
  bool times_received = false;
  std::optional<Decapsulate> decapsulate;  ///< where not set, the listener's
  bool sflow_ip_bytes = false;             ///< bytes of a sampled packet: its IP length, not the frame's
  bool split_biflows = true;               ///< the reverse counters of a record are a flow of their own
  bool mediator = false;                   ///< sampler_address is the exporter that a record names
  /// Teardown events of a firewall count again what its update events have counted.
  bool teardown_repeats_updates = true;
  bool derive_forwarding_status = false;  ///< output interface 0 and next hop 0: dropped
  bool icmp_in_both_ports = false;        ///< ICMP type in the source port, code in the destination port
  std::uint32_t max_datagrams_per_second =
      0;  ///< of one exporter; what is more is counted and lost; 0: no limit
  /// Elements 23 and 24 count the way back, as nProbe means them, not what left the device.
  bool post_counters_reverse = false;
  friend bool operator==(const ExporterSettings&, const ExporterSettings&) = default;
};

}  // namespace sluice::decode
