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

/// One whole-number column of a row type and the family it becomes.
template <class Row>
struct Column {
  const char* name;
  MetricType type;
  std::uint64_t Row::* value;
  const char* help;
};

constexpr Column<ListenerRow> kListenerColumns[] = {
    {"sluice_listener_datagrams_total", MetricType::Counter, &ListenerRow::datagrams, "Datagrams received"},
    {"sluice_listener_bytes_total", MetricType::Counter, &ListenerRow::bytes, "UDP payload received"},
    {"sluice_listener_truncated_total", MetricType::Counter, &ListenerRow::truncated,
     "Datagrams longer than the receive slot, cut"},
    {"sluice_listener_kernel_drops_total", MetricType::Counter, &ListenerRow::kernel_drops,
     "Datagrams the kernel dropped because the receive queue was full"},
    {"sluice_listener_queue_bytes", MetricType::Gauge, &ListenerRow::queue_bytes,
     "Kernel memory of the datagrams that wait, sockets of all workers"},
    {"sluice_listener_queue_limit_bytes", MetricType::Gauge, &ListenerRow::queue_limit_bytes,
     "Kernel memory that may wait, sockets of all workers"},
    {"sluice_listener_kernel_drops_unshared", MetricType::Gauge, &ListenerRow::kernel_drops_unshared,
     "Of the kernel's drops, those that no exporter's sequence numbers show"},
};

constexpr Column<ExporterRow> kExporterColumns[] = {
    {"sluice_exporter_templates", MetricType::Gauge, &ExporterRow::templates, "Templates known now"},
    {"sluice_exporter_restored_templates", MetricType::Gauge, &ExporterRow::restored_templates,
     "Of the templates known now: read from state.file and not sent by the exporter since"},
    {"sluice_exporter_sampling_rate", MetricType::Gauge, &ExporterRow::sampling_rate,
     "Latest sampling rate, 1 in N; 0 while unknown"},
};

constexpr Column<SinkRow> kSinkColumns[] = {
    {"sluice_sink_delivered_flows_total", MetricType::Counter, &SinkRow::delivered_flows, "Flows delivered"},
    {"sluice_sink_delivered_bytes_total", MetricType::Counter, &SinkRow::delivered_bytes,
     "Encoded bytes delivered, before compression"},
    {"sluice_sink_delivered_blocks_total", MetricType::Counter, &SinkRow::delivered_blocks,
     "Blocks delivered"},
    {"sluice_sink_shed_flows_total", MetricType::Counter, &SinkRow::shed_flows,
     "Flows refused because the queue or the memory budget was full"},
    {"sluice_sink_errors_total", MetricType::Counter, &SinkRow::errors, "Errors that cost no flow"},
    {"sluice_sink_queued_flows", MetricType::Gauge, &SinkRow::queued_flows,
     "Flows taken and not yet delivered"},
    {"sluice_sink_queued_bytes", MetricType::Gauge, &SinkRow::queued_bytes,
     "Encoded bytes taken and not yet delivered"},
};

constexpr Column<ExporterRow> kLedgerColumns[] = {
    {"sluice_exporter_restarts_total", MetricType::Counter, &ExporterRow::restarts,
     "Times the exporter began to number anew"},
    {"sluice_exporter_untracked_datagrams_total", MetricType::Counter, &ExporterRow::untracked_datagrams,
     "Datagrams of streams past the limit, whose numbers are not followed"},
    {"sluice_exporter_sampler_drops_total", MetricType::Counter, &ExporterRow::sampler_drops,
     "sFlow: samples that the exporter says it dropped itself"},
    {"sluice_exporter_samples_passed_over_total", MetricType::Counter, &ExporterRow::samples_passed_over,
     "sFlow: samples whose number was skipped"},
    {"sluice_exporter_samples_late_total", MetricType::Counter, &ExporterRow::samples_late,
     "sFlow: samples that came after their number was skipped"},
};

Labels labels_of(const ListenerRow& row) { return {{"listener", row.address}, {"protocol", row.protocol}}; }
Labels labels_of(const ProtocolRow& row) { return {{"protocol", row.protocol}}; }
Labels labels_of(const ExporterRow& row) {
  return {{"exporter", row.address}, {"name", row.name}, {"protocol", row.protocol}};
}
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
  /// One family for each column, one series for each row.
  template <class Row>
  void columns(std::span<const Column<Row>> columns, const std::vector<Row>& rows) {
    for (const auto& column : columns) {
      MetricFamily one = family(column.name, column.type, column.help);
      for (const Row& row : rows) add(one, static_cast<double>(row.*column.value), labels_of(row));
      take(std::move(one));
    }
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
    for (const auto& [fate, n] : row.sequence)
      add(numbers, static_cast<double>(n), with(with(labels_of(row), "unit", row.numbered), "fate", fate));
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
    const std::pair<const char*, std::uint64_t> fates[] = {
        {"delivered", row.delivered}, {"failed", row.failed}, {"left_out", row.left_out}, {"shed", row.shed}};
    for (const auto& [fate, n] : fates) add(flows, static_cast<double>(n), with(labels, "fate", fate));
    add(queued, static_cast<double>(row.queued), labels);
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
    const bool last = i == DecodeTime::kBounds.size();
    const double bound = last ? std::numeric_limits<double>::infinity() : DecodeTime::kBounds[i];
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
  out.single("sluice_exporters", MetricType::Gauge, static_cast<double>(snapshot.exporters_known),
             "Exporters known now");
  out.single("sluice_exporters_refused_total", MetricType::Counter,
             static_cast<double>(snapshot.exporters_refused),
             "Datagrams of new exporters refused because the table of exporters was full");
  out.single("sluice_exporters_expired_total", MetricType::Counter,
             static_cast<double>(snapshot.exporters_expired),
             "Exporters forgotten because they were silent for too long");
  out.single("sluice_left_out_flows_total", MetricType::Counter, static_cast<double>(snapshot.left_out_flows),
             "Flows that a format was told to leave out");
  out.single("sluice_log_muted_total", MetricType::Counter, static_cast<double>(snapshot.log_muted),
             "Log lines held back because the same was said just before");
}

void add_state(Families& out, const StateFile& state) {
  if (!state.kept) return;
  const auto counter = [&](const char* name, std::uint64_t value, const char* help) {
    out.single(name, MetricType::Counter, static_cast<double>(value), help);
  };
  const auto gauge = [&](const char* name, double value, const char* help) {
    out.single(name, MetricType::Gauge, value, help);
  };
  const auto by_kind = [&](const char* name, const std::map<std::string, std::uint64_t>& counts,
                           const char* help) {
    MetricFamily one = family(name, MetricType::Gauge, help);
    for (const auto& [kind, count] : counts) add(one, static_cast<double>(count), {{"kind", kind}});
    out.take(std::move(one));
  };
  counter("sluice_state_writes_total", state.writes, "Times that state.file was written");
  counter("sluice_state_write_errors_total", state.write_errors, "Times that it could not be written");
  counter("sluice_state_set_aside_total", state.set_aside, "Files that could not be read at the start");
  gauge("sluice_state_last_write_timestamp_seconds", state.last_write_seconds,
        "Unix time of the last write; 0: none since the start");
  gauge("sluice_state_bytes", static_cast<double>(state.bytes), "Size of state.file");
  gauge("sluice_state_unwritten_changes", static_cast<double>(state.unwritten_changes),
        "Datagrams whose news are not in state.file yet");
  gauge("sluice_state_restored_exporters", static_cast<double>(state.restored_exporters),
        "Exporters read from state.file at the start");
  gauge("sluice_state_refused", static_cast<double>(state.refused),
        "What state.file held at the start and was too old or over a limit");
  by_kind("sluice_state_restored", state.restored, "Read from state.file at the start");
  by_kind("sluice_state_unrefreshed", state.unrefreshed,
          "Read from state.file and not sent by the exporters since");
}

}  // namespace

std::vector<MetricFamily> families(const Snapshot& snapshot) {
  Families out;
  add_collector(out, snapshot);
  add_state(out, snapshot.state);
  out.columns<ListenerRow>(kListenerColumns, snapshot.listeners);
  out.gauge("sluice_listener_queue_fill_ratio", &ListenerRow::queue_fill_max,
            "Fill of the fullest socket, 0 to 1", snapshot.listeners);
  out.counts("sluice_protocol_", decode::kDecodeCounts, snapshot.protocols, &ProtocolRow::counts);
  out.counts("sluice_protocol_held_", decode::kHeldCounts, snapshot.protocols, &ProtocolRow::held);
  out.reasons("sluice_protocol_decode_errors_total", &ProtocolRow::errors,
              "What could not be decoded, by reason", snapshot.protocols);
  for (const auto& info : decode::kDecodeCounts)
    if (info.of_exporter == info.count)
      out.count("sluice_exporter_", info, info.exporter_help.empty() ? info.help : info.exporter_help,
                snapshot.exporters, &ExporterRow::counts);
  out.columns<ExporterRow>(kExporterColumns, snapshot.exporters);
  out.counts("sluice_exporter_held_", decode::kHeldCounts, snapshot.exporters, &ExporterRow::held);
  out.gauge("sluice_exporter_last_seen_timestamp_seconds", &ExporterRow::last_seen_seconds,
            "Unix time of the latest datagram", snapshot.exporters);
  out.reasons("sluice_exporter_decode_errors_total", &ExporterRow::errors,
              "What could not be decoded, by reason", snapshot.exporters);
  out.columns<ExporterRow>(kLedgerColumns, snapshot.exporters);
  add_ledger(out, snapshot.exporters);
  add_books(out, snapshot.exporter_sinks);
  out.take(decode_time_family(snapshot.decode_time));
  out.columns<SinkRow>(kSinkColumns, snapshot.sinks);
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
