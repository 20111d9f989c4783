#pragma once
// What the kernel dropped at a socket has no exporter's name on it. It is shared out among the exporters of
// the socket by their traffic, to nobody more than its own sequence numbers say is missing: so that for each
// exporter what it lost is what the network lost and its share, exactly. What nobody's numbers show stays
// with the socket.
#include <array>
#include <cstdint>
#include <deque>
#include <mutex>
#include <span>
#include <vector>

#include "sluice/decode/exporter.hpp"
#include "sluice/util/seeded_hash.hpp"

namespace sluice::app {

/// One who may have lost something at a socket.
struct DropClaim {
  std::uint64_t traffic = 0;  ///< what it sent lately
  std::uint64_t missing = 0;  ///< at most so many are its
  std::uint64_t share = 0;    ///< result
};

/// What is shared out of a socket's drops: to those whose numbers show that something is missing, and what is
/// left to those whose numbers cannot tell, since templates were missing.
enum class DropKind : std::uint8_t { shown, unconfirmed };

/// Shares whole datagrams out by traffic, as far as claims go; returns what is left over.
std::uint64_t share_out(std::uint64_t drops, std::span<DropClaim> claims);

/// Datagrams by protocol.
using ByProtocol = std::array<std::uint64_t, static_cast<std::size_t>(decode::Protocol::count)>;

/// What was shared out, kept here by exporter. Any thread, but none that holds an exporter's lock.
class KernelDrops {
 public:
  explicit KernelDrops(std::size_t sockets) : drops_(sockets), unshared_(sockets) {}

  /// Books what came since the last time to the exporters. `drops`: of each socket, since it was opened.
  /// Exporters that have left the table are forgotten.
  void update(std::span<const std::uint64_t> drops, const decode::ExporterTable& exporters);
  /// The exporters' shares so far; only of those that have one.
  SeededMap<ExporterKey, ByProtocol> shares() const;
  /// Once a second. What numbers have not shown for half a minute they will not show: from the next update()
  /// on it is shared out as unconfirmed.
  void tick();
  /// The exporters' shares of what their numbers neither show nor rule out: as shares(). Never less than
  /// before.
  SeededMap<ExporterKey, ByProtocol> unconfirmed() const;
  /// Of the socket's drops, those that are booked to nobody.
  std::uint64_t unshared(std::size_t socket) const;

 private:
  /// One exporter's, since it was first seen.
  struct Book {
    std::uint64_t first_seen_ns = 0;  ///< tells it from one that had the key before
    std::uint64_t round = 0;          ///< of update(), in which it was last seen
    ByProtocol share{};
    ByProtocol unconfirmed{};
    std::vector<std::uint64_t> shared_by{};  ///< datagrams that were shared by so far, as Exporter::traffic
  };
  struct SocketClaims {
    struct Owner {
      ExporterKey exporter;
      decode::Protocol protocol;
    };
    struct Claims {
      std::vector<DropClaim> claims;
      std::vector<Owner> owners;  // of the claims
    };
    Claims shown, unconfirmed;
  };
  struct Share {
    std::size_t socket;
    decode::Protocol protocol;
    std::uint64_t datagrams;
    DropKind kind;
  };
  using Shares = SeededMultimap<ExporterKey, Share>;

  Book& book_of(const decode::Exporter& exporter);
  void claim(const decode::Exporter& exporter, std::vector<SocketClaims>& sockets);
  std::vector<SocketClaims> collect_claims(const decode::ExporterTable& exporters);
  Shares share_unshared(std::vector<SocketClaims>& sockets) const;
  std::uint64_t never_shown(std::size_t socket) const;
  SeededMap<ExporterKey, ByProtocol> each(ByProtocol Book::* share) const;
  void book(decode::Exporter& exporter, const Share& share);

  mutable std::mutex mutex_;
  std::uint64_t round_ = 0;
  std::vector<std::uint64_t> drops_;  // of each socket, seen so far
  std::vector<std::uint64_t> unshared_;
  std::deque<std::vector<std::uint64_t>> unshared_before_;  // the same at the latest ticks
  SeededMap<ExporterKey, Book> books_;
};

/// Datagrams that the exporter's numbers say did not come: exact where datagrams are numbered, else an
/// estimate from the records that are missing.
std::uint64_t lost_datagrams(decode::Protocol protocol, const decode::SequenceCounts& sequence);
/// Likewise records.
std::uint64_t lost_records(decode::Protocol protocol, const decode::SequenceCounts& sequence);
bool records_are_numbered(decode::Protocol protocol);

}  // namespace sluice::app
