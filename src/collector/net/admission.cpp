#include "net/admission.hpp"

#include <algorithm>

namespace sluice::net {
namespace {

/// Of two families the smaller one comes first.
bool before(const IpAddress& a, const IpAddress& b) {
  return a.size != b.size ? a.size < b.size : a.bytes < b.bytes;
}

unsigned kept_bits(const IpAddress& address) { return address.is_v4() ? 24 : 48; }

/// As IpPrefix::first(), for whole bytes: what is refused must be cheap.
IpAddress network_of(const IpAddress& source) {
  IpAddress out;
  out.size = source.size;
  std::copy_n(source.bytes.begin(), std::min<std::size_t>(kept_bits(source) / 8, source.size),
              out.bytes.begin());
  return out;
}

}  // namespace

AddressSet::AddressSet(std::span<const IpPrefix> prefixes) {
  for (const IpPrefix& prefix : prefixes) ranges_.push_back({prefix.first(), prefix.last()});
  std::ranges::sort(ranges_, before, &Range::first);
  // Of prefixes one is within the other or apart from it.
  std::size_t kept = 0;
  for (const Range& range : ranges_) {
    const bool within = kept > 0 && ranges_[kept - 1].last.size == range.last.size &&
                        !before(ranges_[kept - 1].last, range.last);
    if (!within) ranges_[kept++] = range;
  }
  ranges_.resize(kept);
}

bool AddressSet::contains(const IpAddress& address) const {
  const auto after = std::ranges::upper_bound(ranges_, address, before, &Range::first);
  if (after == ranges_.begin()) return false;
  const Range& range = *std::prev(after);
  return range.first.size == address.size && !before(range.last, address);
}

void RefusedSources::count(const IpAddress& source) {
  const IpAddress network = network_of(source);
  counts_.with([&](auto& counts) {
    const auto known = counts.find(network);
    if (known != counts.end())
      ++known->second;
    else
      ++counts[counts.size() < kMaxPrefixes ? network : IpAddress{}];
  });
}

std::vector<std::pair<IpPrefix, std::uint64_t>> RefusedSources::read() const {
  std::vector<std::pair<IpPrefix, std::uint64_t>> out;
  counts_.with([&](const auto& counts) {
    for (const auto& [network, n] : counts)
      out.emplace_back(IpPrefix{network, static_cast<std::uint8_t>(network.empty() ? 0 : kept_bits(network))},
                       n);
  });
  return out;
}

}  // namespace sluice::net
