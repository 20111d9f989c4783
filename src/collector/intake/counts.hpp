#pragma once
// What is counted of a source, in sum and by partition.
#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "sluice/util/counts.hpp"

namespace sluice::intake {

/// Of a source. Flows: read = settled + returned + pending, always; and each sink has got all that were read.
enum class SourceCount : std::uint8_t {
  records,
  bytes,
  flows,            ///< read
  settled_flows,    ///< their fate is known at every sink, or they are in spools
  returned_flows,   ///< not settled when their partition went to somebody else, who reads them again
  pending_flows,    ///< now
  restamped_flows,  ///< of those read: had no time of receipt that can be, and have that of their record
  skipped_offsets,  ///< the topic had no record there: its retention was faster, or they were no records
  restarts,         ///< of partitions, whose offsets went back
  commits,
  errors,  ///< that cost no flow
  rebalances,
  partitions,   ///< that are ours now
  lag_records,  ///< in them, and not settled
  waiting,      ///< readers that wait for room in a sink now
  count
};

/// How each is called, in the enum's order.
inline constexpr std::array kSourceCounts{
    CountInfo{SourceCount::records, "records", CountKind::total, "Records read"},
    CountInfo{SourceCount::bytes, "bytes", CountKind::total, "Bytes of their values"},
    CountInfo{SourceCount::flows, "flows", CountKind::total, "Flows read"},
    CountInfo{SourceCount::settled_flows, "settled_flows", CountKind::total,
              "Flows whose fate is known at every sink, or that its spool has on disk"},
    CountInfo{
        SourceCount::returned_flows, "returned_flows", CountKind::total,
        "Flows that were not settled when their partition went to another reader, who reads them again"},
    CountInfo{SourceCount::pending_flows, "pending_flows", CountKind::gauge, "Flows read and not settled"},
    CountInfo{
        SourceCount::restamped_flows, "restamped_flows", CountKind::total,
        "Of the flows read, those that had no time of receipt, or one that cannot be: they have the time "
        "of their record"},
    CountInfo{SourceCount::skipped_offsets, "skipped_offsets", CountKind::total,
              "Offsets at which the topic had no record any more"},
    CountInfo{SourceCount::restarts, "restarts", CountKind::total,
              "Times that the offsets of a partition went back, as where its topic was made anew"},
    CountInfo{SourceCount::commits, "commits", CountKind::total, "Commits that the broker has taken"},
    CountInfo{SourceCount::errors, "errors", CountKind::total, "Errors that cost no flow"},
    CountInfo{SourceCount::rebalances, "rebalances", CountKind::total,
              "Times that the group shared out its partitions anew"},
    CountInfo{SourceCount::partitions, "partitions", CountKind::gauge, "Partitions that are read here"},
    CountInfo{SourceCount::lag_records, "lag_records", CountKind::gauge,
              "Records of these partitions that are not settled, those not read yet among them"},
    CountInfo{SourceCount::waiting, "waiting_readers", CountKind::gauge,
              "Readers that wait because a sink has no room"},
};
static_assert(rows_in_order(kSourceCounts) && kSourceCounts.size() == Counts<SourceCount>::kSize);

/// Of a partition, since the start; flows as above.
enum class PartitionCount : std::uint8_t {
  records,
  flows,
  settled_flows,
  returned_flows,
  pending_flows,
  committed_offset,
  lag_records,
  count
};
inline constexpr std::array kPartitionCounts{
    CountInfo{PartitionCount::records, "records", CountKind::total, "Records read of the partition"},
    CountInfo{PartitionCount::flows, "flows", CountKind::total, "Flows read of the partition"},
    CountInfo{PartitionCount::settled_flows, "settled_flows", CountKind::total,
              "Flows of the partition whose fate is known at every sink, or that its spool has on disk"},
    CountInfo{PartitionCount::returned_flows, "returned_flows", CountKind::total,
              "Flows of the partition that whoever has it next reads again"},
    CountInfo{PartitionCount::pending_flows, "pending_flows", CountKind::gauge,
              "Flows of the partition read and not settled"},
    CountInfo{PartitionCount::committed_offset, "committed_offset", CountKind::gauge,
              "Where reading begins after a crash; 0 until something was committed here"},
    CountInfo{PartitionCount::lag_records, "lag_records", CountKind::gauge,
              "Records of the partition that are not settled; 0 where it is read elsewhere"},
};
static_assert(rows_in_order(kPartitionCounts) && kPartitionCounts.size() == Counts<PartitionCount>::kSize);

/// Why something in a record is no flow. What is behind it in its record is read, where that can be found.
enum class Bad : std::uint8_t {
  no_value,  ///< a record without a value
  framing,   ///< a length that is none, or leads past the record's end; nothing behind it can be found
  too_long,  ///< a message longer than any flow
  message,   ///< no FlowMessage
  count
};
inline constexpr std::array<const char*, static_cast<std::size_t>(Bad::count)> kBadNames{
    "no_value", "framing", "too_long", "message"};

/// At one moment.
struct SourceStats {
  Counts<SourceCount> counts;
  Counts<Bad> bad;
  std::map<std::int32_t, Counts<PartitionCount>> partitions;
};

}  // namespace sluice::intake
