#pragma once
// A snapshot in which every figure is there and different from the others.
#include <initializer_list>
#include <utility>

#include "metrics/snapshot.hpp"

namespace sluice::metrics::test {

/// The numbers given, and one from `from` on for each other counter.
template <class Enum>
Counts<Enum> all_different(std::initializer_list<std::pair<Enum, std::uint64_t>> given, std::uint64_t from) {
  Counts<Enum> out;
  for (std::uint64_t& value : out.values) value = from++;
  for (const auto& [count, value] : given) out[count] = value;
  return out;
}

inline void fill_listeners(std::vector<ListenerRow>& rows) {
  using L = worker::ListenerCount;
  rows = {{.address = "[::]:2055",
           .protocol = "auto",
           .counts = all_different<L>({{L::datagrams, 101},
                                       {L::bytes, 102},
                                       {L::truncated, 103},
                                       {L::kernel_drops, 104},
                                       {L::queue_bytes, 105},
                                       {L::queue_limit_bytes, 106},
                                       {L::kernel_drops_unshared, 107}},
                                      10100),
           .queue_fill_max = 0.25},
          {.address = "[::]:6343", .protocol = "sflow", .counts = {}}};
  rows[1].counts[L::datagrams] = 111;
}

/// Figures `first`, `first` + 1 and so on.
inline Counts<decode::HeldCount> held_from(std::uint64_t first) {
  using H = decode::HeldCount;
  return all_different<H>({{H::datagrams, first},
                           {H::bytes, first + 1},
                           {H::decoded_datagrams, first + 2},
                           {H::decoded_bytes, first + 3},
                           {H::expired_datagrams, first + 4},
                           {H::expired_bytes, first + 5},
                           {H::refused_datagrams, first + 6},
                           {H::refused_bytes, first + 7}},
                          100 * first);
}

inline ProtocolRow full_protocol() {
  using D = decode::DecodeCount;
  return {.protocol = "netflow9",
          .counts = all_different<D>({{D::datagrams, 201},
                                      {D::bytes, 202},
                                      {D::flow_records, 203},
                                      {D::flows, 204},
                                      {D::options_records, 205},
                                      {D::counter_samples, 206},
                                      {D::discard_samples, 207},
                                      {D::templates, 208},
                                      {D::withdrawals, 209},
                                      {D::times_replaced, 210},
                                      {D::starts_replaced, 211},
                                      {D::rates_unknown, 212}},
                                     20100),
          .held = held_from(221),
          .errors = {{"missing_template", 213}, {"bad_set", 214}}};
}

inline ExporterRow full_exporter() {
  using D = decode::DecodeCount;
  using G = ExporterGauge;
  using F = SequenceFate;
  using L = LedgerCount;
  return {.address = "192.0.2.1",
          .name = "edge-1",
          .protocol = "netflow9",
          .counts = all_different<D>({{D::datagrams, 301},
                                      {D::bytes, 302},
                                      {D::flow_records, 303},
                                      {D::flows, 304},
                                      {D::options_records, 305},
                                      {D::counter_samples, 306},
                                      {D::times_replaced, 307},
                                      {D::rates_unknown, 308}},
                                     30100),
          .gauges = all_different<G>(
              {{G::templates, 309}, {G::restored_templates, 330}, {G::sampling_rate, 1000}}, 30200),
          .last_seen_seconds = 1700000100.5,
          .held = held_from(351),
          .errors = {{"missing_template", 310}},
          .numbered = "datagrams",
          .sequence = all_different<F>({{F::in_order, 311},
                                        {F::passed_over, 312},
                                        {F::late, 313},
                                        {F::repeated, 322},
                                        {F::unknown, 323},
                                        {F::recovered, 324}},
                                       30300),
          .ledger = all_different<L>({{L::restarts, 314},
                                      {L::untracked_datagrams, 315},
                                      {L::samples_passed_over, 319},
                                      {L::samples_late, 320},
                                      {L::sampler_drops, 321}},
                                     30400),
          .lost_datagrams = 416,
          .lost_in_kernel = 317,
          .lost_records = 318,
          .has_clock = true,
          .clock_difference_seconds = -1.5};
}

inline void fill_sources(Snapshot& s) {
  s.sources = {{.source = "upstream",
                .type = "kafka",
                .counts = all_different<intake::SourceCount>({}, 70100),
                .bad = {{"message", 70301}, {"framing", 70302}}}};
  s.source_partitions = {
      {.source = "upstream", .partition = "3", .counts = all_different<intake::PartitionCount>({}, 70200)}};
}

inline void fill_sinks(Snapshot& s) {
  using S = sink::SinkCount;
  s.exporter_sinks = {{.address = "192.0.2.1",
                       .sink = "kafka",
                       .book = {.exporter = {},
                                .left_out = 331,
                                .delivered = 332,
                                .failed = 333,
                                .shed = 334,
                                .queued = 335,
                                .left = 336,
                                .resumed = 337,
                                .filtered = 338}}};
  s.sinks = {{.sink = "kafka",
              .type = "kafka",
              .counts = all_different<S>({{S::delivered_flows, 501},
                                          {S::delivered_bytes, 502},
                                          {S::delivered_blocks, 503},
                                          {S::queued_flows, 504},
                                          {S::queued_bytes, 505},
                                          {S::shed_flows, 506},
                                          {S::errors, 507}},
                                         50100),
              .failed_flows = {{"MSG_TIMED_OUT", 508}}}};
}

inline StateFile full_state() {
  using S = state::StateCount;
  using K = state::StateKind;
  return {.kept = true,
          .counts = all_different<S>({{S::writes, 701},
                                      {S::write_errors, 702},
                                      {S::bytes, 703},
                                      {S::unwritten_changes, 704},
                                      {S::set_aside, 705},
                                      {S::restored_exporters, 712},
                                      {S::refused, 713}},
                                     70100),
          .last_write_seconds = 1700000200.5,
          .restored = all_different<K>({{K::templates, 706}, {K::rates, 707}, {K::names, 708}}, 70200),
          .unrefreshed = all_different<K>({{K::templates, 709}, {K::rates, 710}, {K::names, 711}}, 70300)};
}

inline Snmp full_snmp() {
  using D = snmp::DeviceCount;
  using P = snmp::PollerCount;
  return {.on = true,
          .counts = all_different<P>({{P::devices, 901}, {P::refused, 902}, {P::restored, 903}}, 90100),
          .devices = {{.device = "192.0.2.1",
                       .standing = "fine",
                       .counts = all_different<D>({{D::polls, 911}, {D::interfaces, 912}}, 91100),
                       .last_answer_seconds = 1700000300.5}}};
}

inline Snapshot full_snapshot() {
  Snapshot s;
  s.version = "1.2.3";
  s.commit = "abcdef0";
  s.compiler = "g++ 12.2";
  s.start_time_seconds = 1700000000;
  s.workers = 2;
  s.steering = "source_address";
  fill_listeners(s.listeners);
  using S = worker::SessionCount;
  s.sessions = {{.address = "[::]:4739",
                 .transport = "tls",
                 .counts = all_different<S>({{S::accepted, 121}, {S::messages, 122}, {S::open, 123}}, 12100),
                 .ended = {{"by_exporter", 124}, {"slow", 125}}}};
  s.refused = {{"198.51.100.0/24", 451}, {"other", 452}};
  s.protocols = {full_protocol()};
  s.exporters = {full_exporter()};
  using C = CollectorCount;
  s.counts = all_different<C>({{C::exporters_known, 401},
                               {C::exporters_refused, 402},
                               {C::exporters_expired, 403},
                               {C::log_muted, 601}},
                              60100);
  fill_sources(s);
  fill_sinks(s);
  s.decode_time.counts = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11};
  s.decode_time.sum_seconds = 1.5;
  s.state = full_state();
  s.enrich = all_different<enrich::EnrichCount>({}, 72000);
  s.names = {{.source = "networks",
              .path = "/etc/sluice/networks.csv",
              .counts = all_different<enrich::NamesCount>({}, 72100),
              .error = "line 3 is wrong"}};
  s.snmp = full_snmp();
  using B = bmp::BmpCount;
  using F = bmp::FillCount;
  using R = bmp::RouterCount;
  s.bmp = {.on = true,
           .counts = all_different<B>({{B::accepted, 961}, {B::held_bytes, 962}}, 96100),
           .filled = all_different<F>({{F::routed, 963}, {F::unrouted, 964}}, 96200),
           .errors = {{"bad_update", 965}},
           .ended = {{"slow", 966}},
           .routers = {{"192.0.2.1", all_different<R>({{R::sessions, 967}, {R::routes, 968}}, 96300)}}};
  using H = http::HttpCount;
  s.http = {{"metrics", all_different<H>({{H::open, 801}, {H::refused_host, 802}}, 80100)}};
  s.ready = true;
  return s;
}

}  // namespace sluice::metrics::test
