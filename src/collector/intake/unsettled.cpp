#include "intake/unsettled.hpp"

#include <algorithm>
#include <utility>

namespace sluice::intake {

std::shared_ptr<const void> Unsettled::begin() {
  mark_ = std::make_shared<char>();
  now_.clear();
  return mark_;
}

void Unsettled::end() {
  Step& ended = steps_.emplace_back();
  ended.mark = std::exchange(mark_, nullptr);
  ended.parts.swap(now_);
}

void Unsettled::add(const Part& more, Part& to) {
  to.next_offset = std::max(to.next_offset, more.next_offset);
  to.flows += more.flows;
}

Unsettled::Parts Unsettled::settled() {
  Parts out;
  while (!steps_.empty() && steps_.front().mark.expired()) {
    Parts& parts = steps_.front().parts;
    out.merge(parts);  // what is left in `parts` is in both; no memory is needed
    for (const auto& [partition, part] : parts) add(part, out.find(partition)->second);
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
