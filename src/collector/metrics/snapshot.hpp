#pragma once
// Everything that /metrics and /api/v1 show, at one moment. The app fills it from workers, sockets, exporters
// and sinks at each scrape; metrics and api turn it into text and know nothing of where it came from.
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "bmp/counts.hpp"
#include "enrich/counts.hpp"
#include "http/counts.hpp"
#include "intake/counts.hpp"
#include "metrics/counts.hpp"
#include "sink/counts.hpp"
#include "sluice/decode/counts.hpp"
#include "snmp/counts.hpp"
#include "state/counts.hpp"
#include "worker/counts.hpp"
#include "worker/session_counts.hpp"

namespace sluice::metrics {

struct ListenerRow {
  std::string address;   ///< as bound, "[::]:2055"
  std::string protocol;  ///< auto, sflow, netflow, ipfix
  Counts<worker::ListenerCount> counts;
  double queue_fill_max = 0;  ///< fullest socket, 0..1
};

/// A listener that takes sessions.
struct SessionsRow {
  std::string address;    ///< as bound, "[::]:4739"
  std::string transport;  ///< tcp or tls
  Counts<worker::SessionCount> counts;
  std::map<std::string, std::uint64_t> ended;  ///< by reason, also those not begun
};

/// Datagrams of sources that may not send.
struct RefusedRow {
  std::string prefix;  ///< "192.0.2.0/24", or "other" for those past the bound
  std::uint64_t datagrams = 0;
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
  Counts<decode::DecodeCount> counts;  ///< as DecodeCountInfo::of_exporter says
  Counts<ExporterGauge> gauges;
  double last_seen_seconds = 0;  ///< Unix time
  Counts<decode::HeldCount> held;
  std::map<std::string, std::uint64_t> errors;

  // The loss ledger. `numbered`: what the protocol's sequence numbers count, "datagrams" or "records".
  std::string numbered;
  Counts<SequenceFate> sequence;
  Counts<LedgerCount> ledger;
  std::uint64_t lost_datagrams = 0;  ///< exact where datagrams are numbered, else an estimate
  std::uint64_t lost_in_kernel = 0;  ///< of them, the exporter's share of what its sockets dropped
  std::uint64_t lost_records = 0;    ///< exact where records are numbered, else an estimate
  bool has_clock = false;
  double clock_difference_seconds = 0;  ///< the exporter's clock less ours
  std::uint64_t lost_on_network() const {
    return lost_datagrams > lost_in_kernel ? lost_datagrams - lost_in_kernel : 0;
  }
  bool records_numbered() const { return numbered == "records"; }
};

struct SourceRow {
  std::string source;
  std::string type;
  Counts<intake::SourceCount> counts;
  std::map<std::string, std::uint64_t> bad;  ///< what is no flow, by reason
};

struct SourcePartitionRow {
  std::string source;
  std::string partition;
  Counts<intake::PartitionCount> counts;
};

struct SinkRow {
  std::string sink;
  std::string type;
  Counts<sink::SinkCount> counts;
  std::map<std::string, std::uint64_t> failed_flows;
};

/// What one sink did with one exporter's flows.
struct ExporterSinkRow {
  std::string address;  ///< "other" for those past the configured number, and those forgotten
  std::string sink;
  sink::ExporterBook book;
};

/// An HTTP listener of the collector.
struct HttpRow {
  std::string listener;  ///< metrics or api
  Counts<http::HttpCount> counts;
};

/// The file that keeps what exporters taught. `kept` is false where there is none, and all else 0.
struct StateFile {
  bool kept = false;
  Counts<state::StateCount> counts;
  double last_write_seconds = 0;  ///< Unix time; 0: not since the start
  /// Read at the start, and of these not sent again by the exporters.
  Counts<state::StateKind> restored, unrefreshed;
};

/// A device that is asked for its interfaces by SNMP.
struct SnmpRow {
  std::string device;    ///< address of the exporter; "other" for those past the configured number
  std::string standing;  ///< fine, silent, refused_login, ...; empty for "other"
  Counts<snmp::DeviceCount> counts;
  double last_answer_seconds = 0;  ///< Unix time of the latest good answer; 0: none
};

/// All of them. `on` is false where none is configured.
struct Snmp {
  bool on = false;
  Counts<snmp::PollerCount> counts;
  std::vector<SnmpRow> devices;
};

/// Decode time of a datagram, encoding and hand-over included. Not cumulative.
struct DecodeTime {
  worker::DecodeTimes<> counts{};
  double sum_seconds = 0;
};

/// A router that has a BMP session, had one, or is a default.
struct RouterRow {
  std::string address;
  Counts<bmp::RouterCount> counts;
};

/// Sessions of BMP. `on` is false where none are taken, and all else 0.
struct BmpRows {
  bool on = false;
  Counts<bmp::BmpCount> counts;
  Counts<bmp::FillCount> filled;                ///< of all workers
  std::map<std::string, std::uint64_t> errors;  ///< by reason
  std::map<std::string, std::uint64_t> ended;   ///< by reason, also those not begun
  std::vector<RouterRow> routers;
};

struct Snapshot {
  std::string version, commit, compiler;
  double start_time_seconds = 0;
  unsigned workers = 0;
  std::string steering;                ///< source_address, kernel_hash or single
  std::vector<ListenerRow> listeners;  ///< of datagrams
  std::vector<SessionsRow> sessions;
  std::vector<RefusedRow> refused;
  std::vector<ProtocolRow> protocols;
  std::vector<ExporterRow> exporters;
  std::vector<ExporterSinkRow> exporter_sinks;
  Counts<CollectorCount> counts;
  std::vector<SourceRow> sources;
  std::vector<SourcePartitionRow> source_partitions;
  std::vector<SinkRow> sinks;
  DecodeTime decode_time;
  BmpRows bmp;
  Counts<enrich::EnrichCount> enrich;      ///< of all threads
  std::vector<enrich::NamesSource> names;  ///< that are configured
  StateFile state;
  Snmp snmp;
  std::vector<HttpRow> http;
  bool ready = false;  ///< listeners bound and workers running
  std::string not_ready_because;
};

/// Called for each request, on the thread that serves HTTP: in the daemon the main one.
using SnapshotSource = std::function<Snapshot()>;

}  // namespace sluice::metrics
