// The collector at one moment, for /metrics and /api/v1.
#include <algorithm>

#include "app/collector.hpp"
#include "sluice/util/version.hpp"

namespace sluice::app {
namespace {

std::string_view text_of(config::ListenProtocol protocol) {
  switch (protocol) {
    case config::ListenProtocol::automatic:
      return "auto";
    case config::ListenProtocol::sflow:
      return "sflow";
    case config::ListenProtocol::netflow:
      return "netflow";
    case config::ListenProtocol::ipfix:
      return "ipfix";
  }
  return "auto";
}

std::string_view text_of(config::SinkType type) {
  switch (type) {
    case config::SinkType::kafka:
      return "kafka";
    case config::SinkType::file:
      return "file";
    case config::SinkType::stdout_:
      return "stdout";
  }
  return "";
}

constexpr std::size_t kProtocols = static_cast<std::size_t>(decode::Protocol::count);

metrics::ExporterRow row_of(const decode::Exporter& exporter, std::size_t protocol) {
  const decode::ExporterCounters& c = exporter.counters[protocol];
  metrics::ExporterRow row;
  row.address = exporter.key.address.to_string();
  row.name = exporter.settings.name;
  row.protocol = decode::name(static_cast<decode::Protocol>(protocol));
  row.datagrams = c.datagrams;
  row.bytes = c.bytes;
  row.flow_records = c.flow_records;
  row.flows = c.flows;
  row.options_records = c.options_records;
  row.counter_samples = c.counter_samples;
  row.times_replaced = c.times_replaced;
  row.rates_unknown = c.rates_unknown;
  row.templates = exporter.templates.size(static_cast<decode::Protocol>(protocol));
  row.sampling_rate = c.sampling_rate;
  row.last_seen_seconds = static_cast<double>(exporter.last_seen_ns.load()) / 1e9;
  for (std::size_t i = 0; i < c.errors.size(); ++i)
    if (c.errors[i]) row.errors[std::string(decode::name(static_cast<decode::DecodeError>(i)))] = c.errors[i];
  return row;
}

/// Exporters past the configured number share one row for each protocol.
void add_to(metrics::ExporterRow& sum, const metrics::ExporterRow& row) {
  sum.datagrams += row.datagrams;
  sum.bytes += row.bytes;
  sum.flow_records += row.flow_records;
  sum.flows += row.flows;
  sum.options_records += row.options_records;
  sum.counter_samples += row.counter_samples;
  sum.times_replaced += row.times_replaced;
  sum.rates_unknown += row.rates_unknown;
  sum.templates += row.templates;
  sum.last_seen_seconds = std::max(sum.last_seen_seconds, row.last_seen_seconds);
  for (const auto& [reason, n] : row.errors) sum.errors[reason] += n;
}

}  // namespace

metrics::Snapshot Collector::snapshot() const {
  metrics::Snapshot out;
  const Version build = version();
  out.version = build.version;
  out.commit = build.commit;
  out.compiler = build.compiler;
  out.start_time_seconds = started_seconds_;
  out.workers = worker_count_;
  out.steering = steering_;
  out.exporters_known = exporters_.size();
  out.exporters_refused = exporters_.refused();
  out.exporters_expired = exporters_.expired_exporters();
  out.log_muted = log_.muted();
  for (const auto& worker : workers_) out.left_out_flows += worker->left_out();
  out.ready = running_ && !failed() && !stuck();
  if (!running_) out.not_ready_because = "the workers are not running";
  if (stuck()) out.not_ready_because = "a worker has not turned for more than 5 s";
  if (failed()) out.not_ready_because = "a worker ended";
  add_listeners(out);
  add_protocols(out);
  add_exporters(out);
  add_sinks(out);
  add_decode_time(out);
  return out;
}

void Collector::add_listeners(metrics::Snapshot& out) const {
  for (std::size_t i = 0; i < listeners_.size(); ++i) {
    metrics::ListenerRow row;
    row.address = listeners_[i].sockets.front().local_name();
    row.protocol = text_of(listeners_[i].settings.protocol);
    for (const auto& worker : workers_) {
      const worker::ListenerCounters& c = worker->listener(i);
      row.datagrams += c.datagrams.get();
      row.bytes += c.bytes.get();
      row.truncated += c.truncated.get();
    }
    for (const net::UdpSocket& socket : listeners_[i].sockets) {
      const net::SocketStats stats = socket.stats();
      row.kernel_drops += stats.drops;
      row.queue_bytes += stats.queued_bytes;
      row.queue_limit_bytes += stats.queue_limit;
      row.queue_fill_max = std::max(row.queue_fill_max, stats.fill());
    }
    out.listeners.push_back(std::move(row));
  }
}

void Collector::add_protocols(metrics::Snapshot& out) const {
  for (std::size_t p = 0; p < kProtocols; ++p) {
    metrics::ProtocolRow row;
    row.protocol = decode::name(static_cast<decode::Protocol>(p));
    for (const auto& worker : workers_) {
      const worker::ProtocolCounters& c = worker->protocol(static_cast<decode::Protocol>(p));
      row.datagrams += c.datagrams.get();
      row.bytes += c.bytes.get();
      row.flow_records += c.flow_records.get();
      row.flows += c.flows.get();
      row.options_records += c.options_records.get();
      row.counter_samples += c.counter_samples.get();
      row.discard_samples += c.discard_samples.get();
      row.templates += c.templates.get();
      row.withdrawals += c.withdrawals.get();
      row.times_replaced += c.times_replaced.get();
      row.starts_replaced += c.starts_replaced.get();
      row.rates_unknown += c.rates_unknown.get();
      for (std::size_t e = 0; e < c.errors.size(); ++e) {
        auto& sum = row.errors[std::string(decode::name(static_cast<decode::DecodeError>(e)))];
        sum += c.errors[e].get();
      }
    }
    out.protocols.push_back(std::move(row));
  }
}

void Collector::add_exporters(metrics::Snapshot& out) const {
  struct Seen {
    std::uint64_t first_seen_ns;
    std::vector<metrics::ExporterRow> rows;  // by protocol
  };
  std::vector<Seen> all;
  exporters_.for_each([&](decode::Exporter& exporter) {
    Seen seen{exporter.first_seen_ns, {}};
    for (std::size_t p = 0; p < kProtocols; ++p)
      if (exporter.counters[p].datagrams) seen.rows.push_back(row_of(exporter, p));
    all.push_back(std::move(seen));
  });
  // Those that came first keep labels of their own, so that a series does not move between labels.
  std::ranges::sort(all, {}, &Seen::first_seen_ns);
  std::map<std::string, metrics::ExporterRow> others;  // by protocol
  for (std::size_t i = 0; i < all.size(); ++i)
    for (metrics::ExporterRow& row : all[i].rows) {
      if (i < config_.metrics.max_exporters)
        out.exporters.push_back(std::move(row));
      else
        add_to(others[row.protocol], row);
    }
  for (auto& [protocol, row] : others) {
    row.address = "other";
    row.protocol = protocol;
    out.exporters.push_back(std::move(row));
  }
}

void Collector::add_sinks(metrics::Snapshot& out) const {
  for (const NamedSink& named : sinks_) {
    const sink::SinkStats stats = named.sink->stats();
    metrics::SinkRow row;
    row.sink = named.name;
    row.type = text_of(named.settings->type);
    row.delivered_flows = stats.delivered_flows;
    row.delivered_bytes = stats.delivered_bytes;
    row.delivered_blocks = stats.delivered_blocks;
    row.queued_flows = stats.queued_flows;
    row.queued_bytes = stats.queued_bytes;
    row.shed_flows = stats.shed_flows;
    row.errors = stats.errors;
    row.failed_flows = stats.failed_flows;
    out.sinks.push_back(std::move(row));
  }
}

void Collector::add_decode_time(metrics::Snapshot& out) const {
  std::uint64_t sum_ns = 0;
  for (const auto& worker : workers_) {
    const worker::DecodeTimeCounters& c = worker->decode_time();
    for (std::size_t i = 0; i < c.counts.size(); ++i) out.decode_time.counts[i] += c.counts[i].get();
    sum_ns += c.sum_ns.get();
  }
  out.decode_time.sum_seconds = static_cast<double>(sum_ns) / 1e9;
}

}  // namespace sluice::app
