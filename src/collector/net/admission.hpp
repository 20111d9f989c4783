#pragma once
// Who may send: asked for each datagram before anything is made for its source. What is allowed is one
// immutable object behind one pointer, so that it can be replaced while workers run; what is refused is
// counted by prefix.
#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "sluice/flow/address.hpp"
#include "sluice/util/seeded_hash.hpp"
#include "util/guarded.hpp"

namespace sluice::net {

/// A set of addresses, given as prefixes. Immutable; any thread.
class AddressSet {
 public:
  AddressSet() = default;
  explicit AddressSet(std::span<const IpPrefix> prefixes);
  bool contains(const IpAddress& address) const;

 private:
  struct Range {
    IpAddress first, last;
  };
  std::vector<Range> ranges_;  // sorted, apart from each other
};

/// What one listener takes.
struct AllowedSources {
  bool all = true;                 ///< whatever `sets` says
  std::vector<AddressSet> sets{};  ///< a source must be in each of them
  bool allow(const IpAddress& source) const {
    if (all) return true;
    for (const AddressSet& set : sets)
      if (!set.contains(source)) return false;
    return true;
  }
};

/// By listener, in their order.
using Admission = std::vector<AllowedSources>;

/// The one that holds now. Any thread; a reader takes it once for a batch of datagrams.
class CurrentAdmission {
 public:
  explicit CurrentAdmission(Admission first) : now_(std::make_shared<const Admission>(std::move(first))) {}
  std::shared_ptr<const Admission> now() const { return now_.load(std::memory_order_acquire); }
  /// As many listeners as before.
  void replace(Admission next) {
    now_.store(std::make_shared<const Admission>(std::move(next)), std::memory_order_release);
  }

 private:
  std::atomic<std::shared_ptr<const Admission>> now_;
};

/// Datagrams that were refused, by prefix of their source: /24 of IPv4, /48 of IPv6. Bounded: prefixes that
/// come when it is full share one count, under no address. One thread counts, any thread reads.
class RefusedSources {
 public:
  static constexpr std::size_t kMaxPrefixes = 256;

  void count(const IpAddress& source);
  /// In no order.
  std::vector<std::pair<IpPrefix, std::uint64_t>> read() const;

 private:
  Guarded<SeededMap<IpAddress, std::uint64_t>> counts_;
};

}  // namespace sluice::net
