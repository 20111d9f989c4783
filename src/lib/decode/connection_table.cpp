#include "sluice/decode/connection_table.hpp"

#include <utility>

namespace sluice::decode {
namespace {

constexpr std::uint64_t kCost = entry_cost<std::uint64_t>();

}  // namespace

std::size_t ConnectionTable::erase(Set& from, std::uint64_t wanted) {
  const std::size_t gone = from.erase(wanted);
  if (account_ && gone) account_->give(kCost);
  return gone;
}

std::uint32_t ConnectionTable::forget_older() {
  const auto forgotten = static_cast<std::uint32_t>(older_.size());
  if (account_) account_->give(forgotten * kCost);
  older_ = Set();
  return forgotten;
}

std::uint32_t ConnectionTable::remember(std::uint32_t domain, std::uint64_t connection) {
  const std::uint64_t wanted = key(domain, connection);
  erase(older_, wanted);  // updated again, so it is young
  if (recent_.contains(wanted)) return 0;
  StateCharge room(account_, kCost);
  if (!room) return forget_older() + 1;
  recent_.insert(wanted);
  room.keep();
  if (recent_.size() <= max_entries_ / 2) return 0;
  const std::uint32_t forgotten = forget_older();
  older_ = std::exchange(recent_, Set());
  return forgotten;
}

bool ConnectionTable::forget(std::uint32_t domain, std::uint64_t connection) {
  const std::uint64_t wanted = key(domain, connection);
  return erase(recent_, wanted) + erase(older_, wanted) > 0;
}

std::size_t ConnectionTable::clear() {
  const std::size_t gone = size();
  forget_older();
  older_.swap(recent_);
  forget_older();
  return gone;
}

}  // namespace sluice::decode
