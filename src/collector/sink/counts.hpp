#pragma once
// What sinks count: each in sum, and each exporter's flows by what became of them.
#include <array>
#include <cstdint>
#include <map>
#include <string>

#include "sluice/flow/address.hpp"
#include "sluice/util/counts.hpp"

namespace sluice::sink {

/// Of a sink. Flows: produced + resumed = delivered + failed + shed + queued + left, always. What its filter
/// keeps from it was not produced for it.
enum class SinkCount : std::uint8_t {
  delivered_flows,
  delivered_bytes,  ///< encoded, before compression
  delivered_blocks,
  shed_flows,    ///< refused because the queue or the memory budget was full
  errors,        ///< errors that cost no flow (a broker connection lost, a write tried again)
  queued_flows,  ///< in memory and in the spool
  queued_bytes,
  resumed_flows,         ///< found in the spool at the start
  left_flows,            ///< in the spool at the sink's end, for the next start
  spooled_flows,         ///< of those queued: in the spool
  spool_bytes,           ///< of its files
  spool_oldest_seconds,  ///< age of what is there longest
  spool_shed_flows,      ///< of those shed: had to make room in the spool, or found none
  filtered_flows,        ///< its filter does not want them; in no other count
  cut_values,            ///< no column could hold them whole; their flows are delivered
  count
};

/// How each is called, in the enum's order.
inline constexpr std::array kSinkCounts{
    CountInfo{SinkCount::delivered_flows, "delivered_flows", CountKind::total, "Flows delivered"},
    CountInfo{SinkCount::delivered_bytes, "delivered_bytes", CountKind::total,
              "Encoded bytes delivered, before compression"},
    CountInfo{SinkCount::delivered_blocks, "delivered_blocks", CountKind::total, "Blocks delivered"},
    CountInfo{SinkCount::shed_flows, "shed_flows", CountKind::total,
              "Flows refused because the queue or the memory budget was full"},
    CountInfo{SinkCount::errors, "errors", CountKind::total, "Errors that cost no flow"},
    CountInfo{SinkCount::queued_flows, "queued_flows", CountKind::gauge, "Flows taken and not yet delivered"},
    CountInfo{SinkCount::queued_bytes, "queued_bytes", CountKind::gauge,
              "Encoded bytes taken and not yet delivered"},
    CountInfo{SinkCount::resumed_flows, "resumed_flows", CountKind::total,
              "Flows found in the spool at the start, which an earlier collector had taken"},
    CountInfo{SinkCount::left_flows, "left_flows", CountKind::total,
              "Flows left in the spool when the sink ended, for the next one to send"},
    CountInfo{SinkCount::spooled_flows, "spooled_flows", CountKind::gauge,
              "Of the queued flows, those on disk in the spool"},
    CountInfo{SinkCount::spool_bytes, "spool_bytes", CountKind::gauge, "Bytes that the spool's files take"},
    CountInfo{SinkCount::spool_oldest_seconds, "spool_oldest_seconds", CountKind::gauge,
              "How long the oldest flows in the spool have been there"},
    CountInfo{SinkCount::spool_shed_flows, "spool_shed_flows", CountKind::total,
              "Of the shed flows, those for which the spool had no room"},
    CountInfo{SinkCount::filtered_flows, "filtered_flows", CountKind::total,
              "Flows that the sink did not get, as its filter does not want them"},
    CountInfo{SinkCount::cut_values, "cut_values", CountKind::total,
              "Values of delivered flows that are stored as the most that their column can hold"},
};
static_assert(rows_in_order(kSinkCounts) && kSinkCounts.size() == Counts<SinkCount>::kSize);

/// A sink's counts at one moment.
struct SinkStats {
  Counts<SinkCount> counts;
  std::map<std::string, std::uint64_t> failed_flows;  ///< by reason, a bounded set of enum names
};

/// What became of the flows that one exporter brought a sink, those that were resumed from a spool among
/// them: they are filtered, left out, delivered, failed, shed, queued or left in the spool, always. They are
/// booked when their block is handed over, up to flush_interval after they were decoded; what was filtered,
/// left out or shed before there was a block, as late. The records of a block that are Kafka messages of
/// their own (single and plain framing) stay queued until the last of them has its report.
struct ExporterBook {
  IpAddress exporter;  ///< UDP source address: exporters told apart by port share a book. Empty: those for
                       ///< whom there was no room, and those forgotten, together
  std::uint64_t left_out = 0;  ///< the sink's format cannot hold them (kflow without IPv6)
  std::uint64_t delivered = 0;
  std::uint64_t failed = 0;
  std::uint64_t shed = 0;
  std::uint64_t queued = 0;    ///< in memory and in the spool
  std::uint64_t left = 0;      ///< in the spool, at the sink's end
  std::uint64_t resumed = 0;   ///< came from the spool at the start; no fate, but where from
  std::uint64_t filtered = 0;  ///< the sink's filter does not want them

  /// Of all fates.
  std::uint64_t sum() const;
  /// Column by column; whose book it is stays.
  ExporterBook& operator+=(const ExporterBook& more);
  friend bool operator==(const ExporterBook&, const ExporterBook&) = default;
};

/// A column of a book and its name: JSON key, metric label and head on the console, in the order of that.
struct BookColumn {
  const char* name;
  std::uint64_t ExporterBook::* value;
};
inline constexpr std::array kBookColumns{
    BookColumn{"delivered", &ExporterBook::delivered}, BookColumn{"queued", &ExporterBook::queued},
    BookColumn{"failed", &ExporterBook::failed},       BookColumn{"shed", &ExporterBook::shed},
    BookColumn{"left_out", &ExporterBook::left_out},   BookColumn{"filtered", &ExporterBook::filtered},
    BookColumn{"left", &ExporterBook::left},           BookColumn{"resumed", &ExporterBook::resumed},
};

inline std::uint64_t ExporterBook::sum() const {
  std::uint64_t all = 0;
  for (const BookColumn& column : kBookColumns) all += this->*column.value;
  return all - resumed;
}

inline ExporterBook& ExporterBook::operator+=(const ExporterBook& more) {
  for (const BookColumn& column : kBookColumns) this->*column.value += more.*column.value;
  return *this;
}

}  // namespace sluice::sink
