#pragma once
// ClickHouse takes no insert of rows for more than 100 partitions (max_partitions_per_insert_block), and
// flows_raw has one for each day. Counts the days since the flows before were parted from what comes.
#include <cstdint>
#include <set>

#include "sluice/flow/batch.hpp"

namespace sluice::importer {

class Days {
 public:
  static constexpr std::size_t kMost = 100;

  /// The days of receipt in a batch.
  static std::set<std::uint64_t> of(const FlowBatch& batch);
  /// Whether these would be too many with those before. They are counted, from scratch where they would.
  bool parts(const std::set<std::uint64_t>& days);

 private:
  std::set<std::uint64_t> seen_;
};

}  // namespace sluice::importer
