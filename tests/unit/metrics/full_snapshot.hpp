#pragma once
// A snapshot in which every figure is there and different from the others.
#include "metrics/snapshot.hpp"

namespace sluice::metrics::test {

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
  s.protocols = {{.protocol = "netflow9",
                  .datagrams = 201,
                  .bytes = 202,
                  .flow_records = 203,
                  .flows = 204,
                  .options_records = 205,
                  .counter_samples = 206,
                  .discard_samples = 207,
                  .templates = 208,
                  .withdrawals = 209,
                  .times_replaced = 210,
                  .starts_replaced = 211,
                  .rates_unknown = 212,
                  .held_datagrams = 221,
                  .held_bytes = 222,
                  .held_decoded_datagrams = 223,
                  .held_decoded_bytes = 224,
                  .held_expired_datagrams = 225,
                  .held_expired_bytes = 226,
                  .held_refused_datagrams = 227,
                  .held_refused_bytes = 228,
                  .errors = {{"missing_template", 213}, {"bad_set", 214}}}};
  s.exporters = {{.address = "192.0.2.1",
                  .name = "edge-1",
                  .protocol = "netflow9",
                  .datagrams = 301,
                  .bytes = 302,
                  .flow_records = 303,
                  .flows = 304,
                  .options_records = 305,
                  .counter_samples = 306,
                  .times_replaced = 307,
                  .rates_unknown = 308,
                  .templates = 309,
                  .restored_templates = 330,
                  .sampling_rate = 1000,
                  .last_seen_seconds = 1700000100.5,
                  .held_datagrams = 351,
                  .held_bytes = 352,
                  .held_decoded_datagrams = 353,
                  .held_decoded_bytes = 354,
                  .held_expired_datagrams = 355,
                  .held_expired_bytes = 356,
                  .held_refused_datagrams = 357,
                  .held_refused_bytes = 358,
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
