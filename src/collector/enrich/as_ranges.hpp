#pragma once
// AS numbers by ranges of addresses, as free tables of them come: lines of first address, last address,
// number and, in quotes or not, whose it is, IPv4 and IPv6 as they like, without a line of column names.
// Where ranges meet, the one that begins later counts, as far as it goes. Some 500,000 ranges take 16 MB and
// half a second to read.
#include <string>
#include <vector>

#include "enrich/ases.hpp"
#include "sluice/util/seeded_hash.hpp"

namespace sluice::enrich {

class AsRanges final : public Ases {
 public:
  /// Throws SetupError with the line of the first mistake: no address, no number, a range that ends before it
  /// begins or lies in another one.
  AsRanges(const std::string& setting, const std::string& path);

  std::uint32_t as_of(const IpAddress& address) const override;
  std::string organisation_of(const IpAddress& address) const override;
  std::uint64_t bytes() const override;
  std::uint64_t built_seconds() const override { return 0; }

 private:
  template <class Key>
  struct Range {
    Key from, to;
    std::uint32_t as;
  };
  /// From here to the next one's beginning.
  template <class Key>
  struct Stretch {
    Key from;
    std::uint32_t as;
  };
  struct Key6 {
    std::uint64_t high = 0, low = 0;
    friend auto operator<=>(const Key6&, const Key6&) = default;
  };
  struct Read;
  static std::uint32_t key4(const IpAddress& address);
  static Key6 key6(const IpAddress& address);
  static bool next(std::uint32_t& key) { return ++key != 0; }
  static bool next(Key6& key) { return ++key.low != 0 || ++key.high != 0; }
  template <class Key>
  static std::vector<Stretch<Key>> stretches(std::vector<Range<Key>> ranges);
  template <class Key>
  static std::uint32_t find(const std::vector<Stretch<Key>>& stretches, const Key& key);

  std::vector<Stretch<std::uint32_t>> v4_;  // sorted
  std::vector<Stretch<Key6>> v6_;
  SeededMap<std::uint32_t, std::string> names_;
};

}  // namespace sluice::enrich
