// A new configuration while the collector runs: sinks come, go and change, exporters get other settings, and
// no datagram is lost.
#include <algorithm>
#include <thread>

#include "app/collector.hpp"
#include "app/trial.hpp"
#include "sink/factory.hpp"

namespace sluice::app {
namespace {

/// A worker turns within milliseconds of being asked to.
constexpr std::chrono::milliseconds kLookAgain{1};

}  // namespace

/// Sinks that the configuration has and the collector has not, or not so. Throws SetupError.
Collector::FreshSinks Collector::make_missing_sinks(const config::Config& next) const {
  FreshSinks out;
  for (const auto& [name, settings] : next.sinks) {
    const auto known = config_.sinks.find(name);
    if (known != config_.sinks.end() && known->second == settings) continue;
    out.emplace(name, sink::make_sink(name, settings, writers_, log_.callback(), user_fields_));
  }
  return out;
}

/// Certificates are read anew: of those that take TCP, in the order of the listeners.
std::vector<std::optional<http::Identity>> Collector::read_identities(const config::Config& next) {
  std::vector<std::optional<http::Identity>> out;
  for (std::size_t i = 0; i < next.listeners.size(); ++i)
    if (next.listeners[i].transport == config::Transport::tcp)
      out.push_back(identity_of(next.listeners[i], i));
  return out;
}

config::Difference Collector::reload(const config::Config& wanted) {
  if (stopping_ || !running_) throw std::runtime_error("the collector is stopping");
  config::Config next = config_;
  config::Difference difference = config::take_over(wanted, next);
  // Until all of this is made, nothing has changed.
  auto fresh = make_missing_sinks(next);
  auto identities = read_identities(next);
  std::vector<worker::OutputTo> targets;
  for (const auto& [name, settings] : next.sinks) {
    const auto made = fresh.find(name);
    sink::Sink* const to = made != fresh.end() ? made->second.get() : sink_named(name)->sink->current();
    targets.push_back(target_for(settings, to));
  }
  names_.take(next.enrich);  // files are looked at, too
  if (!fresh.empty() || next.sinks.size() != config_.sinks.size() ||
      next.collector_id != config_.collector_id || next.exporters != config_.exporters)
    change_workers(targets, enrich_settings(next), fresh);
  succeed_sinks(next, std::move(fresh));
  rules_.with([&](config::ExporterRules& rules) { rules = config::ExporterRules(next.exporters); });
  config_ = std::move(next);
  snmp_.change(config_.snmp);
  admission_.replace(admission_of(config_));
  if (sessions_) sessions_->change(std::move(identities));
  if (std::ranges::find(difference.reloaded, "exporters") != difference.reloaded.end())
    exporters_.change_settings();
  return difference;
}

/// Once this returns, no worker has anything that is meant for a sink that is not among the targets. A worker
/// that is stuck is waited for: the watchdog sees it.
void Collector::change_workers(const std::vector<worker::OutputTo>& targets, const enrich::Settings& enrich,
                               FreshSinks& fresh) {
  std::vector<std::unique_ptr<worker::Outputs>> outputs;
  for (unsigned i = 0; i < writers_; ++i) outputs.push_back(std::make_unique<worker::Outputs>(targets, i));
  auto next = outputs.begin();
  const auto change = [&](const auto& one) { one->change({std::move(*next++), enrich}); };
  std::ranges::for_each(workers_, change);
  for (const NamedSource& source : sources_) std::ranges::for_each(source.readers, change);
  const auto has_not = [](const auto& one) { return !one->changed(); };
  while (std::ranges::any_of(workers_, has_not) || any_reader(has_not)) {
    if (failed()) {
      // Some write to the new sinks, others have blocks for the old ones: both live until the end, which is
      // near.
      for (auto& [name, made] : fresh) orphans_.push_back(std::move(made));
      throw std::runtime_error("a worker ended");
    }
    std::this_thread::sleep_for(kLookAgain);
  }
}

void Collector::succeed_sinks(const config::Config& next, FreshSinks fresh) {
  const auto deadline = std::chrono::steady_clock::now() + next.shutdown_timeout;
  std::vector<NamedSink> sinks;
  for (const auto& [name, settings] : next.sinks) {
    NamedSink* const known = sink_named(name);
    const auto made = fresh.find(name);
    NamedSink named{name, std::make_shared<const sink::Settings>(settings), nullptr};
    if (known == nullptr) {
      named.sink = std::make_unique<SinkLine>(std::move(made->second));
    } else {
      if (made != fresh.end()) known->sink->succeed(std::move(made->second), deadline);
      named.sink = std::move(known->sink);
    }
    sinks.push_back(std::move(named));
  }
  for (NamedSink& named : sinks_) {
    if (!named.sink) continue;
    named.sink->end(deadline);
    leaving_.push_back(std::move(named));
  }
  sinks_ = std::move(sinks);
}

Collector::NamedSink* Collector::sink_named(const std::string& name) {
  const auto found = std::ranges::find(sinks_, name, &NamedSink::name);
  return found == sinks_.end() ? nullptr : &*found;
}

/// Each second: former sinks that have delivered what they had are put away.
void Collector::put_former_sinks_away() {
  for (const NamedSink& named : sinks_)
    named.sink->look(
        [&](const sink::SinkStats& stats) { log_fate(named.name + ", as it was before", stats); });
  std::erase_if(leaving_, [&](const NamedSink& named) {
    named.sink->look(
        [&](const sink::SinkStats& stats) { log_fate(named.name + ", which was taken out", stats); });
    return named.sink->ended();
  });
}

}  // namespace sluice::app
