// The collector at one moment, for /metrics and /api/v1.
#include <algorithm>

#include "app/collector.hpp"
#include "flow/endpoint.hpp"
#include "sluice/util/version.hpp"

namespace sluice::app {
namespace {

constexpr std::size_t kProtocols = static_cast<std::size_t>(decode::Protocol::count);

/// With the port where that is part of who it is.
std::string text_of(const ExporterKey& key) {
  return key.port == 0 ? key.address.to_string() : Endpoint{key.address, key.port}.to_string();
}

/// The exporter's shares of what sockets dropped.
struct Dropped {
  std::uint64_t shown = 0, unconfirmed = 0;
};

void add_ledger(const decode::ExporterCounters& c, decode::Protocol protocol, const Dropped& kernel_drops,
                metrics::ExporterRow& row) {
  if (protocol == decode::Protocol::unknown) return;  // noise has no numbers
  const decode::SequenceCounts& s = c.sequence;
  row.numbered = records_are_numbered(protocol) ? "records" : "datagrams";
  for (const auto& info : metrics::kSequenceFates) row.sequence[info.count] = s.*info.source;
  using Ledger = metrics::LedgerCount;
  row.ledger[Ledger::restarts] = s.restarts;
  row.ledger[Ledger::untracked_datagrams] = s.untracked;
  row.ledger[Ledger::kernel_drops_unconfirmed] = kernel_drops.unconfirmed;
  row.ledger[Ledger::sampler_drops] = c.samples.drops;
  row.ledger[Ledger::samples_passed_over] = c.samples.passed_over;
  row.ledger[Ledger::samples_late] = c.samples.late;
  row.lost_datagrams = lost_datagrams(protocol, s);
  row.lost_in_kernel = std::min(kernel_drops.shown, row.lost_datagrams);
  row.lost_records = lost_records(protocol, s);
  row.has_clock = c.has_clock;
  row.clock_difference_seconds = c.clock_difference_seconds;
}

/// `count` gives one of decode::HeldCount.
template <class Count>
Counts<decode::HeldCount> held_counts(const Count& count) {
  Counts<decode::HeldCount> out;
  for (const auto& info : decode::kHeldCounts) out[info.count] = count(info.count);
  return out;
}

Counts<decode::DecodeCount> exporter_counts(const Counts<decode::DecodeCount>& sums) {
  Counts<decode::DecodeCount> out;
  for (const auto& info : decode::kDecodeCounts)
    if (info.of_exporter != decode::DecodeCount::count) out[info.of_exporter] += sums[info.count];
  return out;
}

metrics::ExporterRow row_of(const decode::Exporter& exporter, std::size_t protocol,
                            const Dropped& kernel_drops) {
  const decode::ExporterCounters& c = exporter.counters[protocol];
  metrics::ExporterRow row;
  row.address = text_of(exporter.key);
  row.name = exporter.settings.name;
  row.protocol = decode::name(static_cast<decode::Protocol>(protocol));
  row.counts = exporter_counts(c.counts);
  using Gauge = metrics::ExporterGauge;
  row.gauges[Gauge::templates] = exporter.templates.size(static_cast<decode::Protocol>(protocol));
  row.gauges[Gauge::restored_templates] =
      exporter.templates.restored(static_cast<decode::Protocol>(protocol));
  row.gauges[Gauge::sampling_rate] = c.sampling_rate;
  row.held = held_counts([&](decode::HeldCount what) {
    return exporter.held.count(static_cast<decode::Protocol>(protocol), what);
  });
  row.last_seen_seconds = static_cast<double>(exporter.last_seen_ns.load()) / 1e9;
  add_ledger(c, static_cast<decode::Protocol>(protocol), kernel_drops, row);
  for (std::size_t i = 0; i < c.errors.size(); ++i) {
    const auto error = static_cast<decode::DecodeError>(i);
    if (const std::uint64_t n = exporter.errors(static_cast<decode::Protocol>(protocol), error))
      row.errors[std::string(decode::name(error))] = n;
  }
  return row;
}

/// Exporters past the configured number share one row for each protocol.
void add_to(metrics::ExporterRow& sum, const metrics::ExporterRow& row) {
  sum.counts += row.counts;
  sum.held += row.held;
  sum.sequence += row.sequence;
  sum.ledger += row.ledger;
  for (const auto& info : metrics::kExporterGauges)
    if (info.summed) sum.gauges[info.count] += row.gauges[info.count];
  sum.last_seen_seconds = std::max(sum.last_seen_seconds, row.last_seen_seconds);
  for (const auto& [reason, n] : row.errors) sum.errors[reason] += n;
  sum.numbered = row.numbered;
  sum.lost_datagrams += row.lost_datagrams;
  sum.lost_in_kernel += row.lost_in_kernel;
  sum.lost_records += row.lost_records;
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
  add_collector(out);
  out.ready = running_ && !stopping_ && !failed() && !stuck();
  if (stopping_)
    out.not_ready_because = "the collector is stopping";
  else if (failed())
    out.not_ready_because = "a worker ended";
  else if (!running_)
    out.not_ready_because = "the workers are not running";
  else if (stuck())
    out.not_ready_because = "a worker has not turned for more than 5 s";
  share_kernel_drops();
  add_listeners(out);
  add_sessions(out);
  add_bmp(out);
  add_refused(out);
  add_protocols(out);
  add_exporters(out);
  add_sources(out);
  add_sinks(out);
  add_decode_time(out);
  add_names(out);
  add_snmp(out);
  add_state(out);  // last, so that what the counts above saw is either written or still to be
  return out;
}

void Collector::add_collector(metrics::Snapshot& out) const {
  using Count = metrics::CollectorCount;
  out.counts[Count::exporters_known] = exporters_.size();
  out.counts[Count::exporters_refused] = exporters_.refused();
  out.counts[Count::exporters_expired] = exporters_.expired_exporters();
  out.counts[Count::exporters_evicted] = exporters_.budget().evicted_exporters();
  out.counts[Count::remembered_bytes] = exporters_.budget().used();
  out.counts[Count::remembered_limit_bytes] = exporters_.budget().capacity();
  out.counts[Count::log_muted] = log_.muted();
  for (const auto& worker : workers_) out.counts[Count::left_out_flows] += worker->left_out();
  for (const NamedSource& source : sources_)
    for (const auto& reader : source.readers) out.counts[Count::left_out_flows] += reader->left_out();
}

void Collector::add_names(metrics::Snapshot& out) const {
  const auto add = [&](const enrich::EnrichCounters& of_thread) {
    for (const auto& info : enrich::kEnrichCounts) out.enrich[info.count] += of_thread[info.count].get();
  };
  for (const auto& worker : workers_) add(worker->enriched());
  for (const NamedSource& source : sources_)
    for (const auto& reader : source.readers) add(reader->enriched());
  out.names = names_.sources();
}

Activity Collector::activity() const {
  using Count = sink::SinkCount;
  Activity out;
  out.exporters = exporters_.size();
  for (const auto& worker : workers_) {
    for (std::size_t p = 0; p < kProtocols; ++p)
      out.flows +=
          worker->protocol(static_cast<decode::Protocol>(p)).counts[decode::DecodeCount::flows].get();
    for (std::size_t i = 0; i < listeners_.size(); ++i)
      out.datagrams += worker->listener(i)[worker::ListenerCount::datagrams].get();
  }
  for (const NamedSource& source : sources_) {
    Activity::Source& read = out.sources.emplace_back(Activity::Source{source.name});
    for (const auto& reader : source.readers) {
      const intake::SourceStats stats = reader->stats();
      read.flows += stats.counts[intake::SourceCount::flows];
      read.lag_records += stats.counts[intake::SourceCount::lag_records];
    }
  }
  for (const Listener& listener : listeners_)
    for (const net::UdpSocket& socket : listener.sockets) out.kernel_drops += socket.stats().drops;
  for (const NamedSink& named : sinks_) {
    const sink::SinkStats stats = named.sink->stats();
    std::uint64_t lost = stats.counts[Count::shed_flows];
    for (const auto& [reason, flows] : stats.failed_flows) lost += flows;
    out.sinks.push_back(
        {named.name, stats.counts[Count::delivered_flows], stats.counts[Count::queued_flows], lost});
  }
  return out;
}

void Collector::add_listeners(metrics::Snapshot& out) const {
  using Count = worker::ListenerCount;
  for (std::size_t i = 0; i < listeners_.size(); ++i) {
    if (listeners_[i].sockets.empty()) continue;
    metrics::ListenerRow row;
    row.address = listeners_[i].sockets.front().local_name();
    row.protocol = word_of(decode::kAccepts, listeners_[i].settings.protocol);
    for (const auto& worker : workers_) {
      const worker::ListenerCounters& c = worker->listener(i);
      for (const auto& info : worker::kListenerCounts) row.counts[info.count] += c[info.count].get();
    }
    for (std::size_t w = 0; w < listeners_[i].sockets.size(); ++w) {
      const net::SocketStats stats = listeners_[i].sockets[w].stats();
      row.counts[Count::kernel_drops_unshared] += kernel_drops_->unshared(i * worker_count_ + w);
      row.counts[Count::kernel_drops] += stats.drops;
      row.counts[Count::queue_bytes] += stats.queued_bytes;
      row.counts[Count::queue_limit_bytes] += stats.queue_limit;
      row.queue_fill_max = std::max(row.queue_fill_max, stats.fill());
    }
    out.listeners.push_back(std::move(row));
  }
}

void Collector::add_sessions(metrics::Snapshot& out) const {
  if (!sessions_) return;
  for (std::size_t i = 0; i < sessions_->inlets(); ++i) {
    const worker::SessionInlet& inlet = sessions_->inlet(i);
    metrics::SessionsRow row;
    row.address = inlet.listener.local_name();
    row.transport = inlet.identity ? "tls" : "tcp";
    for (const auto& info : worker::kSessionCounts)
      row.counts[info.count] = sessions_->counts(i)[info.count].get();
    for (const auto& [word, why] : worker::kSessionEnds)
      row.ended[std::string(word)] = sessions_->ends(i)[why].get();
    out.sessions.push_back(std::move(row));
  }
}

void Collector::add_bmp(metrics::Snapshot& out) const {
  if (!station_) return;
  metrics::BmpRows& bmp = out.bmp;
  bmp.on = true;
  const bmp::BmpCounters& counters = station_->counters();
  for (const auto& info : bmp::kBmpCounts) bmp.counts[info.count] = counters.counts[info.count].get();
  for (const auto& info : bmp::kBmpErrors)
    bmp.errors[std::string(info.key)] = counters.errors[info.count].get();
  for (const auto& [word, why] : bmp::kBmpEnds) bmp.ended[std::string(word)] = counters.ends[why].get();
  for (const auto& worker : workers_)
    if (const bmp::FillCounters* filled = worker->filled())
      for (const auto& info : bmp::kFillCounts) bmp.filled[info.count] += (*filled)[info.count].get();
  for (const bmp::RouterRow& router : station_->routers())
    if (bmp.routers.size() < config_.metrics.max_exporters)
      bmp.routers.push_back({router.address.to_string(), router.counts});
}

/// Of all workers together, the most first; those past the bound share one row.
void Collector::add_refused(metrics::Snapshot& out) const {
  std::map<std::string, std::uint64_t> by_prefix;
  std::uint64_t others = 0;
  const auto add = [&](const net::RefusedSources& refused) {
    for (const auto& [prefix, n] : refused.read())
      (prefix.address.empty() ? others : by_prefix[prefix.to_string()]) += n;
  };
  for (const auto& worker : workers_) add(worker->refused());
  if (sessions_) add(sessions_->refused());
  if (station_) add(station_->refused());
  for (const auto& [prefix, n] : by_prefix) out.refused.push_back({prefix, n});
  std::ranges::stable_sort(out.refused, std::ranges::greater{}, &metrics::RefusedRow::datagrams);
  while (out.refused.size() > net::RefusedSources::kMaxPrefixes) {
    others += out.refused.back().datagrams;
    out.refused.pop_back();
  }
  if (others > 0) out.refused.push_back({"other", others});
}

void Collector::add_protocols(metrics::Snapshot& out) const {
  for (std::size_t p = 0; p < kProtocols; ++p) {
    metrics::ProtocolRow row;
    row.protocol = decode::name(static_cast<decode::Protocol>(p));
    for (const auto& worker : workers_) {
      const worker::ProtocolCounters& c = worker->protocol(static_cast<decode::Protocol>(p));
      for (const auto& info : decode::kDecodeCounts) row.counts[info.count] += c.counts[info.count].get();
      for (std::size_t e = 0; e < c.errors.size(); ++e) {
        auto& sum = row.errors[std::string(decode::name(static_cast<decode::DecodeError>(e)))];
        sum += c.errors[e].get();
      }
    }
    const auto version = static_cast<decode::Protocol>(p);
    const decode::HeldPool& held = exporters_.held();
    row.held = held_counts([&](decode::HeldCount what) { return held.count(version, what); });
    // What is lost after it was held is in no worker's report.
    row.errors[std::string(decode::name(decode::DecodeError::missing_template))] +=
        held.count(version, decode::HeldCount::lost_sets);
    row.errors[std::string(decode::name(decode::DecodeError::state_evicted))] +=
        exporters_.budget().evicted(version);
    out.protocols.push_back(std::move(row));
  }
}

void Collector::add_exporters(metrics::Snapshot& out) const {
  struct Seen {
    std::uint64_t first_seen_ns;
    IpAddress address;
    std::vector<metrics::ExporterRow> rows;  // by protocol
  };
  std::vector<Seen> all;
  const auto shown = kernel_drops_->shares();
  const auto unconfirmed = kernel_drops_->unconfirmed();
  const auto of = [](const auto& shares, const ExporterKey& key, std::size_t protocol) {
    const auto share = shares.find(key);
    return share == shares.end() ? 0 : share->second[protocol];
  };
  exporters_.for_each([&](decode::Exporter& exporter) {
    Seen seen{exporter.first_seen_ns, exporter.key.address, {}};
    for (std::size_t p = 0; p < kProtocols; ++p)
      if (exporter.counters[p].counts[decode::DecodeCount::datagrams])
        seen.rows.push_back(
            row_of(exporter, p, {of(shown, exporter.key, p), of(unconfirmed, exporter.key, p)}));
    all.push_back(std::move(seen));
  });
  // Those that came first keep labels of their own, so that a series does not move between labels.
  std::ranges::sort(all, {}, &Seen::first_seen_ns);
  std::map<std::string, metrics::ExporterRow> others;  // by protocol
  std::set<IpAddress> with_own_row;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (i < config_.metrics.max_exporters) with_own_row.insert(all[i].address);
    for (metrics::ExporterRow& row : all[i].rows) {
      if (i < config_.metrics.max_exporters)
        out.exporters.push_back(std::move(row));
      else
        add_to(others[row.protocol], row);
    }
  }
  for (auto& [protocol, row] : others) {
    row.address = "other";
    row.protocol = protocol;
    out.exporters.push_back(std::move(row));
  }
  add_exporter_sinks(with_own_row, out);
}

void Collector::add_exporter_sinks(const std::set<IpAddress>& with_own_row, metrics::Snapshot& out) const {
  for (const NamedSink& named : sinks_) {
    if (named.settings->stream == encode::Stream::counters) continue;  // its records balance with no flows
    metrics::ExporterSinkRow others;
    others.address = "other";
    others.sink = named.name;
    for (const sink::ExporterBook& book : named.sink->books()) {
      metrics::ExporterSinkRow row;
      row.address = book.exporter.to_string();
      row.sink = named.name;
      metrics::ExporterSinkRow& to = with_own_row.contains(book.exporter) ? row : others;
      to.book += book;
      if (&to == &row) out.exporter_sinks.push_back(std::move(row));
    }
    if (others.book.sum() > 0) out.exporter_sinks.push_back(std::move(others));
  }
  std::ranges::sort(out.exporter_sinks, {}, [](const auto& row) { return std::tie(row.sink, row.address); });
}

/// Before the sinks, so that each has got what was read.
void Collector::add_sources(metrics::Snapshot& out) const {
  for (const NamedSource& source : sources_) {
    metrics::SourceRow row;
    row.source = source.name;
    row.type = intake::kTypes.front();
    for (const char* reason : intake::kBadNames) row.bad[reason] = 0;
    std::map<std::int32_t, Counts<intake::PartitionCount>> partitions;
    for (const auto& reader : source.readers) {
      const intake::SourceStats stats = reader->stats();
      row.counts += stats.counts;
      for (std::size_t i = 0; i < intake::kBadNames.size(); ++i)
        row.bad[intake::kBadNames[i]] += stats.bad.values[i];
      for (const auto& [partition, counts] : stats.partitions) {
        const std::uint64_t committed = partitions[partition][intake::PartitionCount::committed_offset];
        partitions[partition] += counts;
        partitions[partition][intake::PartitionCount::committed_offset] =
            std::max(committed, counts[intake::PartitionCount::committed_offset]);
      }
    }
    for (const auto& [partition, counts] : partitions)
      out.source_partitions.push_back({source.name, std::to_string(partition), counts});
    out.sources.push_back(std::move(row));
  }
}

void Collector::add_sinks(metrics::Snapshot& out) const {
  for (const NamedSink& named : sinks_) {
    const sink::SinkStats stats = named.sink->stats();
    metrics::SinkRow row;
    row.sink = named.name;
    row.type = sink::type_name(*named.settings);
    row.counts = stats.counts;
    row.failed_flows = stats.failed_flows;
    out.sinks.push_back(std::move(row));
  }
}

void Collector::add_state(metrics::Snapshot& out) const {
  if (!keeper_) return;
  using Kind = state::StateKind;
  metrics::StateFile& state = out.state;
  exporters_.for_each([&](const decode::Exporter& exporter) {
    for (std::size_t p = 0; p < kProtocols; ++p)
      state.unrefreshed[Kind::templates] += exporter.templates.restored(static_cast<decode::Protocol>(p));
    state.unrefreshed[Kind::rates] += exporter.samplers.restored();
    state.unrefreshed[Kind::names] += exporter.names.restored();
  });
  const state::Stats stats = keeper_->stats();
  state.kept = true;
  state.counts = stats.counts;
  state.restored = stats.restored;
  state.last_write_seconds = static_cast<double>(stats.last_write_ns) / 1e9;
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
