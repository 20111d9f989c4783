#include "sluice/flow/batch.hpp"

#include <cstring>

namespace sluice {

void FlowBatch::clear() {
  records_used_ = origins_used_ = extras_used_ = 0;
  any_dropped_ = false;
  if (counters_) counters_->clear();
}

Origin& FlowBatch::add_origin() {
  if (origins_used_ == origins_.size()) origins_.emplace_back();
  Origin& origin = origins_[origins_used_++];
  origin.type = FlowType::unknown;
  origin.sequence_num = origin.observation_domain_id = 0;
  origin.time_received_ns = 0;
  origin.sampler_address = origin.exporter_address = IpAddress{};
  origin.exporter_name.clear();
  origin.exporter_site.clear();
  origin.exporter_role.clear();
  origin.exporter_tenant.clear();
  origin.collector_id.clear();
  return origin;
}

std::span<FlowRecord> FlowBatch::append(std::size_t n) {
  if (n == 0) return {};  // memset takes no null pointer, not even for nothing
  const std::size_t first = records_used_;
  if (first + n > records_.size()) records_.resize(std::max(first + n, records_.size() * 2));
  FlowRecord* fresh = records_.data() + first;
  std::memset(static_cast<void*>(fresh), 0, n * sizeof(FlowRecord));
  const auto origin = static_cast<std::uint32_t>(origins_used_ - 1);
  for (std::size_t i = 0; i < n; ++i) {
    fresh[i].origin = origin;
    fresh[i].extras = kNoExtras;
  }
  records_used_ += n;
  return {fresh, n};
}

void FlowBatch::truncate(std::size_t size) {
  while (records_used_ > size) {
    // Where those of a flow were the last that were made, they are there for the next one.
    const FlowRecord& flow = records_[--records_used_];
    if (std::size_t{flow.extras} + 1 == extras_used_) --extras_used_;
  }
}

FlowExtras& FlowBatch::fresh_extras(FlowRecord& flow) {
  if (extras_used_ == extras_.size()) extras_.push_back(std::make_unique<FlowExtras>());
  flow.extras = static_cast<std::uint32_t>(extras_used_++);
  FlowExtras& fresh = *extras_[flow.extras];
  fresh.reset();
  return fresh;
}

}  // namespace sluice
