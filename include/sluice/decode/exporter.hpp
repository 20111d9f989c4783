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
#include <unordered_map>
#include <vector>

#include "sluice/decode/connection_table.hpp"
#include "sluice/decode/datagram.hpp"
#include "sluice/decode/held_data.hpp"
#include "sluice/decode/limits.hpp"
#include "sluice/decode/name_table.hpp"
#include "sluice/decode/sampling.hpp"
#include "sluice/decode/sequence.hpp"
#include "sluice/decode/template_cache.hpp"

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

/// One exporter. Everything but `key` and the atomics needs `mutex` held.
class Exporter {
 public:
  Exporter(const ExporterKey& exporter_key, const ExporterSettings& exporter_settings, const Limits& limits,
           const TimeBounds& time_bounds, UserFieldsPtr user = {},
           std::shared_ptr<HeldPool> held_pool = nullptr)
      : key(exporter_key),
        settings(exporter_settings),
        bounds(bounds_of(exporter_settings, time_bounds)),
        user_fields(std::move(user)),
        templates(limits, user_fields, settings.post_counters_reverse),
        samplers(limits.max_samplers),
        names(limits.max_names),
        sequences(limits.max_streams),
        connections(limits.max_connections),
        held(limits, std::move(held_pool)) {}

  const ExporterKey key;
  ExporterSettings settings;
  TimeBounds bounds;
  const UserFieldsPtr user_fields;  ///< may be null
  std::mutex mutex;
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

 private:
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
  /// The exporter, made on first sight; nullptr when the table is full (counted in `refused()`).
  std::shared_ptr<Exporter> find_or_add(const ExporterKey& key, std::uint64_t now_ns);
  /// Asks for the settings of all exporters again; returns for how many they are others now.
  std::size_t change_settings();
  /// Removes exporters and templates that were not seen for their timeout; returns how many exporters went.
  /// Their keys are appended to `gone` where one is given.
  std::size_t expire(std::uint64_t now_ns, std::vector<ExporterKey>* gone = nullptr);
  /// Gives up held data whose time is over; returns how many sets. Cheap where nothing is due.
  std::size_t expire_held(std::uint64_t now_ns);
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
  const std::shared_ptr<HeldPool> held_;
  mutable std::shared_mutex mutex_;
  std::unordered_map<ExporterKey, std::shared_ptr<Exporter>> exporters_;
  std::atomic<std::uint64_t> refused_{0};
  std::atomic<std::uint64_t> expired_{0};
  std::atomic<std::uint64_t> changes_{0};
};

}  // namespace sluice::decode
