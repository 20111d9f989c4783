#pragma once
// What options data said about how to read the flows of a stream: sampling rates by sampler, and when the
// box's sysUpTime was 0. Bounded. Guarded by the exporter's lock.
#include <cstdint>
#include <functional>

#include "sluice/decode/datagram.hpp"
#include "sluice/decode/state_budget.hpp"
#include "sluice/util/seeded_hash.hpp"

namespace sluice::decode {

class SamplerTable {
 public:
  /// `account` outlives the table and may be null.
  explicit SamplerTable(std::uint32_t max_entries, StateAccount* account = nullptr)
      : account_(account), max_entries_(max_entries) {}

  /// Remembers 1 in `rate` for the sampler (IE 48 or 302; 0 where the options name none). False when full.
  bool learn(const Domain& domain, std::uint64_t sampler, std::uint64_t rate);
  /// The rate for a flow that names `sampler` (or none): that sampler's, else sampler 0's, else that of the
  /// only sampler known in the domain; 0 where nothing is known.
  std::uint64_t rate_of(const Domain& domain, bool named, std::uint64_t sampler) const;
  /// Milliseconds of Unix time (IE 160); 0 where options data never said it. Some boxes send it once, apart
  /// from the flows that need it.
  void set_system_init_ms(const Domain& domain, std::uint64_t ms);
  std::uint64_t system_init_ms(const Domain& domain) const;
  std::size_t size() const { return entries_; }
  /// Whether it is its own bound that learn() met, and not that of the account.
  bool full() const { return entries_ >= max_entries_ || domains_.size() >= max_entries_; }
  /// Forgets everything; returns how many rates and times went.
  std::size_t clear();

  bool empty() const { return domains_.empty(); }

  // The same for what was kept on disk; it counts in restored() until the exporter says it again.
  bool restore_rate(const Domain& domain, std::uint64_t sampler, std::uint64_t rate);
  bool restore_system_init_ms(const Domain& domain, std::uint64_t ms);
  std::size_t restored() const { return restored_; }
  /// Grows with all that is learnt and was not known so; tells a writer whether there is anything to write.
  std::uint64_t changes() const { return changes_; }
  // All of it, in no order.
  void for_each_rate(
      const std::function<void(const Domain&, std::uint64_t sampler, std::uint64_t rate)>& visit) const;
  void for_each_system_init(const std::function<void(const Domain&, std::uint64_t ms)>& visit) const;

 private:
  /// A rate, or a time, and whether it is only known from disk.
  struct Known {
    std::uint64_t value = 0;
    bool restored = false;
  };
  struct Facts {
    SeededMap<std::uint64_t, Known> rate_by_sampler;
    Known system_init_ms;
  };
  void set(Known& known, std::uint64_t value, bool from_disk);
  bool put_rate(const Domain& domain, std::uint64_t sampler, std::uint64_t rate, bool from_disk);
  static std::uint64_t key(const Domain& domain) {
    return static_cast<std::uint64_t>(domain.version) << 32 | domain.id;
  }
  static Domain domain_of(std::uint64_t key) {
    return {static_cast<Protocol>(key >> 32), static_cast<std::uint32_t>(key)};
  }
  Facts* facts_of(const Domain& domain);

  using Domains = SeededMap<std::uint64_t, Facts>;
  static std::uint64_t domain_cost();
  static std::uint64_t rate_cost();

  StateAccount* const account_;
  Domains domains_;  // an entry for each domain and each rate, max_entries_ in all
  std::uint32_t max_entries_;
  std::uint32_t entries_ = 0;
  std::uint64_t changes_ = 0;
  std::size_t restored_ = 0;
};

}  // namespace sluice::decode
