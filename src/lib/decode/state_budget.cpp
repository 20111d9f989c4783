#include "sluice/decode/state_budget.hpp"

#include "sluice/decode/exporter.hpp"

namespace sluice::decode {

bool StateBudget::take(std::uint64_t bytes) {
  std::uint64_t used = used_.load(std::memory_order_relaxed);
  do {
    if (bytes > capacity_ || used > capacity_ - bytes) return false;
  } while (!used_.compare_exchange_weak(used, used + bytes, std::memory_order_relaxed));
  return true;
}

StateAccount::StateAccount(std::shared_ptr<StateBudget> budget, ExporterTable* table, Exporter* owner,
                           std::uint64_t first)
    : budget_(std::move(budget)), table_(table), owner_(owner), used_(budget_ ? first : 0) {}

StateAccount::~StateAccount() {
  if (budget_) budget_->give(used());
}

bool StateAccount::take(std::uint64_t bytes) {
  if (!budget_) return true;
  if (!budget_->take(bytes) && !(table_ && table_->make_room(owner_, bytes))) return false;
  used_.fetch_add(bytes, std::memory_order_relaxed);
  return true;
}

void StateAccount::give(std::uint64_t bytes) {
  if (!budget_) return;
  used_.fetch_sub(bytes, std::memory_order_relaxed);
  budget_->give(bytes);
}

void StateAccount::count_evicted(Protocol protocol, std::uint64_t things) {
  if (budget_) budget_->count_evicted(protocol, things);
}

}  // namespace sluice::decode
