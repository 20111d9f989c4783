#pragma once
// Everything that /metrics and /api/v1 show, at one moment. The app fills it from workers, sockets, exporters
// and sinks at each scrape; metrics and api turn it into text and know nothing of where it came from.
#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "sluice/decode/counts.hpp"

namespace sluice::metrics {

struct ListenerRow {
  std::string address;   ///< as bound, "[::]:2055"
  std::string protocol;  ///< auto, sflow, netflow, ipfix
  std::uint64_t datagrams = 0;
  std::uint64_t bytes = 0;         ///< UDP payload
  std::uint64_t truncated = 0;     ///< datagrams longer than the buffer (never, unless something is wrong)
  std::uint64_t kernel_drops = 0;  ///< SO_MEMINFO, sockets of all workers
  std::uint64_t queue_bytes = 0;   ///< receive queue now, sockets of all workers
  std::uint64_t queue_limit_bytes = 0;  ///< receive buffer really got, sum
  double queue_fill_max = 0;            ///< fullest socket, 0..1
  /// Of the kernel's drops, those that no exporter's sequence numbers show (yet).
  std::uint64_t kernel_drops_unshared = 0;
};

struct ProtocolRow {
  std::string protocol;
  Counts<decode::DecodeCount> counts;
  Counts<decode::HeldCount> held;
  std::map<std::string, std::uint64_t> errors;  ///< by reason
};

struct ExporterRow {
  std::string address;  ///< "other" for those past the configured number
  std::string name;     ///< configured, or empty
  std::string protocol;
  Counts<decode::DecodeCount> counts;    ///< as DecodeCountInfo::of_exporter says
  std::uint64_t templates = 0;           ///< known now
  std::uint64_t restored_templates = 0;  ///< of these: read from disk and not sent since
  std::uint64_t sampling_rate = 0;       ///< latest
  double last_seen_seconds = 0;          ///< Unix time
  Counts<decode::HeldCount> held;
  std::map<std::string, std::uint64_t> errors;

  // The loss ledger. `numbered`: what the protocol's sequence numbers count, "datagrams" or "records".
  std::string numbered;
  /// By fate, in that unit: in_order, passed_over, late, repeated, unknown, recovered.
  std::map<std::string, std::uint64_t> sequence;
  std::uint64_t restarts = 0, untracked_datagrams = 0;
  std::uint64_t lost_datagrams = 0;  ///< exact where datagrams are numbered, else an estimate
  std::uint64_t lost_in_kernel = 0;  ///< of them, the exporter's share of what its sockets dropped
  std::uint64_t lost_records = 0;    ///< exact where records are numbered, else an estimate
  std::uint64_t samples_passed_over = 0, samples_late = 0, sampler_drops = 0;  ///< sFlow
  bool has_clock = false;
  double clock_difference_seconds = 0;  ///< the exporter's clock less ours
  std::uint64_t lost_on_network() const {
    return lost_datagrams > lost_in_kernel ? lost_datagrams - lost_in_kernel : 0;
  }
  bool records_numbered() const { return numbered == "records"; }
};

struct SinkRow {
  std::string sink;
  std::string type;
  std::uint64_t delivered_flows = 0, delivered_bytes = 0, delivered_blocks = 0, queued_flows = 0,
                queued_bytes = 0, shed_flows = 0, errors = 0;
  std::map<std::string, std::uint64_t> failed_flows;
};

/// What one sink did with one exporter's flows: every flow is in one of these.
struct ExporterSinkRow {
  std::string address;  ///< "other" for those past the configured number, and those forgotten
  std::string sink;
  std::uint64_t left_out = 0, delivered = 0, failed = 0, shed = 0, queued = 0;
  std::uint64_t sum() const { return left_out + delivered + failed + shed + queued; }
};

/// The file that keeps what exporters taught. `kept` is false where there is none, and all else 0.
struct StateFile {
  bool kept = false;
  std::uint64_t writes = 0, write_errors = 0, bytes = 0, unwritten_changes = 0, set_aside = 0;
  double last_write_seconds = 0;  ///< Unix time; 0: not since the start
  /// Read at the start, and of these not sent again by the exporters: by "templates", "rates", "names".
  std::map<std::string, std::uint64_t> restored, unrefreshed;
  std::uint64_t restored_exporters = 0, refused = 0;
};

/// Decode time of a datagram, encoding and hand-over included. Bucket i counts times up to kBounds[i]
/// seconds; the last one is +Inf. Not cumulative.
struct DecodeTime {
  static constexpr std::array<double, 10> kBounds{1e-6, 2.5e-6, 5e-6,   1e-5, 2.5e-5,
                                                  5e-5, 1e-4,   2.5e-4, 1e-3, 1e-2};
  std::array<std::uint64_t, kBounds.size() + 1> counts{};
  double sum_seconds = 0;
};

struct Snapshot {
  std::string version, commit, compiler;
  double start_time_seconds = 0;
  unsigned workers = 0;
  std::string steering;  ///< source_address, kernel_hash or single
  std::vector<ListenerRow> listeners;
  std::vector<ProtocolRow> protocols;
  std::vector<ExporterRow> exporters;
  std::vector<ExporterSinkRow> exporter_sinks;
  std::uint64_t exporters_known = 0, exporters_refused = 0, exporters_expired = 0;
  std::vector<SinkRow> sinks;
  DecodeTime decode_time;
  StateFile state;
  std::uint64_t left_out_flows =
      0;                        ///< flows that a sink's format was told to leave out (kflow without IPv6)
  std::uint64_t log_muted = 0;  ///< log lines held back by the rate limit
  bool ready = false;           ///< listeners bound and workers running
  std::string not_ready_because;
};

/// Called at each scrape by an HTTP thread.
using SnapshotSource = std::function<Snapshot()>;

}  // namespace sluice::metrics
