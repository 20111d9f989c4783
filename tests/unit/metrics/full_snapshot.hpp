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

/// Figures `first`, `first` + 1 and so on, as HeldCount has them.
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

inline Snapshot full_snapshot() {
  Snapshot s;
  s.version = "1.2.3";
  s.commit = "abcdef0";
  s.compiler = "g++ 12.2";
  s.start_time_seconds = 1700000000;
  s.workers = 2;
  s.steering = "source_address";
  s.listeners = {{.address = "[::]:2055",
                  .protocol = "auto",
                  .datagrams = 101,
                  .bytes = 102,
                  .truncated = 103,
                  .kernel_drops = 104,
                  .queue_bytes = 105,
                  .queue_limit_bytes = 106,
                  .queue_fill_max = 0.25,
                  .kernel_drops_unshared = 107},
                 {.address = "[::]:6343", .protocol = "sflow", .datagrams = 111}};
  ProtocolRow& protocol = s.protocols.emplace_back();
  protocol.protocol = "netflow9";
  protocol.counts = all_different<decode::DecodeCount>({{decode::DecodeCount::datagrams, 201},
                                                        {decode::DecodeCount::bytes, 202},
                                                        {decode::DecodeCount::flow_records, 203},
                                                        {decode::DecodeCount::flows, 204},
                                                        {decode::DecodeCount::options_records, 205},
                                                        {decode::DecodeCount::counter_samples, 206},
                                                        {decode::DecodeCount::discard_samples, 207},
                                                        {decode::DecodeCount::templates, 208},
                                                        {decode::DecodeCount::withdrawals, 209},
                                                        {decode::DecodeCount::times_replaced, 210},
                                                        {decode::DecodeCount::starts_replaced, 211},
                                                        {decode::DecodeCount::rates_unknown, 212}},
                                                       20100);
  protocol.held = held_from(221);
  protocol.errors = {{"missing_template", 213}, {"bad_set", 214}};
  s.exporters = {{.address = "192.0.2.1",
                  .name = "edge-1",
                  .protocol = "netflow9",
                  .counts = all_different<decode::DecodeCount>({{decode::DecodeCount::datagrams, 301},
                                                                {decode::DecodeCount::bytes, 302},
                                                                {decode::DecodeCount::flow_records, 303},
                                                                {decode::DecodeCount::flows, 304},
                                                                {decode::DecodeCount::options_records, 305},
                                                                {decode::DecodeCount::counter_samples, 306},
                                                                {decode::DecodeCount::times_replaced, 307},
                                                                {decode::DecodeCount::rates_unknown, 308}},
                                                               30100),
                  .templates = 309,
                  .restored_templates = 330,
                  .sampling_rate = 1000,
                  .last_seen_seconds = 1700000100.5,
                  .held = held_from(351),
                  .errors = {{"missing_template", 310}},
                  .numbered = "datagrams",
                  .sequence = {{"in_order", 311}, {"passed_over", 312}, {"late", 313}},
                  .restarts = 314,
                  .untracked_datagrams = 315,
                  .lost_datagrams = 416,
                  .lost_in_kernel = 317,
                  .lost_records = 318,
                  .samples_passed_over = 319,
                  .samples_late = 320,
                  .sampler_drops = 321,
                  .has_clock = true,
                  .clock_difference_seconds = -1.5}};
  s.exporter_sinks = {{.address = "192.0.2.1",
                       .sink = "kafka",
                       .left_out = 331,
                       .delivered = 332,
                       .failed = 333,
                       .shed = 334,
                       .queued = 335}};
  s.exporters_known = 401;
  s.exporters_refused = 402;
  s.exporters_expired = 403;
  s.sinks = {{.sink = "kafka",
              .type = "kafka",
              .delivered_flows = 501,
              .delivered_bytes = 502,
              .delivered_blocks = 503,
              .queued_flows = 504,
              .queued_bytes = 505,
              .shed_flows = 506,
              .errors = 507,
              .failed_flows = {{"MSG_TIMED_OUT", 508}}}};
  s.decode_time.counts = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11};
  s.decode_time.sum_seconds = 1.5;
  s.state = {.kept = true,
             .writes = 701,
             .write_errors = 702,
             .bytes = 703,
             .unwritten_changes = 704,
             .set_aside = 705,
             .last_write_seconds = 1700000200.5,
             .restored = {{"templates", 706}, {"rates", 707}, {"names", 708}},
             .unrefreshed = {{"templates", 709}, {"rates", 710}, {"names", 711}},
             .restored_exporters = 712,
             .refused = 713};
  s.log_muted = 601;
  s.ready = true;
  return s;
}

}  // namespace sluice::metrics::test
