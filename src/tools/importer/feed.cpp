#include "importer/feed.hpp"

#include <algorithm>
#include <chrono>
#include <thread>

#include "config/exporter_rules.hpp"
#include "nfdump/archive.hpp"
#include "sink/factory.hpp"
#include "util/clock.hpp"

namespace sluice::importer {
namespace {

constexpr std::chrono::milliseconds kLookAgain{2};
/// Longer than ClickHouse's tables of Kafka gather rows for one insert (apply.sh --flush-interval).
constexpr std::uint64_t kApartNs = 10 * kNsPerSecond;

static_assert(nfdump::Archive::kOriginsAtOnce <= Days::kMost, "no batch alone is of too many days");

}  // namespace

Feed::Feed(const config::Config& config, const std::vector<std::string>& sinks, const LogFn& log,
           const std::atomic<bool>& stop)
    : config_(config),
      stop_(stop),
      names_(log),
      enricher_({config.collector_id, config::ExporterRules(config.exporters).names(), names_.names()}) {
  names_.take(config.enrich);
  const UserFieldsPtr user_fields = make_user_fields(config.fields);
  std::vector<worker::OutputTo> targets;
  for (const std::string& name : sinks) {
    sink::Settings settings = config.sinks.at(name);
    settings.spool.path.clear();
    auto made = sink::make_sink(name, settings, 1, log);
    worker::OutputTo target{sink::stream_spec(settings), made.get()};
    target.spec.format.user_fields = user_fields;
    targets.push_back(std::move(target));
    sinks_.push_back({name, std::move(made), settings.kafka() != nullptr});
  }
  outputs_.emplace(targets, 0U);
}

Feed::~Feed() { close(); }

void Feed::close() {
  if (sinks_.empty()) return;
  outputs_.reset();
  const auto deadline = std::chrono::steady_clock::now() + config_.shutdown_timeout;
  for (const NamedSink& one : sinks_) one.sink->close(deadline);
  sinks_.clear();
}

std::optional<std::string> Feed::write(FlowBatch& batch) {
  if (days_.parts(Days::of(batch)))
    if (auto wrong = part_days()) return wrong;
  if (auto wrong = wait_for_room(batch.size())) return wrong;
  enricher_.complete(batch);
  const std::uint64_t now = monotonic_ns();
  outputs_->write(batch, now);
  outputs_->flush_due(now);
  return std::nullopt;
}

std::optional<std::string> Feed::wait_for_room(std::size_t flows) {
  while (!stop_ && !outputs_->have_room(flows)) {
    if (auto wrong = trouble()) return wrong;
    outputs_->flush_due(monotonic_ns());
    outputs_->make_room(flows);
    std::this_thread::sleep_for(kLookAgain);
  }
  return std::nullopt;
}

/// No block of ours has rows of more than 100 days. Behind a broker others make blocks of what comes within
/// some seconds, so there is time between what is delivered and what comes next.
std::optional<std::string> Feed::part_days() {
  outputs_->flush_all();
  const bool broker = std::ranges::any_of(sinks_, &NamedSink::through_broker);
  if (broker) {
    if (auto wrong = settle()) return wrong;
    const std::uint64_t since = monotonic_ns();
    while (!stop_ && monotonic_ns() < since + kApartNs) std::this_thread::sleep_for(kLookAgain);
  }
  return std::nullopt;
}

bool Feed::delivered() const {
  return std::ranges::all_of(sinks_, [](const NamedSink& one) {
    return one.sink->stats().counts[sink::SinkCount::queued_flows] == 0;
  });
}

std::optional<std::string> Feed::settle() {
  outputs_->flush_all();
  const auto since = std::chrono::steady_clock::now();
  while (!delivered()) {
    if (auto wrong = trouble()) return wrong;
    if (stop_ && std::chrono::steady_clock::now() - since > config_.shutdown_timeout)
      return "stopped before all was delivered";
    std::this_thread::sleep_for(kLookAgain);
  }
  return trouble();
}

std::optional<std::string> Feed::trouble() const {
  for (const NamedSink& one : sinks_) {
    const sink::SinkStats stats = one.sink->stats();
    const std::uint64_t shed = stats.counts[sink::SinkCount::shed_flows];
    if (shed != 0) return "sink " + one.name + " had no room for " + std::to_string(shed) + " flows";
    for (const auto& [reason, flows] : stats.failed_flows)
      if (flows != 0)
        return "sink " + one.name + " could not deliver " + std::to_string(flows) + " flows (" + reason + ")";
  }
  return std::nullopt;
}

}  // namespace sluice::importer
