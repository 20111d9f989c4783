#pragma once
// What the kernel dropped at a socket has no exporter's name on it. It is shared out among the exporters of
// the socket by their traffic, to nobody more than its own sequence numbers say is missing: so that for each
// exporter what it lost is what the network lost and its share, exactly. What nobody's numbers show stays
// with the socket.
#include <cstdint>
#include <mutex>
#include <span>
#include <vector>

#include "sluice/decode/exporter.hpp"

namespace sluice::app {

/// One who may have lost something at a socket.
struct DropClaim {
  std::uint64_t traffic = 0;  ///< what it sent lately
  std::uint64_t missing = 0;  ///< at most so many are its
  std::uint64_t share = 0;    ///< result
};

/// Shares whole datagrams out by traffic, as far as claims go; returns what is left over.
std::uint64_t share_out(std::uint64_t drops, std::span<DropClaim> claims);

/// Any thread.
class KernelDrops {
 public:
  explicit KernelDrops(std::size_t sockets) : booked_(sockets), unshared_(sockets) {}

  /// Books what came since the last time to the exporters' `kernel_drops`. `drops`: of each socket, since it
  /// was opened.
  void update(std::span<const std::uint64_t> drops, const decode::ExporterTable& exporters);
  /// Of the socket's drops, those that are booked to nobody.
  std::uint64_t unshared(std::size_t socket) const;

 private:
  struct SocketClaims {
    struct Owner {
      const decode::Exporter* exporter;
      decode::Protocol protocol;
    };
    std::vector<DropClaim> claims;
    std::vector<Owner> owners;  // of the claims
  };
  std::vector<SocketClaims> collect_claims(const decode::ExporterTable& exporters);

  mutable std::mutex mutex_;
  std::vector<std::uint64_t> booked_;
  std::vector<std::uint64_t> unshared_;
};

/// Datagrams that the exporter's numbers say did not come: exact where datagrams are numbered, else an
/// estimate from the records that are missing.
std::uint64_t lost_datagrams(decode::Protocol protocol, const decode::SequenceCounts& sequence);
/// Likewise records.
std::uint64_t lost_records(decode::Protocol protocol, const decode::SequenceCounts& sequence);
bool records_are_numbered(decode::Protocol protocol);

}  // namespace sluice::app
