#pragma once
// The connections of a firewall whose volume has been counted already, by update events: the event of their
// end repeats it. Bounded; where it is full, the older half is forgotten. Guarded by the exporter's lock.
#include <cstdint>

#include "sluice/decode/state_budget.hpp"
#include "sluice/util/seeded_hash.hpp"

namespace sluice::decode {

class ConnectionTable {
 public:
  /// `account` outlives the table and may be null.
  explicit ConnectionTable(std::uint32_t max_entries, StateAccount* account = nullptr)
      : account_(account), max_entries_(max_entries) {}

  /// Returns how many connections were forgotten: the older half where the table is full. Where the account
  /// has no room this one is forgotten too, and the older half makes room for the next.
  std::uint32_t remember(std::uint32_t domain, std::uint64_t connection);
  /// The connection has ended; true where it was known.
  bool forget(std::uint32_t domain, std::uint64_t connection);
  /// Forgets everything; returns how many went.
  std::size_t clear();
  std::size_t size() const { return recent_.size() + older_.size(); }

 private:
  static std::uint64_t key(std::uint32_t domain, std::uint64_t connection) {
    return connection ^ static_cast<std::uint64_t>(domain) << 32;
  }

  using Set = SeededSet<std::uint64_t>;
  std::uint32_t forget_older();
  std::size_t erase(Set& from, std::uint64_t wanted);

  StateAccount* const account_;
  const std::uint32_t max_entries_;
  Set recent_;  // at most half of max_entries_; then it becomes older_
  Set older_;
};

}  // namespace sluice::decode
