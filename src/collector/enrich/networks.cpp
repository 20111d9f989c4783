#include "enrich/networks.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <numeric>

namespace sluice::enrich {
namespace {

std::uint64_t big_endian(const std::uint8_t* bytes) {
  std::uint64_t out = 0;
  std::memcpy(&out, bytes, sizeof(out));
  return __builtin_bswap64(out);
}

/// Bits of the address as Networks counts them, IPv4 mapped into IPv6.
unsigned depth(const IpPrefix& prefix) { return prefix.length + (prefix.address.is_v4() ? 96U : 0U); }

}  // namespace

static_assert(std::endian::native == std::endian::little);

Networks::Key Networks::key_of(const IpAddress& address) {
  if (!address.is_v4()) return {big_endian(address.bytes.data()), big_endian(address.bytes.data() + 8)};
  std::uint32_t v4 = 0;
  std::memcpy(&v4, address.bytes.data(), sizeof(v4));
  return {0, 0xffff00000000ULL | __builtin_bswap32(v4)};
}

/// False: there is none behind it.
bool Networks::next(Key& key) {
  if (++key.low == 0 && ++key.high == 0) return false;
  return true;
}

void Networks::begin_stretch(const Key& from, std::uint32_t number) {
  if (!stretches_.empty() && stretches_.back().from == from)
    stretches_.back().number = number;
  else
    stretches_.push_back({from, number});
}

Networks::Networks(std::vector<Entry> entries) : facts_(std::move(entries)) {
  const auto order = [](const Entry& entry) {
    return std::pair(key_of(entry.first.first()), depth(entry.first));
  };
  std::vector<std::size_t> sorted(facts_.size());
  std::iota(sorted.begin(), sorted.end(), 0);
  std::ranges::sort(sorted, {}, [&](std::size_t i) { return std::pair(order(facts_[i]), i); });
  std::vector<Entry> kept;
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    Entry& one = facts_[sorted[i]];
    // Of equal ones the last.
    if (i + 1 == sorted.size() || order(one) != order(facts_[sorted[i + 1]])) kept.push_back(std::move(one));
  }
  facts_ = std::move(kept);
  std::vector<std::pair<Key, std::uint32_t>> open;  // what the sweep is within: its last address, its number
  const auto close = [&](const Key* before) {
    while (!open.empty() && (before == nullptr || open.back().first < *before)) {
      Key behind = open.back().first;
      open.pop_back();
      if (next(behind)) begin_stretch(behind, open.empty() ? kNone : open.back().second);
    }
  };
  for (std::size_t i = 0; i < facts_.size(); ++i) {
    const Key from = key_of(facts_[i].first.first());
    close(&from);
    begin_stretch(from, static_cast<std::uint32_t>(i + 1));
    open.emplace_back(key_of(facts_[i].first.last()), static_cast<std::uint32_t>(i + 1));
  }
  close(nullptr);
  stretches_.shrink_to_fit();
}

std::uint32_t Networks::find(const IpAddress& address) const {
  if (address.empty()) return kNone;
  const auto behind = std::ranges::upper_bound(stretches_, key_of(address), {}, &Stretch::from);
  if (behind == stretches_.begin()) return kNone;
  const std::uint32_t number = std::prev(behind)->number;
  // ::/0 holds no IPv4 address, though their numbers lie within.
  return number == kNone || prefix(number).address.is_v4() != address.is_v4() ? kNone : number;
}

std::size_t Networks::bytes() const {
  std::size_t out = stretches_.capacity() * sizeof(Stretch) + facts_.capacity() * sizeof(Entry);
  for (const Entry& entry : facts_)
    for (const auto& attribute : kNetworkAttributes) {
      const std::string& text = entry.second.*attribute.member;
      if (text.capacity() > std::string{}.capacity()) out += text.capacity();
    }
  return out;
}

}  // namespace sluice::enrich
