#pragma once
// Networks by longest prefix: made once, then read by any thread. A look-up is one binary search over
// disjoint ranges, whatever the number of prefixes that cover an address.
#include <compare>
#include <cstdint>
#include <utility>
#include <vector>

#include "enrich/attributes.hpp"
#include "sluice/flow/address.hpp"

namespace sluice::enrich {

class Networks {
 public:
  using Entry = std::pair<IpPrefix, NetworkFacts>;

  Networks() = default;
  /// Of two entries of one prefix the later one counts.
  explicit Networks(std::vector<Entry> entries);

  static constexpr std::uint32_t kNone = 0;
  /// The number of the longest prefix that holds the address, for facts(); kNone where there is none.
  std::uint32_t find(const IpAddress& address) const;
  /// The pointer holds as long as this does. `number` is none but of find(), and not kNone.
  const NetworkFacts& facts(std::uint32_t number) const { return facts_[number - 1].second; }
  const IpPrefix& prefix(std::uint32_t number) const { return facts_[number - 1].first; }
  std::size_t size() const { return facts_.size(); }
  bool empty() const { return facts_.empty(); }
  std::size_t bytes() const;  ///< of memory, about

 private:
  /// An address as a number; IPv4 lies at ::ffff:0:0/96.
  struct Key {
    std::uint64_t high = 0, low = 0;
    friend auto operator<=>(const Key&, const Key&) = default;
  };
  /// From here to the next one's beginning.
  struct Stretch {
    Key from;
    std::uint32_t number;
  };
  static Key key_of(const IpAddress& address);
  static bool next(Key& key);
  void begin_stretch(const Key& from, std::uint32_t number);

  std::vector<Entry> facts_;        // sorted: a prefix stands before those within it
  std::vector<Stretch> stretches_;  // sorted
};

}  // namespace sluice::enrich
