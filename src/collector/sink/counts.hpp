#pragma once
// What sinks count: each in sum, and each exporter's flows by what became of them.
#include <array>
#include <cstdint>
#include <map>
#include <string>

#include "sluice/flow/address.hpp"
#include "sluice/util/counts.hpp"

namespace sluice::sink {

/// Of a sink. Flows: produced = delivered + failed + shed + queued, always.
enum class SinkCount : std::uint8_t {
  delivered_flows,
  delivered_bytes,  ///< encoded, before compression
  delivered_blocks,
  shed_flows,  ///< refused because the queue or the memory budget was full
  errors,      ///< errors that cost no flow (a broker connection lost, a write tried again)
  queued_flows,
  queued_bytes,
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
};
static_assert(rows_in_order(kSinkCounts) && kSinkCounts.size() == Counts<SinkCount>::kSize);

/// A sink's counts at one moment.
struct SinkStats {
  Counts<SinkCount> counts;
  std::map<std::string, std::uint64_t> failed_flows;  ///< by reason, a bounded set of enum names
};

/// What became of the flows that one exporter brought a sink: they are left out, delivered, failed, shed or
/// queued, always. They are booked when their block is handed over, up to flush_interval after they were
/// decoded; what was shed or left out before there was a block, as late. The records of a block that are
/// Kafka messages of their own (single and plain framing) stay queued until the last of them has its report.
struct ExporterBook {
  IpAddress exporter;  ///< UDP source address: exporters told apart by port share a book. Empty: those for
                       ///< whom there was no room, and those forgotten, together
  std::uint64_t left_out = 0;  ///< the sink's format cannot hold them (kflow without IPv6)
  std::uint64_t delivered = 0;
  std::uint64_t failed = 0;
  std::uint64_t shed = 0;
  std::uint64_t queued = 0;

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
    BookColumn{"left_out", &ExporterBook::left_out},
};

inline std::uint64_t ExporterBook::sum() const {
  std::uint64_t all = 0;
  for (const BookColumn& column : kBookColumns) all += this->*column.value;
  return all;
}

inline ExporterBook& ExporterBook::operator+=(const ExporterBook& more) {
  for (const BookColumn& column : kBookColumns) this->*column.value += more.*column.value;
  return *this;
}

}  // namespace sluice::sink
