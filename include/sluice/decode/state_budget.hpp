#pragma once
// Room for all that senders make us remember: exporters with their counts, templates, sampling rates, names,
// streams, connections and held data. One budget for the whole process; each exporter has an account with it,
// through which its tables ask for room before they grow. What is asked for is what the heap gives for it, so
// the budget holds for memory and not for a number of things.
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

#include "sluice/decode/datagram.hpp"

namespace sluice::decode {

class Exporter;
class ExporterTable;

/// What the heap takes for so many bytes: its own header, and steps of 16.
constexpr std::uint64_t heap_cost(std::size_t bytes) {
  if (bytes == 0) return 0;
  return bytes <= 24 ? 32 : (bytes + 8 + 15) / 16 * 16;
}
/// Of an entry of an unordered map or set: its node, and twice its place in the table of buckets, which grows
/// by doubling.
template <class Entry>
constexpr std::uint64_t entry_cost() {
  return heap_cost(sizeof(void*) + sizeof(Entry)) + 2 * sizeof(void*);
}

/// Of all exporters together. Any thread.
class StateBudget {
 public:
  explicit StateBudget(std::uint64_t capacity) : capacity_(capacity) {}

  bool take(std::uint64_t bytes);
  void give(std::uint64_t bytes) { used_.fetch_sub(bytes, std::memory_order_relaxed); }
  std::uint64_t used() const { return used_.load(std::memory_order_relaxed); }
  std::uint64_t capacity() const { return capacity_; }
  std::uint64_t room() const { return capacity_ - used(); }

  /// Things that were forgotten for want of room, whosever they were, by protocol; and exporters that went
  /// with all that was theirs.
  std::uint64_t evicted(Protocol protocol) const {
    return evicted_[static_cast<std::size_t>(protocol)].load(std::memory_order_relaxed);
  }
  std::uint64_t evicted_exporters() const { return evicted_exporters_.load(std::memory_order_relaxed); }
  void count_evicted(Protocol protocol, std::uint64_t things) {
    evicted_[static_cast<std::size_t>(protocol)].fetch_add(things, std::memory_order_relaxed);
  }
  void count_evicted_exporter() { evicted_exporters_.fetch_add(1, std::memory_order_relaxed); }

 private:
  const std::uint64_t capacity_;
  std::atomic<std::uint64_t> used_{0};
  std::array<std::atomic<std::uint64_t>, static_cast<std::size_t>(Protocol::count)> evicted_{};
  std::atomic<std::uint64_t> evicted_exporters_{0};
};

/// One exporter's. Guarded by the exporter's lock, but for used(). Gives back at its end what is still taken,
/// so it is destroyed after the tables that take from it.
class StateAccount {
 public:
  /// Without a budget there is no bound and no books. `first`: taken already, for the exporter itself.
  StateAccount() = default;
  StateAccount(std::shared_ptr<StateBudget> budget, ExporterTable* table, Exporter* owner,
               std::uint64_t first);
  ~StateAccount();
  StateAccount(const StateAccount&) = delete;
  StateAccount& operator=(const StateAccount&) = delete;

  /// Where the budget is used up, others may lose something for it, see ExporterTable::make_room(). False:
  /// there is no room.
  bool take(std::uint64_t bytes);
  void give(std::uint64_t bytes);
  /// Any thread.
  std::uint64_t used() const { return used_.load(std::memory_order_relaxed); }
  /// For the sums of the budget.
  void count_evicted(Protocol protocol, std::uint64_t things);

 private:
  const std::shared_ptr<StateBudget> budget_;
  ExporterTable* const table_ = nullptr;
  Exporter* const owner_ = nullptr;
  std::atomic<std::uint64_t> used_{0};
};

/// Room that was taken for something that is about to be made; given back unless it is kept, also where the
/// making throws. `account` may be null: there is always room then.
class StateCharge {
 public:
  StateCharge(StateAccount* account, std::uint64_t bytes)
      : account_(account), bytes_(bytes), taken_(!account || account->take(bytes)) {}
  ~StateCharge() {
    if (account_ && taken_) account_->give(bytes_);
  }
  StateCharge(const StateCharge&) = delete;
  StateCharge& operator=(const StateCharge&) = delete;
  explicit operator bool() const { return taken_; }
  void keep() { account_ = nullptr; }

 private:
  StateAccount* account_;
  const std::uint64_t bytes_;
  const bool taken_;
};

}  // namespace sluice::decode
