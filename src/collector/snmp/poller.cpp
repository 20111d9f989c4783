#include "snmp/poller.hpp"

#include <pthread.h>

#include <new>

#include "snmp/kept.hpp"
#include "snmp/round.hpp"
#include "util/clock.hpp"

namespace sluice::snmp {
namespace {

constexpr std::size_t kMaxWishes = 4096;  ///< that wait; who wishes in vain does so again

}  // namespace

Poller::Poller(LogFn log) : log_(std::move(log)) {}

Poller::~Poller() { stop(); }

void Poller::wish(Wish one) {
  if (!on()) return;
  const bool first = wishes_.with([&](std::vector<Wish>& waiting) {
    if (waiting.size() >= kMaxWishes) return false;
    waiting.push_back(one);
    return waiting.size() == 1;
  });
  if (first) wake_.notify();
}

bool Poller::restore(Bytes message, const Settings& settings, std::uint64_t now_ns) {
  if (settings.devices.empty() || known_.size() >= settings.max_devices) return false;
  auto kept = from_message(message, settings.max_interfaces);
  if (!kept || !counts_still(*kept, settings, now_ns)) return false;
  const auto device = Plan(settings).device_of(kept->exporter);
  if (!device || restored_bytes_ + kept->answer.interfaces->bytes() > settings.max_bytes) return false;
  auto fresh = std::make_unique<Known>();
  fresh->device = *device;
  fresh->wanted_ns = fresh->due_ns = monotonic_ns();
  fresh->answer = std::move(kept->answer);
  fresh->answer.answered_ns =
      std::min(fresh->answer.answered_ns, now_ns);  // the clock may have been set back
  fresh->stats.answered_ns = fresh->answer.answered_ns;
  fresh->stats.counts[DeviceCount::interfaces] = fresh->answer.interfaces->size();
  const std::uint64_t bytes = fresh->answer.interfaces->bytes();
  if (!known_.emplace(kept->exporter, std::move(fresh)).second) return false;
  restored_bytes_ += bytes;
  ++restored_;
  return true;
}

void Poller::change(const Settings& settings) {
  const bool runs = thread_.joinable() && on_;  // it may have ended for want of memory
  if (runs && settings == settings_) return;
  stop();
  auto plan = std::make_shared<Plan>(settings);
  std::erase_if(known_, [&](const auto& one) { return !plan->device_of(one.first); });
  for (auto& [exporter, device] : known_) {
    const std::size_t now = *plan->device_of(exporter);
    const bool same = device->device < settings_.devices.size() &&
                      settings_.devices[device->device] == settings.devices[now];
    device->device = now;
    if (same) continue;
    device->due_ns = 0;
    device->stats.standing = Standing::waiting;
  }
  settings_ = settings;
  stats_.with([&](Stats& stats) {
    std::erase_if(stats.devices, [&](const auto& one) { return !known_.contains(one.first); });
    for (const auto& [exporter, device] : known_) stats.devices[exporter] = device->stats;
  });
  publish();
  if (settings.devices.empty()) return;
  stop_ = false;
  on_ = true;
  thread_ = std::thread([this, plan] {
    try {
      Round(*this, *plan).run();
    } catch (const std::bad_alloc&) {
      on_ = false;
      log_(LogLevel::error, "SNMP: no memory; devices are asked no more until a reload");
    }
  });
  pthread_setname_np(thread_.native_handle(), "snmp");
}

void Poller::stop() {
  if (!thread_.joinable()) return;
  on_ = false;
  stop_.store(true, std::memory_order_release);
  wake_.notify();
  thread_.join();
}

void Poller::publish() {
  SeededMap<IpAddress, Answer> answers;
  for (const auto& [exporter, device] : known_)
    if (device->answer.interfaces) answers.emplace(exporter, device->answer);
  snapshot_.store(std::make_shared<const Snapshot>(std::move(answers)), std::memory_order_release);
  version_.fetch_add(1, std::memory_order_release);
  changes_.fetch_add(1, std::memory_order_release);
}

Stats Poller::stats() const {
  Stats out = stats_.with([](const Stats& stats) { return stats; });
  out.on = on();
  out.counts[PollerCount::devices] = out.devices.size();
  out.counts[PollerCount::refused] = refused_.load(std::memory_order_relaxed);
  out.counts[PollerCount::restored] = restored_;
  return out;
}

}  // namespace sluice::snmp
