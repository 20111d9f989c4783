#pragma once
// Cutting a block of rows that lie back to back (batch framing) where one row ends and the next begins, for
// brokers that take no record as large as the block.
#include <cstddef>
#include <cstdint>
#include <vector>

#include "sink/block_rows.hpp"
#include "sink/sink.hpp"
#include "sluice/encode/rows.hpp"
#include "sluice/util/byte_reader.hpp"

namespace sluice::sink {

/// Whole rows of at most `most` bytes together, and at most so many, in order, or one row where a single one
/// is longer. What is no row any more stays together. The bytes are the caller's.
std::vector<Bytes> cut(Bytes rows, encode::Format format, std::size_t most, std::size_t most_rows = SIZE_MAX);

/// How many rows there are.
std::uint32_t count_rows(Bytes rows, encode::Format format);

/// A block of these records of another alone, in its order: rows, or pieces of batch framing. The other
/// itself where they are all of it.
BlockPtr rest_of(const BlockPtr& block, std::vector<Bytes> records, encode::Format format);

}  // namespace sluice::sink
