#pragma once
// Data sets that came before their template (NetFlow v9, IPFIX): copies of their bytes, kept for one exporter
// until the template comes, their time is up or room is short. Of two sets that do not fit together the older
// one goes: its time is up sooner. HeldData is guarded by the exporter's lock; HeldPool, what all exporters
// hold together, may be used by any thread.
#include <array>
#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <utility>
#include <vector>

#include "sluice/decode/datagram.hpp"
#include "sluice/decode/limits.hpp"
#include "sluice/decode/state_budget.hpp"

namespace sluice::decode {

/// What all exporters hold together: the room that is left, and the sums by protocol.
class HeldPool {
 public:
  explicit HeldPool(std::uint64_t capacity) : capacity_(capacity) {}

  bool take(std::uint64_t bytes);
  void give(std::uint64_t bytes) { used_.fetch_sub(bytes, std::memory_order_relaxed); }
  std::uint64_t used() const { return used_.load(std::memory_order_relaxed); }
  std::uint64_t count(Protocol version, HeldCount what) const { return slot(version, what).load(); }
  /// Gauges go down by adding a negative number.
  void add(Protocol version, HeldCount what, std::uint64_t n) {
    slot(version, what).fetch_add(n, std::memory_order_relaxed);
  }

 private:
  using Counts = std::array<std::atomic<std::uint64_t>, static_cast<std::size_t>(HeldCount::count)>;
  std::atomic<std::uint64_t>& slot(Protocol version, HeldCount what) {
    return counts_[static_cast<std::size_t>(version)][static_cast<std::size_t>(what)];
  }
  const std::atomic<std::uint64_t>& slot(Protocol version, HeldCount what) const {
    return counts_[static_cast<std::size_t>(version)][static_cast<std::size_t>(what)];
  }
  const std::uint64_t capacity_;
  std::atomic<std::uint64_t> used_{0};
  std::array<Counts, static_cast<std::size_t>(Protocol::count)> counts_{};
};

/// One data set and what its datagram's header said.
struct HeldSet {
  Domain domain;
  std::uint16_t id = 0;
  std::uint32_t sequence = 0;
  std::uint32_t sys_uptime_ms = 0;  ///< v9
  std::uint64_t export_ns = 0;
  std::uint64_t received_ns = 0;
  std::uint64_t datagram = 0;  ///< sets of one datagram have one number; hold() gives it
  std::vector<std::byte> bytes;
};

class HeldData {
 public:
  /// What a set costs beside its bytes, in the books of all limits: its nodes in three trees.
  static constexpr std::uint64_t kOverhead = 256;

  /// Without a pool it has one of its own. `account` outlives it and may be null.
  HeldData(const Limits& limits, std::shared_ptr<HeldPool> pool, StateAccount* account = nullptr);
  /// What still waits is lost, and the pool is told.
  ~HeldData();
  HeldData(const HeldData&) = delete;
  HeldData& operator=(const HeldData&) = delete;

  /// Copies the bytes and keeps them; false where there is no room, or nothing is to be held.
  bool hold(HeldSet set, Bytes bytes);
  /// All sets of the datagram have been read; only where hold() was called for it.
  void end_datagram();
  /// Whether a datagram was begun by hold() and not ended.
  bool in_datagram() const { return in_datagram_; }
  bool empty() const { return by_age_.empty(); }
  /// Hands out what waited for the template, oldest first, and counts it as decoded.
  std::vector<HeldSet> take(const Domain& domain, std::uint16_t id);
  /// Drops what was received before `before_ns`; returns how many sets went.
  std::size_t expire(std::uint64_t before_ns);
  /// Drops everything, for want of room; returns how many sets went.
  std::size_t clear();
  /// When the oldest set was received, all ones where there is none; any thread, without the lock.
  std::uint64_t oldest_ns() const { return oldest_ns_.load(std::memory_order_relaxed); }
  std::uint64_t count(Protocol version, HeldCount what) const {
    return counts_[static_cast<std::size_t>(version)][static_cast<std::size_t>(what)];
  }

 private:
  enum class Outcome : std::uint8_t { decoded, expired, refused };
  struct Waiting {
    Protocol version = Protocol::unknown;
    std::uint32_t sets = 0;
    bool counted = false;  ///< in the gauge of datagrams
    Outcome outcome = Outcome::decoded;
  };
  using ByAge = std::map<std::uint64_t, HeldSet>;

  Waiting& waiting_of(HeldSet& set);
  bool make_room(std::uint64_t cost);
  void give(std::uint64_t cost);
  void insert(HeldSet set);
  HeldSet remove(ByAge::iterator set, Outcome outcome);
  void lose_oldest(Outcome outcome);
  void book(const Waiting& datagram);
  void add(Protocol version, HeldCount what, std::uint64_t n);
  void note_oldest();

  const std::uint64_t max_bytes_;
  const bool on_;
  const std::shared_ptr<HeldPool> pool_;
  StateAccount* const account_;
  std::uint64_t used_ = 0;
  std::uint64_t next_ = 0;  ///< number of the next set
  ByAge by_age_;
  std::set<std::pair<std::uint64_t, std::uint64_t>> by_template_;  // (stream and id, number)
  std::map<std::uint64_t, Waiting> datagrams_;
  std::uint64_t datagram_ = 0;
  bool in_datagram_ = false;
  std::atomic<std::uint64_t> oldest_ns_{~0ULL};
  std::array<std::array<std::uint64_t, static_cast<std::size_t>(HeldCount::count)>,
             static_cast<std::size_t>(Protocol::count)>
      counts_{};
};

}  // namespace sluice::decode
