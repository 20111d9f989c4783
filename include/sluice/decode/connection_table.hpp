#pragma once
// The connections of a firewall whose volume has been counted already, by update events: the event of their
// end repeats it. Bounded; where it is full, the older half is forgotten. Guarded by the exporter's lock.
#include <cstdint>
#include <unordered_set>

namespace sluice::decode {

class ConnectionTable {
 public:
  explicit ConnectionTable(std::uint32_t max_entries) : max_entries_(max_entries) {}

  /// Returns how many older connections were forgotten for this one.
  std::uint32_t remember(std::uint32_t domain, std::uint64_t connection);
  /// The connection has ended; true where it was known.
  bool forget(std::uint32_t domain, std::uint64_t connection);
  std::size_t size() const { return recent_.size() + older_.size(); }

 private:
  static std::uint64_t key(std::uint32_t domain, std::uint64_t connection) {
    return connection ^ static_cast<std::uint64_t>(domain) << 32;
  }

  const std::uint32_t max_entries_;
  std::unordered_set<std::uint64_t> recent_;  // at most half of max_entries_; then it becomes older_
  std::unordered_set<std::uint64_t> older_;
};

}  // namespace sluice::decode
