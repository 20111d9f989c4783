#include "sluice/decode/exporter.hpp"

#include <algorithm>

namespace sluice::decode {
namespace {

/// What others keep of an exporter.
constexpr std::uint64_t kKeptElsewhere = 512;
/// Room is made for more than is asked for, so that a flood does not search all exporters for each datagram.
constexpr std::uint64_t kPartAtOnce = 32;
/// Where those have to lose something who have proven, it is no more than a search of all is worth.
constexpr std::uint64_t kPartOfProven = 256;
/// Where there was none, so many are refused before it is looked for again.
constexpr std::uint32_t kTimesInVain = 256;

}  // namespace

const std::uint64_t Exporter::kCost = heap_cost(sizeof(Exporter) + 16) + kKeptElsewhere;

Exporter::Exporter(const ExporterKey& exporter_key, const ExporterSettings& exporter_settings,
                   const Limits& limits, const TimeBounds& time_bounds, UserFieldsPtr user,
                   std::shared_ptr<HeldPool> held_pool, std::shared_ptr<StateBudget> budget,
                   ExporterTable* table)
    : key(exporter_key),
      settings(exporter_settings),
      bounds(bounds_of(exporter_settings, time_bounds)),
      user_fields(std::move(user)),
      gate(settings.max_datagrams_per_second),
      account(std::move(budget), table, this, kCost),
      templates(limits, user_fields, settings.post_counters_reverse, &account),
      samplers(limits.max_samplers, &account),
      names(limits.max_names, &account),
      sequences(limits.max_streams, &account),
      connections(limits.max_connections, &account),
      held(limits, std::move(held_pool), &account) {}

bool RateGate::pass(std::uint64_t now_ns) {
  if (now_ns > last_ns_) {
    left_ns_ = std::min(kSecondNs, left_ns_ + std::min(kSecondNs, now_ns - last_ns_));
    last_ns_ = now_ns;
  }
  const std::uint64_t cost = kSecondNs / per_second_;
  if (left_ns_ < cost) return false;
  left_ns_ -= cost;
  return true;
}

void Exporter::count_evicted(Protocol protocol, std::size_t things) {
  if (things == 0) return;
  counters_of(protocol).errors[static_cast<std::size_t>(DecodeError::state_evicted)] += things;
  account.count_evicted(protocol, things);
}

std::size_t Exporter::evict(bool unused_alone) {
  std::size_t gone = 0;
  for (const Protocol version : {Protocol::netflow9, Protocol::ipfix}) {
    const std::size_t went = templates.evict(version, unused_alone);
    count_evicted(version, went);
    gone += went;
  }
  if (unused_alone) return gone;
  // What is not filed by protocol goes to the one that the exporter is known by.
  const auto first = std::ranges::find_if(
      counters, [](const ExporterCounters& c) { return c.counts[DecodeCount::datagrams] > 0; });
  const auto main =
      first == counters.end() ? Protocol::unknown : static_cast<Protocol>(first - counters.begin());
  held.clear();  // counted as refused by itself
  const std::size_t rest = samplers.clear() + names.clear() + sequences.clear() + connections.clear();
  count_evicted(main, rest);
  return gone + rest;
}

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
  if (fresh.max_datagrams_per_second != settings.max_datagrams_per_second)
    gate = RateGate(fresh.max_datagrams_per_second);
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
      held_(std::make_shared<HeldPool>(limits.held_bytes)),
      budget_(std::make_shared<StateBudget>(limits.state_bytes)) {}

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
      refuse();
      return nullptr;
    }
  }
  const ExporterSettings settings = settings_of_ ? settings_of_(key.address) : ExporterSettings{};
  if (!budget_->take(Exporter::kCost) && !make_room(nullptr, Exporter::kCost)) {
    refuse();
    return nullptr;
  }
  std::shared_ptr<Exporter> fresh;
  try {
    fresh = std::make_shared<Exporter>(key, settings, limits_, bounds_, user_fields_, held_, budget_, this);
  } catch (...) {
    budget_->give(Exporter::kCost);
    throw;
  }
  fresh->first_seen_ns = now_ns;
  fresh->last_seen_ns = now_ns;
  const std::unique_lock lock(mutex_);
  if (exporters_.size() >= limits_.max_exporters && !exporters_.contains(key)) {
    refuse();
    return nullptr;
  }
  return exporters_.try_emplace(key, std::move(fresh)).first->second;
}

ExporterTable::Candidates ExporterTable::candidates(bool proven, std::uint64_t more_than,
                                                    const Exporter* but) const {
  Candidates out;
  {
    const std::shared_lock lock(mutex_);
    for (const auto& [key, exporter] : exporters_)
      if (exporter.get() != but && exporter->proven.load(std::memory_order_relaxed) == proven &&
          exporter->account.used() > more_than)
        out.push_back(exporter);
  }
  // The largest first; of those that are alike, the one that was silent for longest.
  std::ranges::sort(out, [](const auto& a, const auto& b) {
    const std::uint64_t has = a->account.used(), other_has = b->account.used();
    return has != other_has ? has > other_has : a->last_seen_ns.load() < b->last_seen_ns.load();
  });
  return out;
}

std::size_t ExporterTable::evict_unproven(const Exporter* asking, std::uint64_t goal) {
  const Candidates all = candidates(false, 0, asking);
  Candidates gone;
  for (const auto& exporter : all) {
    // Exporters themselves go with the last reference to them.
    if (budget_->room() + gone.size() * Exporter::kCost >= goal) break;
    if (forget_unproven(*exporter)) gone.push_back(exporter);
  }
  if (gone.empty()) return 0;
  {
    const std::unique_lock lock(mutex_);
    for (const auto& exporter : gone) {
      exporters_.erase(exporter->key);
      budget_->count_evicted_exporter();
    }
  }
  evictions_.fetch_add(1, std::memory_order_relaxed);
  changes_.fetch_add(1, std::memory_order_release);
  return gone.size();
}

std::size_t ExporterTable::evict_from_proven(Exporter* asking, std::uint64_t bytes, std::uint64_t goal) {
  const std::uint64_t share = budget_->capacity() / std::max<std::size_t>(1, size());
  const Candidates large = candidates(true, share, asking);
  std::size_t gone = 0;
  for (const auto& exporter : large) {
    if (budget_->room() >= goal) return gone;
    const std::unique_lock lock(exporter->mutex, std::try_to_lock);
    if (!lock) continue;
    gone += exporter->evict(true);
    note_changes(*exporter);
  }
  if (!asking || !asking->proven || budget_->room() >= bytes) return gone;
  if (asking->account.used() + bytes > share) return gone + asking->evict(true);
  const std::uint64_t enough = std::max(bytes, budget_->capacity() / kPartOfProven);
  for (const auto& exporter : large) {
    if (budget_->room() >= enough) return gone;
    const std::unique_lock lock(exporter->mutex, std::try_to_lock);
    if (!lock || exporter->account.used() <= share) continue;
    gone += exporter->evict(false);
    note_changes(*exporter);
  }
  return gone;
}

bool ExporterTable::make_room(Exporter* asking, std::uint64_t bytes) {
  if (bytes > budget_->capacity()) return false;
  const std::lock_guard lock(room_mutex_);
  if (budget_->take(bytes)) return true;  // somebody else has made room
  // One that holds more than its share, or has not proven, and is refused does not stand in the way of one
  // for whom there would be room.
  const bool proven = asking && asking->proven;
  const bool fair =
      proven && asking->account.used() + bytes <= budget_->capacity() / std::max<std::size_t>(1, size());
  std::uint32_t& in_vain = in_vain_[fair ? 2 : proven ? 1 : 0];
  if (in_vain > 0) {
    --in_vain;
    if (in_vain > 0) return false;
  }
  const std::uint64_t goal = std::max(bytes, budget_->capacity() / kPartAtOnce);
  std::size_t gone = evict_unproven(asking, goal);
  if (budget_->room() < goal) gone += evict_from_proven(asking, bytes, goal);
  if (budget_->take(bytes)) return true;
  if (gone == 0) in_vain = kTimesInVain;
  return false;
}

// No list is made and nothing is sorted: there is no memory for it.
void ExporterTable::memory_is_short() {
  const std::lock_guard room_lock(room_mutex_);
  const std::uint64_t goal = budget_->room() + budget_->used() / 8;
  std::uint64_t gone = 0;
  {
    const std::unique_lock lock(mutex_);
    for (auto it = exporters_.begin();
         it != exporters_.end() && budget_->room() + gone * Exporter::kCost < goal;) {
      if (!forget_unproven(*it->second)) {
        ++it;
        continue;
      }
      it = exporters_.erase(it);
      budget_->count_evicted_exporter();
      ++gone;
    }
  }
  if (gone == 0) return;
  evictions_.fetch_add(1, std::memory_order_relaxed);
  changes_.fetch_add(1, std::memory_order_release);
}

bool ExporterTable::forget_unproven(Exporter& exporter) {
  const std::unique_lock lock(exporter.mutex, std::try_to_lock);
  if (!lock || exporter.proven) return false;
  exporter.evict(false);
  exporter.expired = true;
  return true;
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
      if (entry.second->sessions > 0) return false;
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
    if (exporter.sessions == 0) exporter.templates.expire(before(limits_.template_timeout_ns));
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
