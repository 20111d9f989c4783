#pragma once
// All parts of a running collector and their order of life.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "app/activity.hpp"
#include "app/fd_store.hpp"
#include "app/kernel_drops.hpp"
#include "app/logging.hpp"
#include "app/sink_line.hpp"
#include "bmp/station.hpp"
#include "config/config.hpp"
#include "config/exporter_rules.hpp"
#include "config/reload.hpp"
#include "enrich/names_keeper.hpp"
#include "intake/kafka_reader.hpp"
#include "metrics/snapshot.hpp"
#include "net/admission.hpp"
#include "net/given_sockets.hpp"
#include "sink/sink.hpp"
#include "sluice/decode/exporter.hpp"
#include "snmp/poller.hpp"
#include "state/keeper.hpp"
#include "util/guarded.hpp"
#include "worker/worker.hpp"

namespace sluice::app {

/// Where the sockets of listeners come from that are older than the process, and where they are kept.
struct SocketSource {
  net::GivenSockets given;
  FdStore* store = nullptr;  ///< outlives the call; null: they are not kept
  /// Called when all are open, before anything else is opened or any thread begins. What it throws goes on.
  std::function<void()> opened = {};
};

/// Made by one thread, which alone may call it; in the daemon the main one, which answers HTTP too. stop()
/// alone may be called from another, beside all others, so that HTTP answers until the end.
class Collector {
 public:
  /// Opens sockets and makes sinks and workers; nothing runs but the sinks' threads. Throws SetupError; what
  /// try_out() (trial.hpp) finds is met here too. The log outlives the collector.
  Collector(const config::Config& config, Logging& log, SocketSource sockets = {});
  ~Collector();

  void start();
  /// Within shutdown_timeout, in this order: sources read no more, and what they have read is delivered and
  /// committed; waits for sinks that cannot deliver just now, while all the others go on receiving; ends the
  /// workers; closes the sinks side by side; logs what was delivered and
  /// what was left.
  void stop();
  /// stop() waits for no sink any more, and closes them quickly. Any thread.
  void hurry();
  /// Ends the workers at once, what waits in the sockets stays there, and writes the state file: for another
  /// process, which gets the sockets by their names (as net::kept_name()). stop() still delivers what is
  /// here.
  std::vector<std::pair<std::string, int>> release_sockets();
  /// Takes over what needs no restart of a configuration that is valid, and tells what that is and what does.
  /// Throws, with one sentence for the user, where it cannot; nothing has changed then.
  config::Difference reload(const config::Config& wanted);
  /// In force.
  const config::Config& config() const { return config_; }
  /// SIGHUP: files are closed and opened again.
  void reopen();
  /// Once a second: timeouts, and drops of the kernel are shared out.
  void tick();
  /// Once a second, and not beside stop(): sinks of an earlier configuration that have delivered are put
  /// away.
  void put_former_sinks_away();
  /// A worker ended by an exception; the process cannot go on.
  bool failed() const;
  /// A worker that turns at least once a second has not for five.
  bool stuck() const;
  /// Everything that is shown, now: before start() and after stop() too. Takes each exporter's lock for a
  /// moment.
  metrics::Snapshot snapshot() const;
  /// The few sums of it that the service manager is shown: cheap, no exporter's lock is taken.
  Activity activity() const;

 private:
  struct Listener {
    config::Listener settings;
    std::vector<net::UdpSocket> sockets;  // one for each worker, in worker order; none for TCP
  };
  struct NamedSink {
    std::string name;
    std::shared_ptr<const sink::Settings> settings;
    std::unique_ptr<SinkLine> sink;
  };
  struct NamedSource {
    std::string name;
    std::vector<std::unique_ptr<intake::KafkaReader>> readers;
  };
  using Deadline = std::chrono::steady_clock::time_point;
  static unsigned workers_for(const config::Config& config, const net::GivenSockets& given);
  void open_listeners(SocketSource source);
  void open_udp(std::size_t i, std::vector<net::UdpSocket> begun, const SocketSource& source, bool of_a_unit,
                bool& steered);
  void open_tcp(std::size_t i);
  void open_bmp();
  bool steer(const net::UdpSocket& first, bool taken);
  void close_unwanted(SocketSource& source);
  void tell_received() const;
  void make_sinks();
  void make_workers(const std::vector<worker::OutputTo>& targets);
  void make_sources(const std::vector<worker::OutputTo>& targets);
  void stop_sources(Deadline deadline);
  void join_sources();
  template <class Is>
  bool any_reader(const Is& is) const {
    return std::ranges::any_of(sources_,
                               [&](const NamedSource& one) { return std::ranges::any_of(one.readers, is); });
  }
  std::vector<worker::Inlet> inlets_of(unsigned worker) const;
  void add_worker(worker::Options options, std::vector<worker::Inlet> inlets,
                  const std::vector<worker::OutputTo>& targets);
  void make_sessions();
  static std::vector<std::optional<http::Identity>> read_identities(const config::Config& next);
  void report_end(const Endpoint& peer, worker::SessionEnd why, const std::string& detail);
  void wait_for_sinks(Deadline deadline) const;
  void end_workers(worker::Waiting waiting);
  void tell_failure(const std::exception_ptr& failure);
  void close_sinks(Deadline deadline);
  void log_fate(const std::string& name, const sink::SinkStats& stats);
  using FreshSinks = std::map<std::string, std::unique_ptr<sink::Sink>>;
  FreshSinks make_missing_sinks(const config::Config& next) const;
  worker::OutputTo target_for(const sink::Settings& settings, sink::Sink* to) const;
  void change_workers(const std::vector<worker::OutputTo>& targets, const enrich::Settings& enrich,
                      FreshSinks& fresh);
  enrich::Settings enrich_settings(const config::Config& config);
  void succeed_sinks(const config::Config& next, FreshSinks fresh);
  NamedSink* sink_named(const std::string& name);
  void report_error(const decode::Datagram& datagram, const decode::DecodeReport& report);
  decode::ExporterSettings settings_of(const IpAddress& exporter) const;
  void look_after();
  void expire();
  void share_kernel_drops() const;
  void add_exporter_sinks(const std::set<IpAddress>& with_own_row, metrics::Snapshot& out) const;
  void add_collector(metrics::Snapshot& out) const;
  void add_refused(metrics::Snapshot& out) const;
  void add_listeners(metrics::Snapshot& out) const;
  void add_sessions(metrics::Snapshot& out) const;
  void add_protocols(metrics::Snapshot& out) const;
  void add_exporters(metrics::Snapshot& out) const;
  void add_sources(metrics::Snapshot& out) const;
  void add_sinks(metrics::Snapshot& out) const;
  void add_decode_time(metrics::Snapshot& out) const;
  void add_names(metrics::Snapshot& out) const;
  void add_state(metrics::Snapshot& out) const;
  void add_snmp(metrics::Snapshot& out) const;
  state::Section snmp_section();
  void add_bmp(metrics::Snapshot& out) const;

  config::Config config_;
  Logging& log_;
  const unsigned worker_count_;  // none where there is no listener
  const unsigned writers_;       // workers and readers of sources: whoever hands blocks to sinks
  std::string steering_ = "single";
  double started_seconds_ = 0;
  /// Who may send to which listener, as configured.
  static net::Admission admission_of(const config::Config& config);
  Guarded<config::ExporterRules> rules_;
  std::vector<Listener> listeners_;
  std::vector<NamedSink> sinks_;
  std::vector<NamedSink> leaving_;                    // configured no more, and not done yet
  std::vector<std::unique_ptr<sink::Sink>> orphans_;  // of a reload during which a worker ended
  enrich::NamesKeeper names_;
  const UserFieldsPtr user_fields_;
  decode::ExporterTable exporters_;
  snmp::Poller snmp_;                      ///< runs where enrich.snmp has devices
  std::unique_ptr<state::Keeper> keeper_;  ///< where state.file is set
  net::CurrentAdmission admission_;        // outlives the workers
  std::vector<worker::SessionInlet> tcp_;  // opened, until sessions_ takes them
  /// Of the worker that comes after those of the UDP sockets, where there are TCP listeners.
  std::unique_ptr<worker::Sessions> sessions_;
  std::unique_ptr<bmp::Routes> routes_;  ///< where enrich.bmp.listen is set; outlive station and workers
  std::unique_ptr<bmp::Station> station_;
  std::vector<std::unique_ptr<worker::Worker>> workers_;
  std::vector<NamedSource> sources_;
  mutable std::unique_ptr<KernelDrops> kernel_drops_;  // by socket, listener after listener
  std::uint64_t ticks_ = 0;
  std::atomic<bool> running_{false};  // the workers are
  std::atomic<bool> stopping_{false};
  std::atomic<bool> hurry_{false};
};

}  // namespace sluice::app
