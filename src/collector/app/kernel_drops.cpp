#include "app/kernel_drops.hpp"

#include <algorithm>
#include <cmath>
#include <unordered_map>

namespace sluice::app {
namespace {

using decode::Protocol;

std::uint64_t estimated(const decode::SequenceCounts& sequence) {
  return static_cast<std::uint64_t>(std::llround(std::max(0.0, sequence.estimate)));
}

/// One round: each gets its part by traffic, rounded down, at most what it misses; returns what was given.
std::uint64_t share_once(std::uint64_t drops, std::span<DropClaim> claims) {
  long double traffic = 0;
  for (const DropClaim& claim : claims)
    if (claim.share < claim.missing) traffic += static_cast<long double>(claim.traffic);
  std::uint64_t given = 0;
  for (DropClaim& claim : claims) {
    if (claim.share >= claim.missing || traffic <= 0) continue;
    const auto part = static_cast<std::uint64_t>(static_cast<long double>(drops) *
                                                 static_cast<long double>(claim.traffic) / traffic);
    const std::uint64_t more = std::min({part, claim.missing - claim.share, drops - given});
    claim.share += more;
    given += more;
  }
  return given;
}

}  // namespace

bool records_are_numbered(Protocol protocol) {
  return protocol == Protocol::netflow5 || protocol == Protocol::ipfix;
}

std::uint64_t lost_datagrams(Protocol protocol, const decode::SequenceCounts& sequence) {
  return records_are_numbered(protocol) ? estimated(sequence) : sequence.lost();
}

std::uint64_t lost_records(Protocol protocol, const decode::SequenceCounts& sequence) {
  return records_are_numbered(protocol) ? sequence.lost() : estimated(sequence);
}

std::uint64_t share_out(std::uint64_t drops, std::span<DropClaim> claims) {
  while (drops > 0) {
    const std::uint64_t given = share_once(drops, claims);
    if (given == 0) break;
    drops -= given;
  }
  // What rounding left: one each, to those with the most traffic first.
  std::vector<DropClaim*> open;
  for (DropClaim& claim : claims)
    if (claim.share < claim.missing) open.push_back(&claim);
  std::ranges::stable_sort(open, std::ranges::greater{}, &DropClaim::traffic);
  while (drops > 0 && !open.empty()) {
    for (DropClaim* claim : open)
      if (drops > 0) ++claim->share, --drops;
    std::erase_if(open, [](const DropClaim* claim) { return claim->share >= claim->missing; });
  }
  return drops;
}

std::vector<KernelDrops::SocketClaims> KernelDrops::collect_claims(const decode::ExporterTable& exporters) {
  std::vector<SocketClaims> sockets(booked_.size());
  exporters.for_each([&](decode::Exporter& exporter) {
    for (decode::SocketTraffic& traffic : exporter.traffic) {
      if (traffic.socket >= sockets.size()) continue;
      decode::ExporterCounters& counters = exporter.counters_of(traffic.protocol);
      const std::uint64_t lost = lost_datagrams(traffic.protocol, counters.sequence);
      // What came late after all was not dropped.
      if (counters.kernel_drops > lost) {
        unshared_[traffic.socket] += counters.kernel_drops - lost;
        counters.kernel_drops = lost;
      }
      if (const std::uint64_t missing = lost - counters.kernel_drops) {
        sockets[traffic.socket].claims.push_back({traffic.datagrams - traffic.shared + missing, missing, 0});
        sockets[traffic.socket].owners.push_back({&exporter, traffic.protocol});
      }
      traffic.shared = traffic.datagrams;
    }
  });
  return sockets;
}

void KernelDrops::update(std::span<const std::uint64_t> drops, const decode::ExporterTable& exporters) {
  const std::lock_guard lock(mutex_);
  for (std::size_t i = 0; i < booked_.size(); ++i) {
    unshared_[i] += drops[i] - booked_[i];
    booked_[i] = drops[i];
  }
  if (std::ranges::all_of(booked_, [](std::uint64_t n) { return n == 0; })) return;

  auto sockets = collect_claims(exporters);
  struct Share {
    std::size_t socket;
    Protocol protocol;
    std::uint64_t datagrams;
  };
  std::unordered_multimap<const decode::Exporter*, Share> shares;
  for (std::size_t i = 0; i < sockets.size(); ++i) {
    if (unshared_[i] == 0) continue;
    share_out(unshared_[i], sockets[i].claims);
    for (std::size_t c = 0; c < sockets[i].claims.size(); ++c)
      if (const std::uint64_t n = sockets[i].claims[c].share)
        shares.emplace(sockets[i].owners[c].exporter, Share{i, sockets[i].owners[c].protocol, n});
  }
  if (shares.empty()) return;
  exporters.for_each([&](decode::Exporter& exporter) {
    const auto [first, last] = shares.equal_range(&exporter);
    for (auto it = first; it != last; ++it) {
      const Share& share = it->second;
      decode::ExporterCounters& counters = exporter.counters_of(share.protocol);
      // An exporter that is heard at two sockets claimed the same at both.
      const std::uint64_t lost = lost_datagrams(share.protocol, counters.sequence);
      const std::uint64_t room = lost > counters.kernel_drops ? lost - counters.kernel_drops : 0;
      const std::uint64_t booked = std::min(share.datagrams, room);
      counters.kernel_drops += booked;
      unshared_[share.socket] -= booked;
    }
  });
}

std::uint64_t KernelDrops::unshared(std::size_t socket) const {
  const std::lock_guard lock(mutex_);
  return unshared_[socket];
}

}  // namespace sluice::app
