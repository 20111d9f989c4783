#include "app/kernel_drops.hpp"

#include <algorithm>
#include <cmath>

namespace sluice::app {
namespace {

using decode::Protocol;

std::uint64_t estimated(const decode::SequenceCounts& sequence) {
  return static_cast<std::uint64_t>(std::llround(std::max(0.0, sequence.estimate)));
}

/// Ticks that what the kernel dropped waits for the exporters' next datagrams to show whose it was.
constexpr std::size_t kPatience = 30;

/// Datagrams that may be behind the numbers of which nobody knows what became: one for each at most.
std::uint64_t unknown_at_most(const decode::SequenceCounts& sequence) {
  return sequence.unknown - std::min(sequence.unknown, sequence.recovered);
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

KernelDrops::Book& KernelDrops::book_of(const decode::Exporter& exporter) {
  Book& book = books_[exporter.key];
  const std::uint64_t first_seen_ns = exporter.first_seen_ns.load(std::memory_order_relaxed);
  if (book.first_seen_ns != first_seen_ns) book = {.first_seen_ns = first_seen_ns};
  book.round = round_;
  book.shared_by.resize(exporter.traffic.size());  // entries are only ever added
  return book;
}

void KernelDrops::claim(const decode::Exporter& exporter, std::vector<SocketClaims>& sockets) {
  Book& book = book_of(exporter);
  for (std::size_t i = 0; i < exporter.traffic.size(); ++i) {
    const decode::SocketTraffic& traffic = exporter.traffic[i];
    if (traffic.socket >= sockets.size()) continue;
    const auto protocol = static_cast<std::size_t>(traffic.protocol);
    const std::uint64_t lost = lost_datagrams(traffic.protocol, exporter.counters[protocol].sequence);
    std::uint64_t& share = book.share[protocol];
    // What came late after all was not dropped.
    if (share > lost) {
      unshared_[traffic.socket] += share - lost;
      share = lost;
    }
    SocketClaims& socket = sockets[traffic.socket];
    const std::uint64_t lately = traffic.datagrams - book.shared_by[i];
    if (const std::uint64_t missing = lost - share) {
      socket.shown.claims.push_back({lately + missing, missing, 0});
      socket.shown.owners.push_back({exporter.key, traffic.protocol});
    }
    if (const std::uint64_t maybe = unknown_at_most(exporter.counters[protocol].sequence);
        maybe > book.unconfirmed[protocol] && records_are_numbered(traffic.protocol)) {
      socket.unconfirmed.claims.push_back({lately + 1, maybe - book.unconfirmed[protocol], 0});
      socket.unconfirmed.owners.push_back({exporter.key, traffic.protocol});
    }
    book.shared_by[i] = traffic.datagrams;
  }
}

std::vector<KernelDrops::SocketClaims> KernelDrops::collect_claims(const decode::ExporterTable& exporters) {
  std::vector<SocketClaims> sockets(drops_.size());
  ++round_;
  exporters.for_each([&](const decode::Exporter& exporter) { claim(exporter, sockets); });
  std::erase_if(books_, [this](const auto& entry) { return entry.second.round != round_; });
  return sockets;
}

KernelDrops::Shares KernelDrops::share_unshared(std::vector<SocketClaims>& sockets) const {
  Shares out;
  for (std::size_t i = 0; i < sockets.size(); ++i) {
    std::uint64_t left = unshared_[i];
    for (const DropKind kind : {DropKind::shown, DropKind::unconfirmed}) {
      if (left == 0) break;
      auto& [claims, owners] = kind == DropKind::shown ? sockets[i].shown : sockets[i].unconfirmed;
      left = share_out(kind == DropKind::shown ? left : std::min(left, never_shown(i)), claims);
      for (std::size_t c = 0; c < claims.size(); ++c)
        if (const std::uint64_t n = claims[c].share)
          out.emplace(owners[c].exporter, Share{i, owners[c].protocol, n, kind});
    }
  }
  return out;
}

std::uint64_t KernelDrops::never_shown(std::size_t socket) const {
  if (unshared_before_.size() < kPatience) return 0;
  std::uint64_t least = unshared_[socket];
  for (const auto& before : unshared_before_) least = std::min(least, before[socket]);
  return least;
}

void KernelDrops::tick() {
  const std::lock_guard lock(mutex_);
  unshared_before_.push_back(unshared_);
  if (unshared_before_.size() > kPatience) unshared_before_.pop_front();
}

void KernelDrops::book(decode::Exporter& exporter, const Share& share) {
  // An exporter that is heard at two sockets claimed the same at both.
  const decode::SequenceCounts& sequence = exporter.counters_of(share.protocol).sequence;
  const bool shown = share.kind == DropKind::shown;
  const std::uint64_t lost = shown ? lost_datagrams(share.protocol, sequence) : unknown_at_most(sequence);
  Book& book = book_of(exporter);
  std::uint64_t& so_far = (shown ? book.share : book.unconfirmed)[static_cast<std::size_t>(share.protocol)];
  const std::uint64_t room = lost > so_far ? lost - so_far : 0;
  const std::uint64_t booked = std::min(share.datagrams, room);
  so_far += booked;
  unshared_[share.socket] -= booked;
}

void KernelDrops::update(std::span<const std::uint64_t> drops, const decode::ExporterTable& exporters) {
  const std::lock_guard lock(mutex_);
  for (std::size_t i = 0; i < drops_.size(); ++i) {
    unshared_[i] += drops[i] - drops_[i];
    drops_[i] = drops[i];
  }
  if (std::ranges::all_of(drops_, [](std::uint64_t n) { return n == 0; })) return;

  auto sockets = collect_claims(exporters);
  const Shares shares = share_unshared(sockets);
  if (shares.empty()) return;
  exporters.for_each([&](decode::Exporter& exporter) {
    const auto [first, last] = shares.equal_range(exporter.key);
    for (auto it = first; it != last; ++it) book(exporter, it->second);
  });
}

SeededMap<ExporterKey, ByProtocol> KernelDrops::each(ByProtocol Book::* share) const {
  const std::lock_guard lock(mutex_);
  SeededMap<ExporterKey, ByProtocol> out;
  for (const auto& [key, book] : books_)
    if (std::ranges::any_of(book.*share, [](std::uint64_t n) { return n > 0; }))
      out.emplace(key, book.*share);
  return out;
}

SeededMap<ExporterKey, ByProtocol> KernelDrops::shares() const { return each(&Book::share); }
SeededMap<ExporterKey, ByProtocol> KernelDrops::unconfirmed() const { return each(&Book::unconfirmed); }

std::uint64_t KernelDrops::unshared(std::size_t socket) const {
  const std::lock_guard lock(mutex_);
  return unshared_[socket];
}

}  // namespace sluice::app
