#pragma once
// What tells one stream of blocks from another. Values; any thread.
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "filter/expression.hpp"
#include "sluice/encode/rows.hpp"

namespace sluice::sink {

/// How rows lie in a block. batch: back to back. single: one record a row (JSON without its newline). plain:
/// as single, protobuf rows without their length prefix.
enum class Framing : std::uint8_t { batch, single, plain };
inline constexpr Words<Framing, 3> kFramings{
    {{"batch", Framing::batch}, {"single", Framing::single}, {"plain", Framing::plain}}};

/// What decides a flow's bucket, and is a record's key where records have one.
enum class PartitionBy : std::uint8_t { exporter, round_robin, fields };
/// A list of fields has no word.
inline constexpr Words<PartitionBy, 2> kPartitionings{
    {{"exporter", PartitionBy::exporter}, {"round_robin", PartitionBy::round_robin}}};

/// Sinks with equal specs share one StreamWriter in each worker, and streams with equal formats share one
/// RowEncoder.
struct StreamSpec {
  encode::FormatSpec format;
  Framing framing = Framing::batch;
  PartitionBy key = PartitionBy::exporter;
  std::vector<std::string> key_fields;  ///< names of the field table, for PartitionBy::fields
  std::size_t block_bytes = 64 << 10;   ///< no block grows past it, but for a single row that is longer
  std::chrono::nanoseconds flush_interval{std::chrono::milliseconds(200)};
  filter::Expression wanted{};  ///< which flows it is of; of flows only
  friend bool operator==(const StreamSpec&, const StreamSpec&) = default;
};

}  // namespace sluice::sink
