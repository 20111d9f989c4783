#include "importer/days.hpp"

#include "util/clock.hpp"

namespace sluice::importer {

std::set<std::uint64_t> Days::of(const FlowBatch& batch) {
  std::set<std::uint64_t> out;
  for (std::size_t i = 0; i < batch.origin_count(); ++i)
    out.insert(batch.origin(i).time_received_ns / (86'400 * kNsPerSecond));
  return out;
}

bool Days::parts(const std::set<std::uint64_t>& days) {
  std::set<std::uint64_t> together = seen_;
  together.insert(days.begin(), days.end());
  const bool too_many = together.size() > kMost;
  if (too_many)
    seen_ = days;
  else
    seen_ = std::move(together);
  return too_many;
}

}  // namespace sluice::importer
