#pragma once
// One exporter: what it sends next, and when templates and counters are due.
#include <optional>

#include "generate/datagram_writer.hpp"
#include "generate/faults.hpp"
#include "generate/generate.hpp"
#include "generate/population.hpp"

namespace sluice::generate {

/// Largest UDP payload over IPv4.
inline constexpr std::size_t kMaxPayload = 65507;
/// What a datagram is filled to where the user says nothing: fits every path, tunnels too.
inline constexpr std::size_t kUsualPayload = 1400;

/// How many flows go into a datagram by these options; 0 where not even one fits into kMaxPayload.
std::uint32_t flows_per_datagram(const Options& options);

/// The next datagram.
struct Made {
  Written written;
  std::uint32_t sequence = 0;
  std::span<const FlowRecord> flows;  ///< in it; until the next call
  Fault fault = Fault::none;
  std::uint32_t delay = 0;     ///< of a late one: how many leave before it
  std::uint64_t untold = 0;    ///< flows whose template was not sent before
  bool after_restart = false;  ///< the first one of a new count
};

class MockExporter {
 public:
  /// `flows`: how many it sends in all; nothing for no end.
  MockExporter(const Options& options, std::uint32_t index, std::shared_ptr<const Population> population,
               std::uint64_t start_ns, std::optional<std::uint64_t> flows);

  bool done() const { return left_ && *left_ == 0; }
  /// One datagram of flows more, which is without faults, and it is done.
  void end_after_one() { left_ = flows_.size(); }
  /// Writes what is due at `now_ns`: templates, counters, or flows.
  Made next(std::uint64_t now_ns, std::span<std::byte> room);
  /// The flows of the next datagram without the datagram.
  Made next_flows(std::uint64_t now_ns);

  const Identity& identity() const { return identity_; }

 private:
  Identity make_identity(std::uint64_t start_ns, std::uint32_t index) const;
  std::span<const FlowRecord> draw_flows(std::uint64_t now_ns);
  std::size_t draw_ipv6(std::size_t flows);
  bool announcement_due(std::uint64_t now_ns) const;
  Made announcement(std::uint64_t now_ns, std::span<std::byte> room);
  Made counters(std::uint64_t now_ns, std::span<std::byte> room);
  Made flows(std::uint64_t now_ns, std::span<std::byte> room);
  bool edge_of_count() const;
  std::uint64_t untold(std::span<const FlowRecord> flows) const;
  void restart(std::uint64_t now_ns);

  const Options& options_;
  FlowSource source_;
  Identity identity_;
  std::unique_ptr<DatagramWriter> writer_;
  Faults faults_;
  std::optional<std::uint64_t> left_;
  std::vector<FlowRecord> flows_;
  const double ipv6_share_;
  std::size_t ipv6_now_ = 0;      // IPv6 flows of a full datagram just now
  std::uint32_t same_shape_ = 0;  // datagrams that ipv6_now_ still holds for
  const std::uint64_t templates_from_ns_;
  bool announced_ = false;
  bool ever_announced_ = false;
  std::uint64_t announced_ns_ = 0;
  std::uint32_t since_announced_ = 0;  // datagrams
  std::uint64_t next_counters_ns_ = 0;
  std::uint32_t since_restart_ = 0;  // datagrams of flows
  bool restarted_ = false;           // and nothing made since
};

}  // namespace sluice::generate
