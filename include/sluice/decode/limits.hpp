#pragma once
// What a sender may make us keep or do, and which times of a flow are believed. Set once, before the first
// datagram.
#include <cstdint>

namespace sluice::decode {

/// Bounds on what any sender may make us keep or do. Each refusal is counted.
struct Limits {
  std::uint32_t max_exporters = 20000;
  std::uint32_t max_templates = 4096;  ///< per exporter
  std::uint32_t max_template_fields = 512;
  std::uint32_t max_record_length = 65535;  ///< bytes, minimum length of a template's records
  std::uint32_t max_samplers = 4096;        ///< sampling rates remembered per exporter
  std::uint32_t max_names = 8192;           ///< interfaces, VRFs and applications named, per exporter
  std::uint32_t max_streams = 4096;         ///< sequences followed per exporter, and as many sFlow sources
  std::uint32_t max_connections = 65536;    ///< of a firewall, counted by update events, per exporter
  std::uint64_t template_timeout_ns = 24ULL * 3600 * 1000000000;  ///< since last seen or used
  std::uint64_t exporter_timeout_ns = 24ULL * 3600 * 1000000000;  ///< since its last datagram
  /// Data that waits for its template; 0 in one of the three: nothing is held.
  std::uint64_t held_bytes_per_exporter = 256ULL << 10;
  std::uint64_t held_bytes = 64ULL << 20;                   ///< all exporters together
  std::uint64_t held_timeout_ns = 30ULL * 60 * 1000000000;  ///< since it was received
};

/// How flow times are judged (flow-message contract, "Times").
struct TimeBounds {
  std::uint64_t max_past_ns = 24ULL * 3600 * 1000000000;           ///< end before receipt, at most
  std::uint64_t max_future_ns = 3600ULL * 1000000000;              ///< end after receipt, at most
  std::uint64_t max_flow_age_ns = 30ULL * 24 * 3600 * 1000000000;  ///< start before end, at most
};

}  // namespace sluice::decode
