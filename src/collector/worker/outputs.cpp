#include "worker/outputs.hpp"

#include <algorithm>

namespace sluice::worker {

Outputs::FormatGroup& Outputs::group_of(const encode::FormatSpec& format) {
  const auto found = std::ranges::find(groups_, format, &FormatGroup::format);
  if (found != groups_.end()) return *found;
  return groups_.emplace_back(FormatGroup{format, encode::make_row_encoder(format), {}, {}});
}

Outputs::Outputs(const std::vector<OutputTo>& targets, unsigned worker) {
  std::vector<bool> done(targets.size());
  for (std::size_t i = 0; i < targets.size(); ++i) {
    if (done[i]) continue;
    std::vector<sink::Sink*> sinks;
    for (std::size_t j = i; j < targets.size(); ++j) {
      if (done[j] || !(targets[j].spec == targets[i].spec)) continue;
      sinks.push_back(targets[j].sink);
      done[j] = true;
    }
    wants_counters_ |= targets[i].spec.format.stream == encode::Stream::counters;
    group_of(targets[i].spec.format)
        .streams.push_back(std::make_unique<sink::StreamWriter>(targets[i].spec, std::move(sinks), worker));
  }
}

void Outputs::write(const FlowBatch& batch, std::uint64_t now_ns) {
  const bool no_counters = !batch.counters() || batch.counters()->size() == 0;
  if (batch.empty() && no_counters) return;
  for (FormatGroup& group : groups_) {
    if (group.format.stream == encode::Stream::counters ? no_counters : batch.empty()) continue;
    group.rows.clear();
    group.encoder->encode(batch, group.rows);
    for (const auto& stream : group.streams) stream->write(batch, group.rows, now_ns);
  }
}

void Outputs::flush_due(std::uint64_t now_ns) {
  for (FormatGroup& group : groups_)
    for (const auto& stream : group.streams) stream->flush_due(now_ns);
}

void Outputs::flush_all() {
  for (FormatGroup& group : groups_)
    for (const auto& stream : group.streams) stream->flush_all();
}

std::optional<std::uint64_t> Outputs::next_deadline() const {
  std::optional<std::uint64_t> earliest;
  for (const FormatGroup& group : groups_)
    for (const auto& stream : group.streams)
      if (const auto deadline = stream->next_deadline(); deadline && (!earliest || *deadline < *earliest))
        earliest = deadline;
  return earliest;
}

std::uint64_t Outputs::left_out() const {
  std::uint64_t sum = 0;
  for (const FormatGroup& group : groups_) sum += group.encoder->left_out();
  return sum;
}

}  // namespace sluice::worker
