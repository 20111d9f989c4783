#pragma once
// Whose the rows of a block are.
#include <cstddef>
#include <cstdint>
#include <vector>

#include "sink/sink.hpp"

namespace sluice::sink {

/// Adds the rows [first, first + n) of a block to `lost`, by the index of their exporter.
void count_by_exporter(const Block& block, std::size_t first, std::size_t n,
                       std::vector<std::uint32_t>& lost);

}  // namespace sluice::sink
