#pragma once
// Flows in a spool by exporter, to tell whose they were when damage on the disk has taken them. One thread.
#include <cstdint>
#include <new>
#include <span>
#include <vector>

#include "sink/exporter_index.hpp"
#include "sink/sink.hpp"

namespace sluice::sink::spool {

class Holdings {
 public:
  struct Line {
    IpAddress exporter;
    std::uint64_t flows = 0;
  };
  /// Exporters past these share a line with an empty address, and so do those for whom there is no memory.
  static constexpr std::size_t kMaxLines = 65536;

  // These two do not throw.

  void add(std::span<const Block::ExporterCount> counts, std::uint64_t bytes) {
    for (const auto& [exporter, flows] : counts) {
      line_to_add(exporter).flows += flows;
      flows_ += flows;
    }
    bytes_ += bytes;
  }
  void take(std::span<const Block::ExporterCount> counts, std::uint64_t bytes) {
    for (const auto& [exporter, flows] : counts) {
      line(exporter).flows -= flows;
      flows_ -= flows;
    }
    bytes_ -= bytes;
    if (flows_ == 0) *this = Holdings();
  }
  std::uint64_t flows() const { return flows_; }
  std::uint64_t bytes() const { return bytes_; }  ///< of rows

  /// What is here and not in `found`.
  std::vector<Line> missing(Holdings& found) const {
    std::vector<Line> out;
    const auto compare = [&out](const Line& here, std::uint64_t there) {
      if (here.flows > there) out.push_back({here.exporter, here.flows - there});
    };
    for (const Line& here : lines_) {
      const Line* const there = found.index_.find(found.lines_, here.exporter);
      compare(here, there ? there->flows : 0);
    }
    compare(others_, found.others_.flows);
    return out;
  }

 private:
  Line& line(const IpAddress& exporter) {
    Line* const known = index_.find(lines_, exporter);
    return known ? *known : others_;
  }
  /// Flows are taken from the line that they were added to: so nobody gets one of its own while there are
  /// flows in the shared one, which may be its.
  Line& line_to_add(const IpAddress& exporter) {
    Line& known = line(exporter);
    if (&known != &others_ || lines_.size() >= kMaxLines || others_.flows != 0) return known;
    try {
      return lines_[index_.find_or_add(lines_, exporter)];
    } catch (const std::bad_alloc&) {
      return others_;
    }
  }

  std::vector<Line> lines_;
  ExporterIndex index_;
  Line others_;
  std::uint64_t flows_ = 0, bytes_ = 0;
};

}  // namespace sluice::sink::spool
