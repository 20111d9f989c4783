#pragma once
// Sends the datagrams of capture and raw files to a collector, unchanged and in the order of the files.
#include <atomic>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "sluice/flow/address.hpp"
#include "sluice/util/result.hpp"

namespace sluice::source {

struct ReplayOptions {
  std::vector<std::string> files;
  IpAddress target;
  std::uint16_t port = 0;
  double rate = 0;            ///< datagrams per second; 0: as fast as the socket takes them
  double speed = 0;           ///< each file's own timing, this many times as fast; 0: not kept
  std::uint64_t loops = 1;    ///< times all files are played; 0: until stopped
  IpAddress bind = {};        ///< source address; empty: the kernel's choice
  bool per_exporter = false;  ///< loopback only: each original source gets its own 127.0.N.M
  bool everything = false;    ///< every UDP datagram, not only flow export
};

struct ReplayCounts {
  std::uint64_t datagrams = 0;  ///< sent
  std::uint64_t bytes = 0;      ///< of payload
  std::uint64_t refused = 0;    ///< ICMP said that nobody listens
  std::uint64_t too_long = 0;   ///< longer than a UDP datagram can be; not sent
  std::uint64_t skipped = 0;    ///< no flow export
  std::uint64_t truncated = 0;  ///< not whole in the capture; sent as far as they are there
  double seconds = 0;
  std::vector<std::pair<IpAddress, IpAddress>> exporters;  ///< per_exporter: original source, alias
  std::vector<std::string> warnings;                       ///< of the files
};

/// Blocks until all is sent or `stop` is set, which any thread or a signal handler may do; then at most 100
/// ms more. The error is a sentence for the user.
Result<ReplayCounts, std::string> replay(const ReplayOptions& options, const std::atomic<bool>& stop);

}  // namespace sluice::source
