#include "worker/outputs.hpp"

#include <algorithm>
#include <cstdint>
#include <new>

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

/// Asks all of them: each keeps the answer.
bool Outputs::wants_some(const FormatGroup& group, const FlowBatch& batch) {
  bool any = false;
  for (const auto& stream : group.streams) any |= stream->wants_some(batch);
  return any;
}

bool Outputs::write(const FlowBatch& batch, std::uint64_t now_ns) {
  const bool no_counters = !batch.counters() || batch.counters()->size() == 0;
  if (batch.empty() && no_counters) return true;
  bool enough_memory = true;
  for (FormatGroup& group : groups_) {
    if (group.format.stream == encode::Stream::counters ? no_counters : batch.empty()) continue;
    group.rows.clear();
    try {
      if (wants_some(group, batch)) group.encoder->encode(batch, group.rows);
    } catch (const std::bad_alloc&) {
      for (const auto& stream : group.streams) stream->lose(batch, now_ns);
      enough_memory = false;
      continue;
    }
    for (const auto& stream : group.streams) stream->write(batch, group.rows, now_ns);
  }
  return enough_memory;
}

void Outputs::lose(const FlowBatch& batch, std::uint64_t now_ns) {
  for (FormatGroup& group : groups_)
    for (const auto& stream : group.streams) stream->lose(batch, now_ns);
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

void Outputs::mark(const std::shared_ptr<const void>& mark) {
  for (FormatGroup& group : groups_)
    for (const auto& stream : group.streams) stream->mark(mark);
}

std::size_t Outputs::flows_at_once() const {
  std::size_t out = SIZE_MAX;
  for (const FormatGroup& group : groups_)
    for (const auto& stream : group.streams) out = std::min(out, stream->flows_at_once());
  return out;
}

bool Outputs::have_room(std::size_t flows) const {
  return std::ranges::all_of(groups_, [&](const FormatGroup& group) {
    return std::ranges::all_of(group.streams, [&](const auto& stream) { return stream->has_room(flows); });
  });
}

void Outputs::make_room(std::size_t flows) {
  for (FormatGroup& group : groups_)
    for (const auto& stream : group.streams) stream->make_room(flows);
}

std::uint64_t Outputs::left_out() const {
  std::uint64_t sum = 0;
  for (const FormatGroup& group : groups_) sum += group.encoder->left_out();
  return sum;
}

}  // namespace sluice::worker
