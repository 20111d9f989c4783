#pragma once
// What is shown of the collector as a whole, and of an exporter beside what decoding counts: what is known of
// it now, and its loss ledger.
#include <array>
#include <cstdint>

#include "sluice/decode/sequence.hpp"
#include "sluice/util/counts.hpp"

namespace sluice::metrics {

enum class CollectorCount : std::uint8_t {
  exporters_known,    ///< now
  exporters_refused,  ///< datagrams of new exporters while the table or the budget was full
  exporters_expired,
  exporters_evicted,       ///< for want of room
  remembered_bytes,        ///< now, of all that senders can make us remember
  remembered_limit_bytes,  ///< decode.state_bytes
  left_out_flows,          ///< flows that a sink's format was told to leave out (kflow without IPv6)
  log_muted,               ///< log lines held back by the rate limit
  count
};

/// Where a counter stands in the API's JSON.
enum class JsonPlace : std::uint8_t { nowhere, status, exporters };

struct CollectorCountInfo {
  CollectorCount count;
  JsonPlace place;
  std::string_view key;
  CountKind kind;
  std::string_view help;
  std::string_view metric{};
};

/// How each is called, in the enum's order.
inline constexpr std::array kCollectorCounts{
    CollectorCountInfo{CollectorCount::exporters_known, JsonPlace::exporters, "known", CountKind::gauge,
                       "Exporters known now", "exporters"},
    CollectorCountInfo{CollectorCount::exporters_refused, JsonPlace::exporters, "refused", CountKind::total,
                       "Datagrams of new exporters refused because there was no room for them",
                       "exporters_refused"},
    CollectorCountInfo{CollectorCount::exporters_expired, JsonPlace::exporters, "expired", CountKind::total,
                       "Exporters forgotten because they were silent for too long", "exporters_expired"},
    CollectorCountInfo{CollectorCount::exporters_evicted, JsonPlace::status, "exporters_evicted",
                       CountKind::total,
                       "Exporters forgotten for want of room, of whom no flow was ever decoded"},
    CollectorCountInfo{CollectorCount::remembered_bytes, JsonPlace::status, "remembered_bytes",
                       CountKind::gauge, "Memory for exporters and all that they taught"},
    CollectorCountInfo{CollectorCount::remembered_limit_bytes, JsonPlace::status, "remembered_limit_bytes",
                       CountKind::gauge, "How much that may be"},
    CollectorCountInfo{CollectorCount::left_out_flows, JsonPlace::nowhere, "left_out_flows", CountKind::total,
                       "Flows that a format was told to leave out"},
    CollectorCountInfo{CollectorCount::log_muted, JsonPlace::status, "log_muted", CountKind::total,
                       "Log lines held back because the same was said just before"},
};
static_assert(rows_in_order(kCollectorCounts) && kCollectorCounts.size() == Counts<CollectorCount>::kSize);

enum class ExporterGauge : std::uint8_t {
  templates,           ///< known now
  restored_templates,  ///< of these: read from disk and not sent since
  sampling_rate,       ///< latest
  count
};

struct ExporterGaugeInfo {
  static constexpr CountKind kind = CountKind::gauge;
  ExporterGauge count;
  std::string_view key;
  std::string_view help;
  bool summed;  ///< in the row of those that have none of their own; else it is 0 there
  std::string_view metric{};
};

/// How each is called, in the enum's order.
inline constexpr std::array kExporterGauges{
    ExporterGaugeInfo{ExporterGauge::templates, "templates", "Templates known now", true},
    ExporterGaugeInfo{ExporterGauge::restored_templates, "restored_templates",
                      "Of the templates known now: read from state.file and not sent by the exporter since",
                      true},
    ExporterGaugeInfo{ExporterGauge::sampling_rate, "sampling_rate",
                      "Latest sampling rate, 1 in N; 0 while unknown", false},
};
static_assert(rows_in_order(kExporterGauges) && kExporterGauges.size() == Counts<ExporterGauge>::kSize);

/// What became of sequence numbers, in the unit that the protocol numbers.
enum class SequenceFate : std::uint8_t {
  in_order,
  passed_over,
  late,
  repeated,
  unknown,
  recovered,
  while_down,
  count
};

struct SequenceFateInfo {
  SequenceFate count;
  std::string_view key;  ///< in JSON, and the value of the label `fate`
  std::uint64_t decode::SequenceCounts::* source;
};

inline constexpr std::array kSequenceFates{
    SequenceFateInfo{SequenceFate::in_order, "in_order", &decode::SequenceCounts::in_order},
    SequenceFateInfo{SequenceFate::passed_over, "passed_over", &decode::SequenceCounts::passed_over},
    SequenceFateInfo{SequenceFate::late, "late", &decode::SequenceCounts::late},
    SequenceFateInfo{SequenceFate::repeated, "repeated", &decode::SequenceCounts::repeated},
    SequenceFateInfo{SequenceFate::unknown, "unknown", &decode::SequenceCounts::unknown},
    SequenceFateInfo{SequenceFate::recovered, "recovered", &decode::SequenceCounts::recovered},
    SequenceFateInfo{SequenceFate::while_down, "while_down", &decode::SequenceCounts::while_down},
};
static_assert(kSequenceFates.size() == Counts<SequenceFate>::kSize);

/// The ledger's other counters.
enum class LedgerCount : std::uint8_t {
  restarts,
  untracked_datagrams,
  kernel_drops_unconfirmed,
  sampler_drops,  ///< sFlow, as the next two
  samples_passed_over,
  samples_late,
  count
};

struct LedgerCountInfo {
  static constexpr CountKind kind = CountKind::total;
  LedgerCount count;
  const char* section;  ///< of the ledger in JSON
  std::string_view key;
  std::string_view help;
  std::string_view metric{};
};

/// How each is called, in the enum's order.
inline constexpr std::array kLedgerCounts{
    LedgerCountInfo{LedgerCount::restarts, "sequence", "restarts", "Times the exporter began to number anew"},
    LedgerCountInfo{LedgerCount::untracked_datagrams, "sequence", "untracked_datagrams",
                    "Datagrams of streams past the limit, whose numbers are not followed"},
    LedgerCountInfo{
        LedgerCount::kernel_drops_unconfirmed, "datagrams", "dropped_unconfirmed",
        "Datagrams that the kernel dropped and that the exporter's numbers neither show nor rule out, "
        "since templates were missing",
        "kernel_drops_unconfirmed"},
    LedgerCountInfo{LedgerCount::sampler_drops, "samples", "dropped_by_exporter",
                    "sFlow: samples that the exporter says it dropped itself", "sampler_drops"},
    LedgerCountInfo{LedgerCount::samples_passed_over, "samples", "passed_over",
                    "sFlow: samples whose number was skipped", "samples_passed_over"},
    LedgerCountInfo{LedgerCount::samples_late, "samples", "late",
                    "sFlow: samples that came after their number was skipped", "samples_late"},
};
static_assert(rows_in_order(kLedgerCounts) && kLedgerCounts.size() == Counts<LedgerCount>::kSize);

}  // namespace sluice::metrics
