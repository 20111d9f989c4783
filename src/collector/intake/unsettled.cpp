#include "intake/unsettled.hpp"

#include <algorithm>
#include <utility>

namespace sluice::intake {

std::shared_ptr<const void> Unsettled::begin() {
  now_.clear();
  mark_ = std::make_shared<char>();
  return mark_;
}

void Unsettled::end() { steps_.push_back({std::exchange(mark_, nullptr), std::exchange(now_, {})}); }

void Unsettled::add(const Part& more, Part& to) {
  to.next_offset = std::max(to.next_offset, more.next_offset);
  to.flows += more.flows;
}

Unsettled::Parts Unsettled::settled() {
  Parts out;
  while (!steps_.empty() && steps_.front().mark.expired()) {
    for (const auto& [partition, part] : steps_.front().parts) add(part, out[partition]);
    steps_.pop_front();
  }
  return out;
}

Unsettled::Part Unsettled::forget(std::int32_t partition) {
  Part out;
  const auto take = [&](Parts& parts) {
    const auto found = parts.find(partition);
    if (found == parts.end()) return;
    add(found->second, out);
    parts.erase(found);
  };
  for (Step& step : steps_) take(step.parts);
  take(now_);
  return out;
}

void Unsettled::restart(std::int32_t partition) {
  const auto begin_anew = [&](Parts& parts) {
    if (const auto found = parts.find(partition); found != parts.end()) found->second.next_offset = -1;
  };
  for (Step& step : steps_) begin_anew(step.parts);
  begin_anew(now_);
}

}  // namespace sluice::intake
