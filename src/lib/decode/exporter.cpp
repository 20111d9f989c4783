#include "sluice/decode/exporter.hpp"

namespace sluice::decode {

TimeBounds Exporter::bounds_of(const ExporterSettings& settings, const TimeBounds& others) {
  TimeBounds out = others;
  // Times that are moved to the receipt may come from any clock. Half the range in all: judge_times()
  // compares unsigned distances.
  constexpr std::uint64_t kAnyClock = 1ULL << 62;
  if (settings.times_received) {
    out.max_past_ns = out.max_future_ns = kAnyClock;
  } else {
    out.max_past_ns = settings.max_past_ns.value_or(out.max_past_ns);
    out.max_future_ns = settings.max_future_ns.value_or(out.max_future_ns);
  }
  out.max_flow_age_ns = settings.max_flow_age_ns.value_or(out.max_flow_age_ns);
  return out;
}

void Exporter::change_settings(ExporterSettings fresh, const TimeBounds& time_bounds) {
  fresh.key_with_port = settings.key_with_port;
  settings = std::move(fresh);
  bounds = bounds_of(settings, time_bounds);
  templates.read_post_counters(settings.post_counters_reverse);
}

std::uint64_t Exporter::errors(Protocol protocol, DecodeError error) const {
  const std::uint64_t told =
      counters[static_cast<std::size_t>(protocol)].errors[static_cast<std::size_t>(error)];
  return error == DecodeError::missing_template ? told + held.count(protocol, HeldCount::lost_sets) : told;
}

ExporterTable::ExporterTable(Limits limits, TimeBounds bounds, SettingsOf settings_of,
                             UserFieldsPtr user_fields)
    : limits_(limits),
      bounds_(bounds),
      settings_of_(std::move(settings_of)),
      user_fields_(std::move(user_fields)),
      held_(std::make_shared<HeldPool>(limits.held_bytes)) {}

ExporterKey ExporterTable::key_of(const IpAddress& address, std::uint16_t port) const {
  const bool with_port = settings_of_ && settings_of_(address).key_with_port;
  return {address, with_port ? port : std::uint16_t{0}};
}

std::shared_ptr<Exporter> ExporterTable::find_or_add(const ExporterKey& key, std::uint64_t now_ns) {
  {
    const std::shared_lock lock(mutex_);
    const auto found = exporters_.find(key);
    if (found != exporters_.end()) return found->second;
    if (exporters_.size() >= limits_.max_exporters) {
      refused_.fetch_add(1, std::memory_order_relaxed);
      return nullptr;
    }
  }
  const ExporterSettings settings = settings_of_ ? settings_of_(key.address) : ExporterSettings{};
  const std::unique_lock lock(mutex_);
  if (exporters_.size() >= limits_.max_exporters && !exporters_.contains(key)) {
    refused_.fetch_add(1, std::memory_order_relaxed);
    return nullptr;
  }
  auto& slot = exporters_[key];
  if (!slot) {
    slot = std::make_shared<Exporter>(key, settings, limits_, bounds_, user_fields_, held_);
    slot->first_seen_ns = now_ns;
    slot->last_seen_ns = now_ns;
  }
  return slot;
}

std::size_t ExporterTable::change_settings() {
  if (!settings_of_) return 0;
  std::size_t changed = 0;
  for (const auto& exporter : all()) {
    ExporterSettings fresh = settings_of_(exporter->key.address);
    const std::lock_guard lock(exporter->mutex);
    fresh.key_with_port = exporter->settings.key_with_port;
    if (fresh == exporter->settings) continue;
    exporter->change_settings(std::move(fresh), bounds_);
    ++changed;
  }
  return changed;
}

std::size_t ExporterTable::expire(std::uint64_t now_ns, std::vector<ExporterKey>* keys) {
  const auto before = [now_ns](std::uint64_t timeout) { return now_ns > timeout ? now_ns - timeout : 0; };
  std::size_t gone = 0;
  {
    const std::unique_lock lock(mutex_);
    gone = std::erase_if(exporters_, [&](auto& entry) {
      if (entry.second->last_seen_ns >= before(limits_.exporter_timeout_ns)) return false;
      entry.second->expired = true;
      if (keys) keys->push_back(entry.first);
      return true;
    });
  }
  expired_.fetch_add(gone, std::memory_order_relaxed);
  if (gone > 0) changes_.fetch_add(1, std::memory_order_release);
  expire_held(now_ns);
  for_each([&](Exporter& exporter) {
    exporter.templates.expire(before(limits_.template_timeout_ns));
    exporter.sequences.expire(before(limits_.exporter_timeout_ns));
    note_changes(exporter);
  });
  return gone;
}

std::size_t ExporterTable::expire_held(std::uint64_t now_ns) {
  if (held_->used() == 0 || now_ns <= limits_.held_timeout_ns) return 0;
  const std::uint64_t before = now_ns - limits_.held_timeout_ns;
  std::vector<std::shared_ptr<Exporter>> due;
  {
    const std::shared_lock lock(mutex_);
    for (const auto& [key, exporter] : exporters_)
      if (exporter->held.oldest_ns() < before) due.push_back(exporter);
  }
  std::size_t gone = 0;
  for (const auto& exporter : due) {
    const std::lock_guard lock(exporter->mutex);
    gone += exporter->held.expire(before);
  }
  return gone;
}

std::vector<std::shared_ptr<Exporter>> ExporterTable::all() const {
  std::vector<std::shared_ptr<Exporter>> out;
  const std::shared_lock lock(mutex_);
  out.reserve(exporters_.size());
  for (const auto& [key, exporter] : exporters_) out.push_back(exporter);
  return out;
}

void ExporterTable::for_each(const std::function<void(Exporter&)>& visit) const {
  // References are taken first, so that a worker that meets a new exporter never waits for a whole visit.
  for (const auto& exporter : all()) {
    const std::lock_guard lock(exporter->mutex);
    visit(*exporter);
  }
}

std::size_t ExporterTable::size() const {
  const std::shared_lock lock(mutex_);
  return exporters_.size();
}

}  // namespace sluice::decode
