#pragma once
// What decoding counts. Each datagram's report has these numbers, and their sums are kept by exporter and
// protocol. What could not be decoded is counted by reason instead: DecodeError.
#include <array>

#include "sluice/util/counts.hpp"

namespace sluice::decode {

enum class DecodeCount : std::uint8_t {
  datagrams,
  bytes,            ///< UDP payload
  flow_records,     ///< data records or flow samples as sent
  flows,            ///< made of them
  options_records,  ///< options data records
  templates,        ///< template definitions taken
  withdrawals,      ///< IPFIX template withdrawals
  counter_samples,  ///< sFlow counter samples, expanded ones included
  discard_samples,  ///< sFlow discarded-packet samples
  times_replaced,   ///< flows whose end was out of bounds: both times became the receive time
  starts_replaced,  ///< flows whose start was after the end or too old: it became the end
  rates_unknown,    ///< flows without a sampling rate
  count
};

/// A row of kDecodeCounts.
struct DecodeCountInfo {
  static constexpr CountKind kind = CountKind::total;
  DecodeCount count;
  std::string_view key;              ///< in JSON; also the metric's, unless `metric` says else
  std::string_view help;             ///< of a protocol's sum
  std::string_view console{};        ///< in the summary of `sluice decode`; empty: not told there
  std::string_view metric{};         ///< see metric_of()
  std::string_view exporter_help{};  ///< of an exporter's sum, where `help` does not fit
  /// Where an exporter's sum is shown: by itself, within that of another, or (`count`) nowhere.
  DecodeCount of_exporter = count;
};

/// How each is called, in the enum's order.
inline constexpr std::array kDecodeCounts{
    DecodeCountInfo{.count = DecodeCount::datagrams,
                    .key = "datagrams",
                    .help = "Datagrams of this protocol",
                    .exporter_help = "Datagrams of the exporter"},
    DecodeCountInfo{.count = DecodeCount::bytes,
                    .key = "bytes",
                    .help = "UDP payload of this protocol",
                    .exporter_help = "UDP payload of the exporter"},
    DecodeCountInfo{.count = DecodeCount::flow_records,
                    .key = "flow_records",
                    .help = "Flow records or flow samples as sent",
                    .console = "flow records"},
    DecodeCountInfo{
        .count = DecodeCount::flows, .key = "flows", .help = "Flows made of the records", .console = "flows"},
    DecodeCountInfo{.count = DecodeCount::options_records,
                    .key = "options_records",
                    .help = "Options data records",
                    .console = "options records"},
    DecodeCountInfo{.count = DecodeCount::templates,
                    .key = "templates",
                    .help = "Template definitions taken",
                    .console = "templates",
                    .of_exporter = DecodeCount::count},
    DecodeCountInfo{.count = DecodeCount::withdrawals,
                    .key = "withdrawals",
                    .help = "IPFIX template withdrawals",
                    .console = "template withdrawals",
                    .metric = "template_withdrawals",
                    .of_exporter = DecodeCount::count},
    DecodeCountInfo{.count = DecodeCount::counter_samples,
                    .key = "counter_samples",
                    .help = "sFlow counter samples",
                    .console = "counter samples"},
    DecodeCountInfo{.count = DecodeCount::discard_samples,
                    .key = "discard_samples",
                    .help = "sFlow discarded-packet samples",
                    .console = "discarded-packet samples",
                    .of_exporter = DecodeCount::count},
    DecodeCountInfo{.count = DecodeCount::times_replaced,
                    .key = "times_replaced",
                    .help = "Flows whose end was out of bounds, so that the receive time stands in",
                    .console = "flow times replaced"},
    DecodeCountInfo{.count = DecodeCount::starts_replaced,
                    .key = "starts_replaced",
                    .help = "Flows whose start was after their end or too old, so that the end stands in",
                    .console = "flow starts replaced",
                    .of_exporter = DecodeCount::times_replaced},
    DecodeCountInfo{.count = DecodeCount::rates_unknown,
                    .key = "rates_unknown",
                    .help = "Flows without a sampling rate",
                    .console = "sampling rate unknown"},
};
static_assert(rows_in_order(kDecodeCounts) && kDecodeCounts.size() == Counts<DecodeCount>::kSize);

/// What is counted of data that came before its template (HeldData). Bytes are those of the sets without
/// their headers. A datagram is booked once, however many of its sets wait: when the last one has gone, as
/// refused or expired where one was, else as decoded.
enum class HeldCount : std::uint8_t {
  datagrams,  ///< that wait now, and their bytes
  bytes,
  decoded_datagrams,  ///< whose template came
  decoded_bytes,
  expired_datagrams,  ///< waited in vain
  expired_bytes,
  refused_datagrams,  ///< no room: not taken, or dropped for newer ones
  refused_bytes,
  lost_sets,  ///< sets that were held and then lost, which no report tells: shown as missing_template
  count
};

/// How those that are shown for themselves are called: all before `lost_sets`.
inline constexpr std::array kHeldCounts{
    CountInfo{HeldCount::datagrams, "datagrams", CountKind::gauge, "Datagrams that wait for a template now"},
    CountInfo{HeldCount::bytes, "bytes", CountKind::gauge, "Bytes of data sets that wait for a template now"},
    CountInfo{HeldCount::decoded_datagrams, "decoded_datagrams", CountKind::total,
              "Datagrams that waited and were decoded when their templates came"},
    CountInfo{HeldCount::decoded_bytes, "decoded_bytes", CountKind::total,
              "Bytes of data sets that waited and were decoded"},
    CountInfo{HeldCount::expired_datagrams, "expired_datagrams", CountKind::total,
              "Datagrams that waited for a template in vain"},
    CountInfo{HeldCount::expired_bytes, "expired_bytes", CountKind::total,
              "Bytes of data sets that waited in vain"},
    CountInfo{HeldCount::refused_datagrams, "refused_datagrams", CountKind::total,
              "Datagrams for which there was no room to wait"},
    CountInfo{HeldCount::refused_bytes, "refused_bytes", CountKind::total,
              "Bytes of data sets for which there was no room to wait"},
};
static_assert(rows_in_order(kHeldCounts) &&
              kHeldCounts.size() == static_cast<std::size_t>(HeldCount::lost_sets));

}  // namespace sluice::decode
