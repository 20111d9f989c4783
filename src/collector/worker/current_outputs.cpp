#include "worker/current_outputs.hpp"

namespace sluice::worker {

void CurrentOutputs::take_change() {
  outputs_->flush_all();
  {
    const std::lock_guard lock(mutex_);
    left_out_before_ += outputs_->left_out();
    outputs_ = std::move(change_.outputs);
  }
  enricher_ = enrich::Enricher(std::move(change_.enrich), enriched_);
  waits_.store(false, std::memory_order_release);
}

std::uint64_t CurrentOutputs::left_out() const {
  const std::lock_guard lock(mutex_);
  return left_out_before_ + outputs_->left_out();
}

}  // namespace sluice::worker
