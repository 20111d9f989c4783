#pragma once
// All that is remembered about one exporter between datagrams: its settings, its templates, its sampling
// rates and its counts. One table holds all exporters; every exporter has its own lock, which is never
// contended when datagrams are steered to workers by source address, and which keeps the state right when
// they are not.
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string>
#include <vector>

#include "sluice/decode/connection_table.hpp"
#include "sluice/decode/datagram.hpp"
#include "sluice/decode/held_data.hpp"
#include "sluice/decode/limits.hpp"
#include "sluice/decode/name_table.hpp"
#include "sluice/decode/sampling.hpp"
#include "sluice/decode/sequence.hpp"
#include "sluice/decode/state_budget.hpp"
#include "sluice/decode/template_cache.hpp"
#include "sluice/util/seeded_hash.hpp"

namespace sluice::decode {

/// Sums since the exporter was first seen.
struct ExporterCounters {
  Counts<DecodeCount> counts;
  std::uint64_t sampling_rate = 0;  ///< of the latest flow that had one
  std::array<std::uint64_t, static_cast<std::size_t>(DecodeError::count)> errors{};
  SequenceCounts sequence;
  SampleCounts samples;
  double clock_difference_seconds = 0;  ///< of the latest datagram: its header's time less that of receipt
  bool has_clock = false;               ///< the protocol's header has a time (sFlow's has none)
};

/// Datagrams by socket, since the exporter was first seen.
struct SocketTraffic {
  std::uint16_t socket = 0;  ///< as Datagram has it
  Protocol protocol = Protocol::unknown;
  std::uint64_t datagrams = 0;
};

/// Lets so many pass in a second on average, and so many at once.
class RateGate {
 public:
  explicit RateGate(std::uint32_t per_second) : per_second_(per_second) {}
  bool closed_at_times() const { return per_second_ != 0; }
  /// `now_ns` may go back a little: nothing is added then.
  bool pass(std::uint64_t now_ns);

 private:
  std::uint64_t per_second_;
  std::uint64_t last_ns_ = 0;
  std::uint64_t left_ns_ = kSecondNs;  // of a second's worth; one datagram costs its part of a second

  static constexpr std::uint64_t kSecondNs = 1000000000;
};

/// One exporter. Everything but `key` and the atomics needs `mutex` held.
class Exporter {
 public:
  /// What one costs in the budget before it has taught anything: itself, and what others keep of it (the
  /// table, a worker's reference, its share of kernel drops, its line in the books of sinks).
  static const std::uint64_t kCost;

  /// `budget`, where there is one, has kCost taken from it already; `table` is whom it belongs to then.
  Exporter(const ExporterKey& exporter_key, const ExporterSettings& exporter_settings, const Limits& limits,
           const TimeBounds& time_bounds, UserFieldsPtr user = {},
           std::shared_ptr<HeldPool> held_pool = nullptr, std::shared_ptr<StateBudget> budget = nullptr,
           ExporterTable* table = nullptr);

  const ExporterKey key;
  ExporterSettings settings;
  TimeBounds bounds;
  const UserFieldsPtr user_fields;  ///< may be null
  std::mutex mutex;
  RateGate gate;
  StateAccount account;  ///< of all that follows; before it, so that it outlives them
  TemplateCache templates;
  SamplerTable samplers;
  NameTable names;
  SequenceTracker sequences;
  std::vector<SocketTraffic> traffic;  ///< an entry for each socket and protocol it was seen with
  ConnectionTable connections;
  std::array<ExporterCounters, static_cast<std::size_t>(Protocol::count)> counters{};
  HeldData held;
  /// Other settings from now on, but for `key_with_port`, which is in the key. What was learnt stays.
  void change_settings(ExporterSettings fresh, const TimeBounds& time_bounds);
  ExporterCounters& counters_of(Protocol protocol) { return counters[static_cast<std::size_t>(protocol)]; }
  /// What could not be decoded: what datagrams' reports told, and data that was held and then lost.
  std::uint64_t errors(Protocol protocol, DecodeError error) const;
  /// Grows with all that is learnt of what is kept on disk.
  std::uint64_t changes() const { return templates.changes() + samplers.changes() + names.changes(); }
  std::uint64_t changes_told = 0;  ///< to the table, by ExporterTable::note_changes()
  /// Whose header fills the flow's fields, of a sampled packet in a tunnel.
  Decapsulate decapsulate(const Datagram& datagram) const {
    return settings.decapsulate.value_or(datagram.decapsulate);
  }
  std::atomic<std::uint64_t> first_seen_ns{0};
  std::atomic<std::uint64_t> last_seen_ns{0};
  std::atomic<bool> expired{false};  ///< taken out of the table; a worker's own reference is stale
  /// Transport sessions of it that are open (IPFIX over TCP): what it taught is not sent again within them,
  /// so neither it nor its templates expire.
  std::atomic<std::uint32_t> sessions{0};
  /// A flow of it was decoded. Those who have not come so far are the first to go where room is short.
  std::atomic<bool> proven{false};
  /// Forgets the templates that no data came for, or all that it taught; for want of room, and counted so.
  /// Returns how many things went.
  std::size_t evict(bool unused_alone);

 private:
  void count_evicted(Protocol protocol, std::size_t things);
  static TimeBounds bounds_of(const ExporterSettings& settings, const TimeBounds& others);
};

/// The one table of exporters. All functions may be called by any thread.
class ExporterTable {
 public:
  /// Settings for an address; called once for each new exporter, and at change_settings(). Any thread.
  using SettingsOf = std::function<ExporterSettings(const IpAddress&)>;

  /// `user_fields`: what configuration adds to the message; may be null.
  ExporterTable(Limits limits, TimeBounds bounds, SettingsOf settings_of = {},
                UserFieldsPtr user_fields = {});

  /// How the exporter of a datagram is called: by its source address, with the port where the settings for
  /// the address say so.
  ExporterKey key_of(const IpAddress& address, std::uint16_t port) const;
  /// The exporter, made on first sight; nullptr when the table is full, or the budget (counted in
  /// `refused()`).
  std::shared_ptr<Exporter> find_or_add(const ExporterKey& key, std::uint64_t now_ns);
  /// Asks for the settings of all exporters again; returns for how many they are others now.
  std::size_t change_settings();
  /// Removes exporters and templates that were not seen for their timeout; returns how many exporters went.
  /// Their keys are appended to `gone` where one is given.
  std::size_t expire(std::uint64_t now_ns, std::vector<ExporterKey>* gone = nullptr);
  /// Gives up held data whose time is over; returns how many sets. Cheap where nothing is due.
  std::size_t expire_held(std::uint64_t now_ns);
  /// For the exporter (whose lock is held; null: one that is about to be made) to take so many bytes of the
  /// budget, which is used up. In this order, and no further than needed:
  ///   1. exporters that no flow was ever decoded of go with all that is theirs, the largest first;
  ///   2. those that have more than their share, an equal part for each, lose the templates that no data came
  ///      for;
  ///   3. the largest of them lose all that they taught, for one that has less than its share and has proven.
  /// False: there was nothing to be had. An exporter whose lock another thread has is passed over.
  bool make_room(Exporter* asking, std::uint64_t bytes);
  /// The process got no memory, long before the budget was used up: those of whom no flow was decoded go, as
  /// many as have an eighth of what is used.
  void memory_is_short();
  const StateBudget& budget() const { return *budget_; }
  /// Grows when make_room() took exporters out of the table: references to them keep their memory.
  std::uint64_t evictions() const { return evictions_.load(std::memory_order_relaxed); }
  /// Tells the table what changed in the exporter, whose lock is held; once a datagram.
  void note_changes(Exporter& exporter) {
    const std::uint64_t now = exporter.changes();
    if (now == exporter.changes_told) [[likely]]
      return;
    exporter.changes_told = now;
    changes_.fetch_add(1, std::memory_order_release);
  }
  /// Grows when templates, sampling rates or names of any exporter have changed.
  std::uint64_t changes() const { return changes_.load(std::memory_order_acquire); }
  /// All of them, for work that takes each exporter's lock by itself.
  std::vector<std::shared_ptr<Exporter>> all() const;
  void for_each(
      const std::function<void(Exporter&)>& visit) const;  ///< takes each exporter's lock for the visit
  std::size_t size() const;
  std::uint64_t refused() const { return refused_.load(std::memory_order_relaxed); }
  std::uint64_t expired_exporters() const { return expired_.load(std::memory_order_relaxed); }
  const Limits& limits() const { return limits_; }
  /// What is held for all exporters together, and what was, by protocol.
  const HeldPool& held() const { return *held_; }

 private:
  const Limits limits_;
  const TimeBounds bounds_;
  const SettingsOf settings_of_;
  const UserFieldsPtr user_fields_;
  using Exporters = SeededMap<ExporterKey, std::shared_ptr<Exporter>>;
  using Candidates = std::vector<std::shared_ptr<Exporter>>;
  Candidates candidates(bool proven, std::uint64_t more_than, const Exporter* but) const;
  /// False where a flow was decoded of it, or another thread has its lock.
  static bool forget_unproven(Exporter& exporter);
  // Both return how many things or exporters went.
  std::size_t evict_unproven(const Exporter* asking, std::uint64_t goal);
  std::size_t evict_from_proven(Exporter* asking, std::uint64_t bytes, std::uint64_t goal);
  void refuse() { refused_.fetch_add(1, std::memory_order_relaxed); }

  const std::shared_ptr<HeldPool> held_;
  const std::shared_ptr<StateBudget> budget_;
  std::mutex room_mutex_;  // one at a time makes room; taken with an exporter's lock held, never the reverse
  // By who asks (see make_room()): times to refuse before room is looked for again.
  std::array<std::uint32_t, 3> in_vain_{};
  std::atomic<std::uint64_t> evictions_{0};
  mutable std::shared_mutex mutex_;
  Exporters exporters_;
  std::atomic<std::uint64_t> refused_{0};
  std::atomic<std::uint64_t> expired_{0};
  std::atomic<std::uint64_t> changes_{0};
};

}  // namespace sluice::decode
