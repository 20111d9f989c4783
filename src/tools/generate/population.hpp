#pragma once
// Who talks to whom: networks with AS numbers and prefixes, hosts, services, and pairs of them of which few
// talk much (Zipf). And one exporter's view of it: an endless row of flows. All of it follows from the seed.
#include <memory>
#include <vector>

#include "sluice/flow/record.hpp"

namespace sluice::generate {

/// xoshiro256**: the same numbers everywhere, unlike the distributions of the standard library.
class Random {
 public:
  explicit Random(std::uint64_t seed);
  std::uint64_t operator()() {
    const std::uint64_t result = rotate(state_[1] * 5, 7) * 9;
    const std::uint64_t t = state_[1] << 17;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= t;
    state_[3] = rotate(state_[3], 45);
    return result;
  }
  /// 0 to bound - 1.
  std::uint32_t below(std::uint32_t bound) {
    return static_cast<std::uint32_t>(((*this)() >> 32) * bound >> 32);
  }
  /// 0 to just below 1.
  double share() { return static_cast<double>((*this)() >> 11) * 0x1p-53; }

 private:
  static std::uint64_t rotate(std::uint64_t x, int k) { return x << k | x >> (64 - k); }
  std::uint64_t state_[4];
};

/// The interfaces of an exporter are numbered slots here; each exporter gives them its own ifIndexes.
inline constexpr std::uint32_t kInterfaces = 16;
inline constexpr std::uint32_t kLocalAs = 65010;

/// Immutable once built; shared by exporters, any thread.
class Population {
 public:
  /// One direction of a conversation, with all that does not change from flow to flow.
  struct Direction {
    FlowRecord flow;  ///< in_if and out_if are slots; a port of 0 is the client's, drawn for each flow
    std::uint16_t least_bytes;  ///< of a packet, IP header included
    std::uint16_t more_bytes;   ///< a packet has up to this many more
  };
  Population(std::uint64_t seed, std::uint32_t conversations);

  const Direction& pick(Random& random, bool ipv6) const;
  /// Packets of a flow, heavy-tailed (Pareto): most have one or two, few have hundreds of thousands.
  std::uint32_t packets(Random& random) const;

 private:
  struct Slot {
    std::uint32_t keep;   // of 2^32: how often the slot stands for itself
    std::uint32_t alias;  // else for this one
  };
  std::vector<Slot> zipf_;                // Walker's alias method: a pick costs one look
  std::vector<Direction> directions_[2];  // by family; conversation i at 2i and 2i + 1
  std::vector<std::uint32_t> packets_;    // quantiles
};

/// The flows that one exporter sees.
class FlowSource {
 public:
  FlowSource(std::shared_ptr<const Population> population, std::uint64_t seed, std::uint32_t exporter);

  /// The next flow, ended at `export_time_ns` or up to 16 s before, times in whole milliseconds.
  void flow(FlowRecord& out, bool ipv6, std::uint64_t export_time_ns);
  /// The next sampled packet, as sFlow has it: one packet, `bytes` its frame with 4 bytes of check sequence.
  void packet(FlowRecord& out, bool ipv6, std::uint64_t export_time_ns);
  /// ifIndexes of this exporter.
  std::vector<std::uint32_t> interfaces() const;
  Random& random() { return random_; }

 private:
  const Population::Direction& pick(bool ipv6);
  const Population::Direction& begin(FlowRecord& out, bool ipv6, std::uint64_t bits);

  std::shared_ptr<const Population> population_;
  Random random_;
  std::uint32_t first_interface_;
  const Population::Direction* next_[2];  // by family; picked one flow ahead, while its memory is fetched
};

}  // namespace sluice::generate
