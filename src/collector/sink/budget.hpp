#pragma once
// What bounds the memory of a sink: every open block and every block in flight is charged to the sink's
// budget and given back when the sink lets go of it.
#include <algorithm>
#include <atomic>
#include <cstddef>
#include <memory>
#include <optional>
#include <utility>

namespace sluice::sink {

/// Bytes that open blocks and blocks in flight may hold together. Any thread, no lock.
class MemoryBudget {
 public:
  explicit MemoryBudget(std::size_t limit) : limit_(limit) {}

  /// False, and nothing taken, where the limit would be passed.
  bool try_take(std::size_t bytes) {
    std::size_t used = used_.load(std::memory_order_relaxed);
    do {
      if (bytes > limit_ || used > limit_ - bytes) return false;
    } while (!used_.compare_exchange_weak(used, used + bytes, std::memory_order_relaxed));
    return true;
  }
  /// So many more could be taken just now.
  bool fits(std::size_t bytes) const { return bytes <= limit_ - std::min(limit_, used()); }
  /// Takes even past the limit: for a correction of what was already taken, when the memory is in use anyway.
  void take(std::size_t bytes) { used_.fetch_add(bytes, std::memory_order_relaxed); }
  void give(std::size_t bytes) { used_.fetch_sub(bytes, std::memory_order_relaxed); }
  std::size_t used() const { return used_.load(std::memory_order_relaxed); }
  std::size_t limit() const { return limit_; }

  // Of what is used: blocks that were handed to the sink, and not those that are still open.

  void hand_over(std::size_t bytes) { handed_.fetch_add(bytes, std::memory_order_relaxed); }
  void hand_back(std::size_t bytes) { handed_.fetch_sub(bytes, std::memory_order_relaxed); }
  std::size_t handed_over() const { return handed_.load(std::memory_order_relaxed); }
  /// The sink holds more than is still free: it does not keep up. Open blocks say nothing of that, however
  /// many there are, and where they leave next to nothing free, a sink may still have an eighth. `in_hand`:
  /// of a block that is being handed over just now, which says nothing either.
  bool sink_is_behind(std::size_t in_hand = 0) const {
    const std::size_t free = limit_ - std::min(limit_, used());
    const std::size_t handed = handed_over();
    return handed - std::min(handed, in_hand) > std::max(free, limit_ / 8);
  }

 private:
  std::atomic<std::size_t> used_{0};
  std::atomic<std::size_t> handed_{0};
  const std::size_t limit_;
};

/// Bytes taken from a budget, given back at the end of its life. Move only. A charge without a budget is
/// free.
class Charge {
 public:
  Charge() = default;
  Charge(Charge&& other) noexcept
      : budget_(std::move(other.budget_)),
        bytes_(std::exchange(other.bytes_, 0)),
        handed_over_(std::exchange(other.handed_over_, false)) {}
  Charge& operator=(Charge&& other) noexcept {
    if (this != &other) {
      settle(0);
      budget_ = std::move(other.budget_);
      bytes_ = std::exchange(other.bytes_, 0);
      handed_over_ = std::exchange(other.handed_over_, false);
    }
    return *this;
  }
  Charge(const Charge&) = delete;
  Charge& operator=(const Charge&) = delete;
  ~Charge() { settle(0); }

  /// Nothing where the budget is empty. `budget` may be null.
  static std::optional<Charge> take(std::shared_ptr<MemoryBudget> budget, std::size_t bytes) {
    if (budget && !budget->try_take(bytes)) return std::nullopt;
    Charge charge;
    charge.budget_ = std::move(budget);
    charge.bytes_ = bytes;
    return charge;
  }
  /// Makes it what the memory turned out to be.
  void settle(std::size_t bytes) {
    if (budget_ && handed_over_) {
      budget_->hand_over(bytes);
      budget_->hand_back(bytes_);
    }
    if (budget_) bytes > bytes_ ? budget_->take(bytes - bytes_) : budget_->give(bytes_ - bytes);
    bytes_ = bytes;
  }
  /// From now on it is the sink that holds it.
  void hand_over() {
    if (budget_ && !std::exchange(handed_over_, true)) budget_->hand_over(bytes_);
  }

 private:
  std::shared_ptr<MemoryBudget> budget_;
  std::size_t bytes_ = 0;
  bool handed_over_ = false;
};

}  // namespace sluice::sink
