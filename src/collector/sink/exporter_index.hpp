#pragma once
// Finds an exporter's line among lines that grow at their end: in a block's counts, in a sink's books. A
// block of sFlow holds hundreds of short runs of a few hundred exporters, too many to search from the front.
#include <cstdint>
#include <vector>

#include "sink/sink.hpp"
#include "sluice/util/seeded_hash.hpp"

namespace sluice::sink {

/// A line has a member `exporter`. The lines are the caller's, and the same ones at every call.
class ExporterIndex {
 public:
  void clear() { table_.assign(table_.empty() ? kInitial : table_.size(), 0); }

  /// Returns the index of the exporter's line.
  std::uint32_t count(std::vector<Block::ExporterCount>& counts, const IpAddress& exporter,
                      std::uint32_t flows) {
    // Datagrams of one exporter tend to follow each other.
    const bool same = !counts.empty() && counts.back().exporter == exporter;
    const std::uint32_t at =
        same ? static_cast<std::uint32_t>(counts.size() - 1) : find_or_add(counts, exporter);
    counts[at].flows += flows;
    return at;
  }

  /// Null where it has none.
  template <class Line>
  Line* find(std::vector<Line>& lines, const IpAddress& exporter) {
    if (table_.empty()) return nullptr;
    const std::uint32_t cell = cell_of(lines, exporter);
    return cell == 0 ? nullptr : &lines[cell - 1];
  }

  template <class Line>
  std::uint32_t find_or_add(std::vector<Line>& lines, const IpAddress& exporter) {
    if ((lines.size() + 1) * 2 > table_.size()) grow(lines);
    std::uint32_t& cell = cell_of(lines, exporter);
    if (cell == 0) {
      lines.emplace_back().exporter = exporter;
      cell = static_cast<std::uint32_t>(lines.size());
    }
    return cell - 1;
  }

  /// After lines were taken out.
  template <class Line>
  void rebuild(const std::vector<Line>& lines) {
    clear();
    fill(lines);
  }

 private:
  static constexpr std::size_t kInitial = 64;

  /// The cell of the exporter, or the empty one where it belongs. Cells hold an index of a line, plus one.
  template <class Line>
  std::uint32_t& cell_of(const std::vector<Line>& lines, const IpAddress& exporter) {
    const std::size_t mask = table_.size() - 1;
    std::size_t at = SeededHash{}(exporter)&mask;
    while (table_[at] != 0 && lines[table_[at] - 1].exporter != exporter) at = (at + 1) & mask;
    return table_[at];
  }

  template <class Line>
  void grow(const std::vector<Line>& lines) {
    table_.assign(table_.empty() ? kInitial : table_.size() * 2, 0);
    fill(lines);
  }

  template <class Line>
  void fill(const std::vector<Line>& lines) {
    for (std::size_t i = 0; i < lines.size(); ++i)
      cell_of(lines, lines[i].exporter) = static_cast<std::uint32_t>(i + 1);
  }

  std::vector<std::uint32_t> table_;
};

}  // namespace sluice::sink
