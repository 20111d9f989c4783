#include "sluice/decode/held_data.hpp"

#include <algorithm>

namespace sluice::decode {
namespace {

std::uint64_t template_key(const Domain& domain, std::uint16_t id) {
  return static_cast<std::uint64_t>(domain.version) << 48 | static_cast<std::uint64_t>(domain.id) << 16 | id;
}

std::uint64_t template_key(const HeldSet& set) { return template_key(set.domain, set.id); }

/// Taking n off a counter, as a number to add.
constexpr std::uint64_t minus(std::uint64_t n) { return 0 - n; }

}  // namespace

bool HeldPool::take(std::uint64_t bytes) {
  std::uint64_t used = used_.load(std::memory_order_relaxed);
  do {
    if (used + bytes > capacity_) return false;
  } while (!used_.compare_exchange_weak(used, used + bytes, std::memory_order_relaxed));
  return true;
}

HeldData::HeldData(const Limits& limits, std::shared_ptr<HeldPool> pool, StateAccount* account)
    : max_bytes_(limits.held_bytes_per_exporter),
      on_(limits.held_bytes_per_exporter && limits.held_bytes && limits.held_timeout_ns),
      pool_(pool ? std::move(pool) : std::make_shared<HeldPool>(limits.held_bytes)),
      account_(account) {}

HeldData::~HeldData() {
  end_datagram();
  expire(~0ULL);
}

void HeldData::add(Protocol version, HeldCount what, std::uint64_t n) {
  counts_[static_cast<std::size_t>(version)][static_cast<std::size_t>(what)] += n;
  pool_->add(version, what, n);
}

void HeldData::note_oldest() {
  oldest_ns_.store(by_age_.empty() ? ~0ULL : by_age_.begin()->second.received_ns, std::memory_order_relaxed);
}

void HeldData::give(std::uint64_t cost) {
  pool_->give(cost);
  if (account_) account_->give(cost);
}

HeldData::Waiting& HeldData::waiting_of(HeldSet& set) {
  if (!in_datagram_) {
    in_datagram_ = true;
    ++datagram_;
  }
  set.datagram = datagram_;
  Waiting& waiting = datagrams_[datagram_];
  waiting.version = set.domain.version;
  return waiting;
}

/// Of the exporter's own sets alone: nobody's flood drives out what another one holds.
bool HeldData::make_room(std::uint64_t cost) {
  if (cost > max_bytes_) return false;
  while (used_ + cost > max_bytes_) lose_oldest(Outcome::refused);
  while (!pool_->take(cost)) {
    if (by_age_.empty()) return false;
    lose_oldest(Outcome::refused);
  }
  while (account_ && !account_->take(cost)) {
    if (by_age_.empty()) {
      pool_->give(cost);
      return false;
    }
    lose_oldest(Outcome::refused);
  }
  return true;
}

/// All of it or nothing, also where memory ends.
void HeldData::insert(HeldSet set) {
  const auto place = by_template_.emplace(template_key(set), next_).first;
  try {
    by_age_.emplace_hint(by_age_.end(), next_, std::move(set));
  } catch (...) {
    by_template_.erase(place);
    throw;
  }
  ++next_;
}

bool HeldData::hold(HeldSet set, Bytes bytes) {
  if (!on_) return false;
  waiting_of(set);
  const std::uint64_t cost = kOverhead + bytes.size();
  const bool room = make_room(cost);
  // Making room may have lost other sets of the same datagram, never its entry: it has not ended.
  Waiting& waiting = datagrams_[set.datagram];
  if (!room) {
    waiting.outcome = Outcome::refused;
    add(set.domain.version, HeldCount::refused_bytes, bytes.size());
    return false;
  }
  const Protocol version = set.domain.version;
  try {
    set.bytes.assign(bytes.begin(), bytes.end());
    insert(std::move(set));
  } catch (...) {
    give(cost);
    throw;
  }
  used_ += cost;
  ++waiting.sets;
  if (!waiting.counted) add(version, HeldCount::datagrams, 1);
  waiting.counted = true;
  add(version, HeldCount::bytes, bytes.size());
  note_oldest();
  return true;
}

void HeldData::end_datagram() {
  if (!in_datagram_) return;
  in_datagram_ = false;
  const auto ended = datagrams_.find(datagram_);
  if (ended == datagrams_.end() || ended->second.sets > 0) return;
  book(ended->second);
  datagrams_.erase(ended);
}

void HeldData::book(const Waiting& datagram) {
  if (datagram.counted) add(datagram.version, HeldCount::datagrams, minus(1));
  switch (datagram.outcome) {
    case Outcome::decoded:
      return add(datagram.version, HeldCount::decoded_datagrams, 1);
    case Outcome::expired:
      return add(datagram.version, HeldCount::expired_datagrams, 1);
    case Outcome::refused:
      return add(datagram.version, HeldCount::refused_datagrams, 1);
  }
}

HeldSet HeldData::remove(ByAge::iterator set, Outcome outcome) {
  HeldSet gone = std::move(set->second);
  by_template_.erase({template_key(gone), set->first});
  by_age_.erase(set);
  note_oldest();
  const std::uint64_t cost = kOverhead + gone.bytes.size();
  used_ -= cost;
  give(cost);
  add(gone.domain.version, HeldCount::bytes, minus(gone.bytes.size()));
  const auto waiting = datagrams_.find(gone.datagram);
  waiting->second.outcome = std::max(waiting->second.outcome, outcome);
  --waiting->second.sets;
  if (waiting->second.sets == 0 && !(in_datagram_ && gone.datagram == datagram_)) {
    book(waiting->second);
    datagrams_.erase(waiting);
  }
  return gone;
}

void HeldData::lose_oldest(Outcome outcome) {
  const HeldSet gone = remove(by_age_.begin(), outcome);
  const bool expired = outcome == Outcome::expired;
  add(gone.domain.version, expired ? HeldCount::expired_bytes : HeldCount::refused_bytes, gone.bytes.size());
  add(gone.domain.version, HeldCount::lost_sets, 1);
}

std::vector<HeldSet> HeldData::take(const Domain& domain, std::uint16_t id) {
  std::vector<HeldSet> taken;
  const std::uint64_t key = template_key(domain, id);
  std::size_t n = 0;
  for (auto each = by_template_.lower_bound({key, 0}); each != by_template_.end() && each->first == key;
       ++each)
    ++n;
  taken.reserve(n);  // from here on nothing throws that would lose a set
  for (auto next = by_template_.lower_bound({key, 0}); next != by_template_.end() && next->first == key;) {
    const auto set = by_age_.find(next->second);
    ++next;  // remove() erases the entry
    taken.push_back(remove(set, Outcome::decoded));
    add(domain.version, HeldCount::decoded_bytes, taken.back().bytes.size());
  }
  return taken;
}

std::size_t HeldData::expire(std::uint64_t before_ns) {
  std::size_t gone = 0;
  for (; !by_age_.empty() && by_age_.begin()->second.received_ns < before_ns; ++gone)
    lose_oldest(Outcome::expired);
  return gone;
}

std::size_t HeldData::clear() {
  const std::size_t gone = by_age_.size();
  while (!by_age_.empty()) lose_oldest(Outcome::refused);
  return gone;
}

}  // namespace sluice::decode
