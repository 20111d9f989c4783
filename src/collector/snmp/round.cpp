#include "snmp/round.hpp"

#include <poll.h>

#include "util/clock.hpp"

namespace sluice::snmp {
namespace {

constexpr std::uint64_t kNsPerMs = 1'000'000;
constexpr std::size_t kAtOnce = 128;      ///< polls that do not wait; each has a descriptor
constexpr std::size_t kMaxAbsent = 1024;  ///< remembered of a device; past it none is asked for out of turn
/// While polls are under way: the library is asked so often what is to be sent again.
constexpr std::uint64_t kTickNs = 20 * kNsPerMs;
constexpr std::uint64_t kShortestPollNs = 30 * kNsPerSecond;
constexpr std::uint64_t kForgetNs = 600 * kNsPerSecond;

std::uint64_t ns(std::chrono::milliseconds span) {
  return static_cast<std::uint64_t>(span.count()) * kNsPerMs;
}

std::string sentence(Standing standing, const Device& device) {
  switch (standing) {
    case Standing::silent:
      return device.version == Version::v3
                 ? "does not answer; look at the way to it and at who may ask it"
                 : "does not answer; look at the way to it, at who may ask it and at the community";
    case Standing::refused_login:
      return "refuses user, password or level of SNMPv3";
    case Standing::unreadable:
      return "answers, but not to what is encrypted; look at privacy_protocol and privacy_password";
    case Standing::bad_answer:
      return "sends answers that cannot be used, or ceased to answer";
    case Standing::no_interfaces:
      return "tells of no interfaces; look at what the user or the community may see there";
    case Standing::no_room:
      return "tells of more interfaces than there is room for; raise enrich.snmp.max_bytes";
    case Standing::unsent:
      return "cannot be asked: no descriptor, no way there, or a protocol that this machine's library lacks";
    case Standing::waiting:
    case Standing::fine:
      break;
  }
  return "is asked";
}

}  // namespace

Poller::Round::Round(Poller& to, Plan& plan)
    : poller_(to),
      plan_(plan),
      settings_(plan.settings),
      room_(settings_.max_bytes),
      random_(std::random_device{}()) {}

Poller::Round::~Round() {
  for (auto& [exporter, device] : poller_.known_) device->poll.reset();
}

void Poller::Round::run() {
  prepare_library();
  while (!poller_.stop_.load(std::memory_order_acquire)) {
    now_ns_ = monotonic_ns();
    take_wishes();
    forget_unwanted();
    turn_all();  // first, as who waits for another has been due for longer than who is due now
    begin_due();
    turn_all();
    publish();
    wait();
  }
}

void Poller::Round::take_wishes() {
  std::vector<Wish> wishes;
  poller_.wishes_.with([&](std::vector<Wish>& waiting) { wishes.swap(waiting); });
  for (const Wish& wish : wishes) {
    Known* const device = known(wish.exporter);
    if (device == nullptr) continue;
    device->wanted_ns = now_ns_;
    if (wish.if_index != 0) take_missing(*device, wish.if_index);
  }
}

/// Makes a place for a new one. Null where no prefix holds it, or there is no room.
Poller::Known* Poller::Round::known(const IpAddress& exporter) {
  if (const auto found = poller_.known_.find(exporter); found != poller_.known_.end())
    return found->second.get();
  const auto device = plan_.device_of(exporter);
  if (!device) return nullptr;
  if (poller_.known_.size() >= settings_.max_devices) {
    poller_.refused_.fetch_add(1, std::memory_order_relaxed);
    return nullptr;
  }
  auto fresh = std::make_unique<Known>();
  fresh->device = *device;
  fresh->due_ns = now_ns_;
  Known* const out = poller_.known_.emplace(exporter, std::move(fresh)).first->second.get();
  show(exporter, *out);
  return out;
}

/// Asked for before its time, but no more often than min_interval, and not for an interface that the device
/// has been asked for in vain.
void Poller::Round::take_missing(Known& device, std::uint32_t if_index) {
  if (!device.answer.interfaces || device.answer.interfaces->find(if_index) != nullptr) return;
  if (device.absent.size() >= kMaxAbsent || !device.absent.insert(if_index).second) return;
  const std::uint64_t earliest = device.began_ns + ns(settings_.min_interval);
  device.due_ns = std::min(device.due_ns, std::max(now_ns_, earliest));
}

/// Who has been due for the longest time first, so that nobody is passed over for ever.
void Poller::Round::begin_due() {
  if (under_way_ >= kAtOnce) return;
  std::vector<std::pair<const IpAddress*, Known*>> due;
  for (auto& [exporter, device] : poller_.known_)
    if (!device->poll && device->due_ns <= now_ns_) due.emplace_back(&exporter, device.get());
  std::ranges::sort(due, {}, [](const auto& one) { return std::pair(one.second->due_ns, *one.first); });
  if (due.size() > kAtOnce - under_way_) due.resize(kAtOnce - under_way_);
  for (const auto& [exporter, device] : due) begin(*exporter, *device);
}

void Poller::Round::begin(const IpAddress& exporter, Known& device) {
  const Device& how = plan_.settings.devices[device.device];
  const auto address = how.address.empty() ? exporter : IpAddress::parse(how.address).value_or(exporter);
  const std::uint64_t patience = ns(settings_.timeout) * (settings_.retries + 1);
  device.began_ns = now_ns_;
  device.poll = std::make_unique<Poll>(
      Target{address, how.port, settings_.timeout, settings_.retries}, how, plan_.keys_of(device.device),
      settings_.max_interfaces, std::max(kShortestPollNs, 4 * patience), users_, room_, device.stats.counts);
  ++under_way_;
  ready_.push_back({&exporter, &device, false});
}

/// Sleeps until something comes or is due, and tells in `ready_` whose turn it is.
void Poller::Round::wait() {
  std::vector<pollfd> fds{{poller_.wake_.fd(), POLLIN, 0}};
  ready_.clear();
  std::uint64_t next = refresh_ns_;
  for (auto& [exporter, device] : poller_.known_) {
    if (device->poll) {
      ready_.push_back({&exporter, device.get(), false});
      fds.push_back({device->poll->fd(), POLLIN, 0});
    } else if (under_way_ < kAtOnce) {
      next = std::min(next, device->due_ns);
    }
  }
  if (!ready_.empty()) next = std::min(next, monotonic_ns() + kTickNs);
  const std::uint64_t now = monotonic_ns();
  const std::uint64_t left_ms = next > now ? (next - now + kNsPerMs - 1) / kNsPerMs : 0;
  ::poll(fds.data(), fds.size(), static_cast<int>(std::min<std::uint64_t>(left_ms, 60'000)));
  if (fds.front().revents != 0) poller_.wake_.clear();
  for (std::size_t i = 0; i < ready_.size(); ++i) ready_[i].readable = fds[i + 1].revents != 0;
}

void Poller::Round::turn_all() {
  for (const Ready& one : ready_)
    if (!one.device->poll->waits()) turn(*one.exporter, *one.device, one.readable);
  // A user that is free again is for whoever waits for the longest time, wherever its address is.
  std::erase_if(ready_, [](const Ready& one) { return !one.device->poll || !one.device->poll->waits(); });
  std::ranges::sort(ready_, {},
                    [](const Ready& one) { return std::pair(one.device->began_ns, *one.exporter); });
  for (const Ready& one : ready_)
    if (under_way_ < kAtOnce) turn(*one.exporter, *one.device, false);
  ready_.clear();
}

/// A poll that waits has no place among those under way: many for one engine would keep all others out.
void Poller::Round::turn(const IpAddress& exporter, Known& device, bool readable) {
  const bool waited = device.poll->waits();
  if (!waited) --under_way_;
  const auto standing = device.poll->turn(readable, now_ns_);
  const bool waits = !standing && device.poll->waits();
  if (standing)
    finish(exporter, device, *standing);
  else if (!waits)
    ++under_way_;
  if (!waited || !waits) show(exporter, device);
}

void Poller::Round::finish(const IpAddress& exporter, Known& device, Standing standing) {
  const Standing before = device.stats.standing;
  if (standing == Standing::fine && !take_answer(device)) standing = Standing::no_room;
  if (standing == Standing::no_room)
    device.stats.counts[DeviceCount::cut_interfaces] = device.poll->walk().size() + device.poll->walk().cut();
  device.poll.reset();
  device.stats.standing = standing;
  device.failures = standing == Standing::fine ? 0 : device.failures + 1;
  device.due_ns = now_ns_ + jittered(pause_after(device));
  if (standing != before) tell(exporter, device, before);
}

/// False where there is no room for it: the names of before stay.
bool Poller::Round::take_answer(Known& device) {
  Counts<DeviceCount>& counts = device.stats.counts;
  const Walk& walk = device.poll->walk();
  auto fresh = std::make_shared<const Interfaces>(walk.result());
  ++counts[DeviceCount::complete];
  counts[DeviceCount::cut_interfaces] = walk.cut();
  const std::uint64_t before = device.answer.interfaces ? device.answer.interfaces->bytes() : 0;
  if (kept_bytes() - before + fresh->bytes() > settings_.max_bytes) return false;
  device.stats.answered_ns = unix_ns();
  counts[DeviceCount::interfaces] = fresh->size();
  std::erase_if(device.absent, [&](std::uint32_t index) { return fresh->find(index) != nullptr; });
  const bool same = device.answer.interfaces && *device.answer.interfaces == *fresh;
  if (!same) device.answer.interfaces = std::move(fresh);
  device.answer.answered_ns = device.stats.answered_ns;
  changed_ |= !same;
  return true;
}

std::uint64_t Poller::Round::kept_bytes() const {
  std::uint64_t sum = 0;
  for (const auto& [exporter, device] : poller_.known_)
    if (device->answer.interfaces) sum += device->answer.interfaces->bytes();
  return sum;
}

void Poller::Round::tell(const IpAddress& exporter, const Known& device, Standing before) const {
  const std::string who = "SNMP: " + exporter.to_string();
  if (device.stats.standing == Standing::fine)
    return poller_.log_(
        before == Standing::waiting ? LogLevel::debug : LogLevel::info,
        who + " tells of " + std::to_string(device.stats.counts[DeviceCount::interfaces]) + " interfaces");
  poller_.log_(LogLevel::warning,
               who + " " + sentence(device.stats.standing, settings_.devices[device.device]) +
                   (device.answer.interfaces ? "; the names that it told before are used on" : ""));
}

/// A device that is away is asked again soon, then ever more rarely.
std::uint64_t Poller::Round::pause_after(const Known& device) const {
  const std::uint64_t whole = ns(settings_.interval);
  if (device.failures == 0) return whole;
  constexpr unsigned kMostDoublings = 10;
  return std::min(whole, ns(settings_.min_interval) << std::min(device.failures - 1, kMostDoublings));
}

/// Within a tenth of it, so that devices that came together are not asked together for ever.
std::uint64_t Poller::Round::jittered(std::uint64_t span_ns) {
  const std::uint64_t tenth = span_ns / 10;
  return span_ns - tenth + std::uniform_int_distribution<std::uint64_t>(0, 2 * tenth)(random_);
}

void Poller::Round::forget_unwanted() {
  if (now_ns_ < refresh_ns_) return;
  refresh_ns_ = now_ns_ + ns(settings_.interval);
  poller_.version_.fetch_add(1, std::memory_order_release);
  const std::uint64_t patience = 3 * ns(settings_.interval) + kForgetNs;
  std::erase_if(poller_.known_, [&](const auto& one) {
    if (one.second->poll || now_ns_ < one.second->wanted_ns + patience) return false;
    changed_ |= one.second->answer.interfaces != nullptr;
    poller_.stats_.with([&](Stats& stats) { stats.devices.erase(one.first); });
    return true;
  });
}

void Poller::Round::publish() {
  if (!std::exchange(changed_, false)) return;
  poller_.publish();
}

void Poller::Round::show(const IpAddress& exporter, const Known& device) {
  poller_.stats_.with([&](Stats& stats) {
    DeviceStats& shown = stats.devices[exporter] = device.stats;
    shown.counts[DeviceCount::absent] = device.absent.size();
  });
}

}  // namespace sluice::snmp
