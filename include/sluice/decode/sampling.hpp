#pragma once
// What options data said about how to read the flows of a stream: sampling rates by sampler, and when the
// box's sysUpTime was 0. Bounded. Guarded by the exporter's lock.
#include <cstdint>
#include <unordered_map>

#include "sluice/decode/datagram.hpp"

namespace sluice::decode {

class SamplerTable {
 public:
  explicit SamplerTable(std::uint32_t max_entries) : max_entries_(max_entries) {}

  /// Remembers 1 in `rate` for the sampler (IE 48 or 302; 0 where the options name none). False when full.
  bool learn(Protocol version, std::uint32_t domain, std::uint64_t sampler, std::uint64_t rate);
  /// The rate for a flow that names `sampler` (or none): that sampler's, else sampler 0's, else that of the
  /// only sampler known in the domain; 0 where nothing is known.
  std::uint64_t rate_of(Protocol version, std::uint32_t domain, bool named, std::uint64_t sampler) const;
  /// Milliseconds of Unix time (IE 160); 0 where options data never said it. Some boxes send it once, apart
  /// from the flows that need it.
  void set_system_init_ms(Protocol version, std::uint32_t domain, std::uint64_t ms);
  std::uint64_t system_init_ms(Protocol version, std::uint32_t domain) const;
  std::size_t size() const { return entries_; }

 private:
  struct Domain {
    std::unordered_map<std::uint64_t, std::uint64_t> rate_by_sampler;
    std::uint64_t system_init_ms = 0;
  };
  static std::uint64_t key(Protocol version, std::uint32_t domain) {
    return static_cast<std::uint64_t>(version) << 32 | domain;
  }
  Domain* domain_of(Protocol version, std::uint32_t domain);

  std::unordered_map<std::uint64_t, Domain>
      domains_;  // an entry for each domain and each rate, max_entries_ in all
  std::uint32_t max_entries_;
  std::uint32_t entries_ = 0;
};

}  // namespace sluice::decode
