#include "sink/block_rows.hpp"

#include <algorithm>

namespace sluice::sink {

void count_by_exporter(const Block& block, std::size_t first, std::size_t n,
                       std::vector<std::uint32_t>& lost) {
  lost.resize(block.exporters.size());
  if (lost.size() == 1) {
    lost[0] += static_cast<std::uint32_t>(n);
    return;
  }
  if (!block.row_exporters.empty()) {
    for (std::size_t row = first; row < first + n; ++row) ++lost[block.row_exporters[row]];
    return;
  }
  std::size_t begin = 0;
  for (const Block::Run& run : block.runs) {
    const std::size_t from = std::max(begin, first);
    const std::size_t to = std::min(begin + run.flows, first + n);
    if (from < to) lost[run.exporter] += static_cast<std::uint32_t>(to - from);
    begin += run.flows;
  }
}

}  // namespace sluice::sink
