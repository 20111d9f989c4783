#pragma once
// Asks devices for their interfaces by SNMP, on one thread of its own, and publishes what they answer as an
// immutable snapshot. Who needs names never waits: it reads the snapshot, says which exporters it meets
// (want()) and which interfaces it did not find (missing()). A device that does not answer keeps the names
// of its last good answer.
#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "net/wait.hpp"
#include "sluice/util/byte_reader.hpp"
#include "snmp/counts.hpp"
#include "snmp/interfaces.hpp"
#include "snmp/poll.hpp"
#include "snmp/settings.hpp"
#include "util/guarded.hpp"
#include "util/log_sink.hpp"

namespace sluice::snmp {

struct DeviceStats {
  Standing standing = Standing::waiting;
  Counts<DeviceCount> counts;
  std::uint64_t answered_ns = 0;  ///< Unix time of the latest good answer; 0: none
};

struct Stats {
  bool on = false;
  Counts<PollerCount> counts;
  std::map<IpAddress, DeviceStats> devices;  ///< by exporter
};

/// One in a process: the library behind it is global. Made, changed and ended by one thread.
class Poller {
 public:
  /// Without devices it has no thread, and the library is left alone. `log` outlives it.
  explicit Poller(LogFn log);
  ~Poller();
  Poller(const Poller&) = delete;
  Poller& operator=(const Poller&) = delete;

  /// From state.file, before the first change(); false where the bytes are none or there is no room.
  bool restore(Bytes message, const Settings& settings, std::uint64_t now_ns);
  /// Takes settings; begins, or ends, with the first and the last device. What is under way is broken off;
  /// devices whose settings are others than before are asked at once.
  void change(const Settings& settings);
  void stop();

  // Any thread.

  /// Flows of this exporter arrive. Cheap, but not for each datagram: see View.
  void want(const IpAddress& exporter) { wish({exporter, 0}); }
  /// A flow of this exporter names an interface that the snapshot does not have.
  void missing(const IpAddress& exporter, std::uint32_t if_index) { wish({exporter, if_index}); }
  bool on() const { return on_.load(std::memory_order_relaxed); }
  /// Another number for another snapshot, and now and then for the same one, so that exporters are wanted
  /// again.
  std::uint64_t version() const { return version_.load(std::memory_order_acquire); }
  std::shared_ptr<const Snapshot> snapshot() const { return snapshot_.load(std::memory_order_acquire); }
  Stats stats() const;
  /// Changes of what is kept in state.file.
  std::uint64_t changes() const { return changes_.load(std::memory_order_acquire); }

 private:
  struct Wish {
    IpAddress exporter;
    std::uint32_t if_index = 0;  // 0: the exporter itself
  };
  struct Known;
  struct Plan;
  class Round;

  void wish(Wish one);
  void publish();

  const LogFn log_;
  std::atomic<bool> on_{false};
  std::atomic<bool> stop_{false};
  std::atomic<std::uint64_t> version_{0};
  std::atomic<std::uint64_t> changes_{0};
  std::atomic<std::shared_ptr<const Snapshot>> snapshot_{std::make_shared<const Snapshot>()};
  Guarded<std::vector<Wish>> wishes_;
  std::atomic<std::uint64_t> refused_{0};
  std::uint64_t restored_ = 0;
  std::uint64_t restored_bytes_ = 0;
  Guarded<Stats> stats_;
  Settings settings_;
  net::WakeUp wake_;
  std::map<IpAddress, std::unique_ptr<Known>> known_;  // the thread's, and the owner's while there is none
  std::thread thread_;
};

}  // namespace sluice::snmp
