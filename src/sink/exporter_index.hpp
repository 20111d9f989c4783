#pragma once
// Finds an exporter's line in a block's counts. A block of sFlow holds hundreds of short runs of a few
// hundred exporters, too many to search from the front.
#include <cstdint>
#include <vector>

#include "sluice/sink/sink.hpp"

namespace sluice::sink {

class ExporterIndex {
 public:
  void clear() { table_.assign(table_.empty() ? kInitial : table_.size(), 0); }

  void count(std::vector<Block::ExporterCount>& counts, const IpAddress& exporter, std::uint32_t flows) {
    // Datagrams of one exporter tend to follow each other.
    if (!counts.empty() && counts.back().exporter == exporter) {
      counts.back().flows += flows;
      return;
    }
    if ((counts.size() + 1) * 2 > table_.size()) grow(counts);
    std::uint32_t& cell = find(counts, exporter);
    if (cell == 0) {
      counts.push_back({exporter, 0});
      cell = static_cast<std::uint32_t>(counts.size());
    }
    counts[cell - 1].flows += flows;
  }

 private:
  static constexpr std::size_t kInitial = 64;

  /// The cell of the exporter, or the empty one where it belongs. Cells hold an index into `counts`, plus
  /// one.
  std::uint32_t& find(const std::vector<Block::ExporterCount>& counts, const IpAddress& exporter) {
    const std::size_t mask = table_.size() - 1;
    // High bits: all exporters of a bucket have the same low ones.
    std::size_t at = static_cast<std::size_t>(hash_value(exporter) >> 20) & mask;
    while (table_[at] != 0 && counts[table_[at] - 1].exporter != exporter) at = (at + 1) & mask;
    return table_[at];
  }

  void grow(const std::vector<Block::ExporterCount>& counts) {
    table_.assign(table_.empty() ? kInitial : table_.size() * 2, 0);
    for (std::size_t i = 0; i < counts.size(); ++i)
      find(counts, counts[i].exporter) = static_cast<std::uint32_t>(i + 1);
  }

  std::vector<std::uint32_t> table_;
};

}  // namespace sluice::sink
