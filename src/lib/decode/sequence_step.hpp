#pragma once
// What every decoder does at the end of a datagram: its place in the stream, and the exporter's clock.
#include "sluice/decode/exporter.hpp"

namespace sluice::decode {

/// Flow records that the message itself held, without those that had waited for its templates.
inline std::uint32_t own_flow_records(const DecodeReport& report) {
  return report.count(DecodeCount::flow_records) -
         (report.recovered_records - report.recovered_options_records);
}

/// Whether a message held records that were not decoded, so that nobody knows how many it held.
inline bool lost_records(const DecodeReport& report) {
  return report.held_sets || report.count(DecodeError::missing_template) ||
         report.count(DecodeError::bad_set) || report.count(DecodeError::bad_record) ||
         report.count(DecodeError::bad_length);
}

/// How many bytes the records that were not decoded can be in; `message`: the whole of it, as its header says
/// where that is more.
inline void tell_undecoded(const DecodeReport& report, std::size_t message, SequenceStep& step) {
  step.complete = !lost_records(report);
  if (step.complete) return;
  const bool cut = report.count(DecodeError::bad_set) || report.count(DecodeError::bad_record) ||
                   report.count(DecodeError::bad_length);
  step.undecoded_bytes = cut ? static_cast<std::uint32_t>(message) : report.undecoded_bytes;
  step.undecoded_set = !cut && report.undecoded_sets == 1 ? report.undecoded_set : std::uint16_t{0};
}

/// Where a datagram stands in its stream, and what its header says of the time.
struct StreamPlace {
  SequenceTracker::Key stream;
  SequenceStep step;
  std::uint32_t records = 0;    ///< flow records of the datagram itself
  std::uint64_t export_ns = 0;  ///< Unix time; 0 where the header has none
};

inline SequenceVerdict account(const StreamPlace& place, const Datagram& datagram, Exporter& exporter) {
  const auto& [stream, step, records, export_ns] = place;
  ExporterCounters& counters = exporter.counters_of(stream.protocol);
  counters.sequence.average_in(records);
  if (export_ns) {
    counters.clock_difference_seconds =
        static_cast<double>(static_cast<std::int64_t>(export_ns - datagram.received_ns)) * 1e-9;
    counters.has_clock = true;
  }
  return exporter.sequences.step(stream, step, datagram.received_ns, counters.sequence);
}

}  // namespace sluice::decode
