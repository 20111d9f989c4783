#include "metrics/collectable.hpp"

#include <prometheus/text_serializer.h>

#include <iterator>
#include <limits>
#include <span>
#include <utility>

namespace sluice::metrics {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;
using Labels = std::vector<ClientMetric::Label>;

Labels labels_of(const ListenerRow& row) { return {{"listener", row.address}, {"protocol", row.protocol}}; }
Labels labels_of(const SessionsRow& row) { return {{"listener", row.address}, {"transport", row.transport}}; }
Labels labels_of(const ProtocolRow& row) { return {{"protocol", row.protocol}}; }
Labels labels_of(const ExporterRow& row) {
  return {{"exporter", row.address}, {"name", row.name}, {"protocol", row.protocol}};
}
Labels labels_of(const SnmpRow& row) { return {{"device", row.device}}; }
Labels labels_of(const HttpRow& row) { return {{"listener", row.listener}}; }
Labels labels_of(const SourceRow& row) { return {{"source", row.source}, {"type", row.type}}; }
Labels labels_of(const SourcePartitionRow& row) {
  return {{"source", row.source}, {"partition", row.partition}};
}
Labels labels_of(const enrich::NamesSource& row) { return {{"source", row.source}}; }
Labels labels_of(const RouterRow& row) { return {{"router", row.address}}; }
Labels labels_of(const SinkRow& row) { return {{"sink", row.sink}, {"type", row.type}}; }

MetricFamily family(std::string name, MetricType type, std::string_view help) {
  return {.name = std::move(name), .help = std::string(help), .type = type, .metric = {}};
}

template <class Info>
MetricFamily family_of(std::string_view prefix, const Info& info, std::string_view help) {
  const bool total = info.kind == CountKind::total;
  std::string name{prefix};
  name += metric_of(info);
  if (total) name += "_total";
  return family(std::move(name), total ? MetricType::Counter : MetricType::Gauge, help);
}

void add(MetricFamily& to, double value, Labels labels = {}) {
  ClientMetric metric;
  metric.label = std::move(labels);
  (to.type == MetricType::Counter ? metric.counter.value : metric.gauge.value) = value;
  to.metric.push_back(std::move(metric));
}

class Families {
 public:
  void take(MetricFamily one) {
    if (!one.metric.empty()) all_.push_back(std::move(one));
  }
  void single(const char* name, MetricType type, double value, const char* help, Labels labels = {}) {
    MetricFamily one = family(name, type, help);
    add(one, value, std::move(labels));
    take(std::move(one));
  }
  template <class Info>
  void single(std::string_view prefix, const Info& info, std::uint64_t value) {
    MetricFamily one = family_of(prefix, info, info.help);
    add(one, static_cast<double>(value));
    take(std::move(one));
  }
  /// The family of one counter, one series for each row.
  template <class Info, class Row, class Enum>
  void count(std::string_view prefix, const Info& info, std::string_view help, const std::vector<Row>& rows,
             Counts<Enum> Row::* counts) {
    MetricFamily one = family_of(prefix, info, help);
    for (const Row& row : rows) add(one, static_cast<double>((row.*counts)[info.count]), labels_of(row));
    take(std::move(one));
  }
  /// The families of all counters of a table.
  template <class Table, class Row, class Enum>
  void counts(std::string_view prefix, const Table& table, const std::vector<Row>& rows,
              Counts<Enum> Row::* counts) {
    for (const auto& info : table) count(prefix, info, info.help, rows, counts);
  }
  template <class Row>
  void gauge(const char* name, double Row::* value, const char* help, const std::vector<Row>& rows) {
    MetricFamily one = family(name, MetricType::Gauge, help);
    for (const Row& row : rows) add(one, row.*value, labels_of(row));
    take(std::move(one));
  }
  /// A counter with the label "reason" beside the row's own.
  template <class Row>
  void reasons(const char* name, std::map<std::string, std::uint64_t> Row::* counts, const char* help,
               const std::vector<Row>& rows) {
    MetricFamily one = family(name, MetricType::Counter, help);
    for (const Row& row : rows)
      for (const auto& [reason, count] : row.*counts) {
        Labels labels = labels_of(row);
        labels.push_back({"reason", reason});
        add(one, static_cast<double>(count), std::move(labels));
      }
    take(std::move(one));
  }
  std::vector<MetricFamily> done() && { return std::move(all_); }

 private:
  std::vector<MetricFamily> all_;
};

Labels with(Labels labels, const char* name, std::string value) {
  labels.push_back({name, std::move(value)});
  return labels;
}

/// What became of what the exporter says it sent.
void add_ledger(Families& out, const std::vector<ExporterRow>& rows) {
  MetricFamily numbers = family("sluice_exporter_sequence_total", MetricType::Counter,
                                "Sequence numbers by fate, in the unit that the protocol numbers");
  MetricFamily datagrams =
      family("sluice_exporter_lost_datagrams", MetricType::Gauge, "Datagrams lost since the start, by where");
  MetricFamily records = family("sluice_exporter_lost_records", MetricType::Gauge,
                                "Flow records lost with datagrams since the start");
  MetricFamily clock = family("sluice_exporter_clock_difference_seconds", MetricType::Gauge,
                              "The exporter's clock less this machine's, latest datagram");
  for (const ExporterRow& row : rows) {
    if (row.has_clock) add(clock, row.clock_difference_seconds, labels_of(row));
    if (row.numbered.empty()) continue;
    const std::string by_datagram = row.records_numbered() ? "estimated" : "exact";
    const std::string by_record = row.records_numbered() ? "exact" : "estimated";
    for (const auto& info : kSequenceFates)
      add(numbers, static_cast<double>(row.sequence[info.count]),
          with(with(labels_of(row), "unit", row.numbered), "fate", std::string(info.key)));
    add(datagrams, static_cast<double>(row.lost_in_kernel),
        with(with(labels_of(row), "where", "kernel"), "how", by_datagram));
    add(datagrams, static_cast<double>(row.lost_on_network()),
        with(with(labels_of(row), "where", "network"), "how", by_datagram));
    add(records, static_cast<double>(row.lost_records), with(labels_of(row), "how", by_record));
  }
  for (MetricFamily* one : {&numbers, &datagrams, &records, &clock}) out.take(std::move(*one));
}

/// Exporter by sink.
void add_books(Families& out, const std::vector<ExporterSinkRow>& rows) {
  MetricFamily flows = family("sluice_exporter_sink_flows_total", MetricType::Counter,
                              "The exporter's flows by what the sink did with them");
  MetricFamily queued = family("sluice_exporter_sink_queued_flows", MetricType::Gauge,
                               "The exporter's flows that the sink has and has not delivered");
  for (const ExporterSinkRow& row : rows) {
    const Labels labels{{"exporter", row.address}, {"sink", row.sink}};
    for (const sink::BookColumn& column : sink::kBookColumns) {
      const auto n = static_cast<double>(row.book.*column.value);
      if (column.value == &sink::ExporterBook::queued)
        add(queued, n, labels);
      else
        add(flows, n, with(labels, "fate", column.name));
    }
  }
  out.take(std::move(flows));
  out.take(std::move(queued));
}

MetricFamily decode_time_family(const DecodeTime& time) {
  MetricFamily one = family("sluice_decode_seconds", MetricType::Histogram,
                            "Time to decode, encode and hand over one datagram");
  ClientMetric metric;
  std::uint64_t so_far = 0;
  for (std::size_t i = 0; i < time.counts.size(); ++i) {
    so_far += time.counts[i];
    const bool last = i == worker::kDecodeTimeBoundsNs.size();
    const double bound = last ? std::numeric_limits<double>::infinity()
                              : static_cast<double>(worker::kDecodeTimeBoundsNs[i]) / 1e9;
    metric.histogram.bucket.push_back({.cumulative_count = so_far, .upper_bound = bound});
  }
  metric.histogram.sample_count = so_far;
  metric.histogram.sample_sum = time.sum_seconds;
  one.metric.push_back(std::move(metric));
  return one;
}

void add_collector(Families& out, const Snapshot& snapshot) {
  out.single("sluice_build_info", MetricType::Gauge, 1, "What is running",
             {{"version", snapshot.version}, {"commit", snapshot.commit}, {"compiler", snapshot.compiler}});
  out.single("sluice_ready", MetricType::Gauge, snapshot.ready ? 1 : 0,
             "Listeners bound and workers running");
  out.single("sluice_workers", MetricType::Gauge, snapshot.workers, "Threads that receive and decode");
  out.single("sluice_steering_info", MetricType::Gauge, 1, "How datagrams are spread over the workers",
             {{"mode", snapshot.steering}});
  for (const auto& info : kCollectorCounts) out.single("sluice_", info, snapshot.counts[info.count]);
}

void add_state(Families& out, const StateFile& state) {
  if (!state.kept) return;
  const auto by_kind = [&](const char* name, const Counts<state::StateKind>& counts, const char* help) {
    MetricFamily one = family(name, MetricType::Gauge, help);
    for (std::size_t i = 0; i < state::kStateKinds.size(); ++i)
      add(one, static_cast<double>(counts.values[i]), {{"kind", state::kStateKinds[i]}});
    out.take(std::move(one));
  };
  for (const auto& info : state::kStateCounts) out.single("sluice_state_", info, state.counts[info.count]);
  out.single("sluice_state_last_write_timestamp_seconds", MetricType::Gauge, state.last_write_seconds,
             "Unix time of the last write; 0: none since the start");
  by_kind("sluice_state_restored", state.restored, "Read from state.file at the start");
  by_kind("sluice_state_unrefreshed", state.unrefreshed,
          "Read from state.file and not sent by the exporters since");
}

void add_snmp(Families& out, const Snmp& snmp) {
  if (!snmp.on) return;
  for (const auto& info : snmp::kPollerCounts) out.single("sluice_snmp_", info, snmp.counts[info.count]);
  out.counts("sluice_snmp_device_", snmp::kDeviceCounts, snmp.devices, &SnmpRow::counts);
  out.gauge("sluice_snmp_device_last_answer_timestamp_seconds", &SnmpRow::last_answer_seconds,
            "Unix time of the device's latest good answer; 0: none", snmp.devices);
  MetricFamily standings = family("sluice_snmp_device_standing", MetricType::Gauge,
                                  "1 beside how the device stands by its latest poll");
  for (const SnmpRow& row : snmp.devices)
    if (!row.standing.empty()) add(standings, 1, with(labels_of(row), "standing", row.standing));
  out.take(std::move(standings));
}

void add_bmp(Families& out, const BmpRows& bmp) {
  if (!bmp.on) return;
  for (const auto& info : bmp::kBmpCounts) out.single("sluice_bmp_", info, bmp.counts[info.count]);
  for (const auto& info : bmp::kFillCounts) out.single("sluice_bmp_", info, bmp.filled[info.count]);
  const auto by_reason = [&](const char* name, const std::map<std::string, std::uint64_t>& counts,
                             const char* help) {
    MetricFamily one = family(name, MetricType::Counter, help);
    for (const auto& [reason, count] : counts) add(one, static_cast<double>(count), {{"reason", reason}});
    out.take(std::move(one));
  };
  by_reason("sluice_bmp_errors_total", bmp.errors, "What was not taken of BMP, by reason");
  by_reason("sluice_bmp_ended_sessions_total", bmp.ended, "Sessions that ended or were not begun, by reason");
  out.counts("sluice_bmp_router_", bmp::kRouterCounts, bmp.routers, &RouterRow::counts);
}

}  // namespace

std::vector<MetricFamily> families(const Snapshot& snapshot) {
  Families out;
  add_collector(out, snapshot);
  add_state(out, snapshot.state);
  add_snmp(out, snapshot.snmp);
  out.counts("sluice_listener_", worker::kListenerCounts, snapshot.listeners, &ListenerRow::counts);
  out.gauge("sluice_listener_queue_fill_ratio", &ListenerRow::queue_fill_max,
            "Fill of the fullest socket, 0 to 1", snapshot.listeners);
  out.counts("sluice_tcp_", worker::kSessionCounts, snapshot.sessions, &SessionsRow::counts);
  out.reasons("sluice_tcp_ended_sessions_total", &SessionsRow::ended,
              "Sessions that ended or were not begun, by reason", snapshot.sessions);
  MetricFamily refused = family("sluice_refused_datagrams_total", MetricType::Counter,
                                "Datagrams of sources that may not send, by prefix of the source");
  for (const RefusedRow& row : snapshot.refused)
    add(refused, static_cast<double>(row.datagrams), {{"prefix", row.prefix}});
  out.take(std::move(refused));
  out.counts("sluice_protocol_", decode::kDecodeCounts, snapshot.protocols, &ProtocolRow::counts);
  out.counts("sluice_protocol_held_", decode::kHeldCounts, snapshot.protocols, &ProtocolRow::held);
  out.reasons("sluice_protocol_decode_errors_total", &ProtocolRow::errors,
              "What could not be decoded, by reason", snapshot.protocols);
  for (const auto& info : decode::kDecodeCounts)
    if (info.of_exporter == info.count)
      out.count("sluice_exporter_", info, info.exporter_help.empty() ? info.help : info.exporter_help,
                snapshot.exporters, &ExporterRow::counts);
  out.counts("sluice_exporter_", kExporterGauges, snapshot.exporters, &ExporterRow::gauges);
  out.counts("sluice_exporter_held_", decode::kHeldCounts, snapshot.exporters, &ExporterRow::held);
  out.gauge("sluice_exporter_last_seen_timestamp_seconds", &ExporterRow::last_seen_seconds,
            "Unix time of the latest datagram", snapshot.exporters);
  out.reasons("sluice_exporter_decode_errors_total", &ExporterRow::errors,
              "What could not be decoded, by reason", snapshot.exporters);
  out.counts("sluice_exporter_", kLedgerCounts, snapshot.exporters, &ExporterRow::ledger);
  add_ledger(out, snapshot.exporters);
  add_books(out, snapshot.exporter_sinks);
  out.counts("sluice_http_", http::kHttpCounts, snapshot.http, &HttpRow::counts);
  out.take(decode_time_family(snapshot.decode_time));
  for (const auto& info : enrich::kEnrichCounts)
    out.single("sluice_enrich_", info, snapshot.enrich[info.count]);
  out.counts("sluice_names_", enrich::kNamesCounts, snapshot.names, &enrich::NamesSource::counts);
  add_bmp(out, snapshot.bmp);
  out.counts("sluice_source_", intake::kSourceCounts, snapshot.sources, &SourceRow::counts);
  out.reasons("sluice_source_bad_messages_total", &SourceRow::bad,
              "What stands in a topic and is no flow, by reason", snapshot.sources);
  out.counts("sluice_source_partition_", intake::kPartitionCounts, snapshot.source_partitions,
             &SourcePartitionRow::counts);
  out.counts("sluice_sink_", sink::kSinkCounts, snapshot.sinks, &SinkRow::counts);
  out.reasons("sluice_sink_failed_flows_total", &SinkRow::failed_flows, "Flows that were lost, by reason",
              snapshot.sinks);
  return std::move(out).done();
}

std::vector<MetricFamily> SnapshotCollectable::Collect() const {
  auto out = families(source_());
  auto process = process_families();
  std::move(process.begin(), process.end(), std::back_inserter(out));
  return out;
}

std::string text(const std::vector<MetricFamily>& families) {
  return prometheus::TextSerializer().Serialize(families);
}

}  // namespace sluice::metrics
