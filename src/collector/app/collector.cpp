#include "app/collector.hpp"

#include <algorithm>
#include <new>

#include "app/gone.hpp"
#include "app/trial.hpp"
#include "sink/factory.hpp"
#include "util/clock.hpp"

namespace sluice::app {
namespace {

/// A worker that turns at least once a second has not for so long.
constexpr std::uint64_t kStuckNs = 5 * kNsPerSecond;
/// What is kept of shutdown_timeout for the workers' end and for closing the sinks.
constexpr std::chrono::milliseconds kLastShare{2000};
constexpr std::chrono::milliseconds kLookAgain{20};
constexpr std::chrono::milliseconds kTellAfter{500};

/// A nap must not outlast what the receive buffer can hold: a small buffer keeps naps short.
worker::NapPolicy nap_for(std::uint64_t receive_buffer) {
  constexpr std::uint64_t kRoomForLongNaps = 4ULL << 20;
  worker::NapPolicy policy;
  if (receive_buffer < kRoomForLongNaps) policy.longest = policy.shortest;
  return policy;
}

std::vector<IpPrefix> parsed(const std::vector<std::string>& prefixes) {
  std::vector<IpPrefix> out;
  for (const std::string& prefix : prefixes)
    if (const auto one = IpPrefix::parse(prefix)) out.push_back(*one);
  return out;
}

}  // namespace

Collector::Collector(const config::Config& config, Logging& log, SocketSource sockets)
    : config_(config),
      log_(log),
      worker_count_(workers_for(config, sockets.given)),
      writers_(writer_count(config, worker_count_)),
      rules_(config::ExporterRules(config.exporters)),
      names_(log.callback()),
      user_fields_(make_user_fields(config.fields)),
      exporters_(
          config.decode.limits, config.decode.times, [this](const IpAddress& a) { return settings_of(a); },
          user_fields_),
      snmp_(log.callback()),
      admission_(admission_of(config)) {
  names_.take(config.enrich);
  const auto opened = std::move(sockets.opened);
  open_listeners(std::move(sockets));
  if (opened) opened();
  if (!config.state.file.empty())
    keeper_ = std::make_unique<state::Keeper>(config.state.file, exporters_, log.callback(),
                                              std::vector<state::Section>{snmp_section()});
  make_sinks();
  std::vector<worker::OutputTo> targets;
  for (const NamedSink& named : sinks_) targets.push_back(target_for(*named.settings, named.sink->current()));
  make_workers(targets);
  make_sources(targets);
}

Collector::~Collector() { stop(); }

net::Admission Collector::admission_of(const config::Config& config) {
  std::vector<std::string> exporters;
  for (const config::ExporterRule& rule : config.exporters) exporters.push_back(rule.prefix);
  const net::AddressSet known(parsed(exporters));
  net::Admission out;
  for (const config::Listener& listener : config.listeners) {
    net::AllowedSources& allowed = out.emplace_back();
    if (!listener.allow.empty()) allowed.sets.emplace_back(parsed(listener.allow));
    if (config.receive.exporters_only) allowed.sets.push_back(known);
    allowed.all = allowed.sets.empty();
  }
  return out;
}

decode::ExporterSettings Collector::settings_of(const IpAddress& exporter) const {
  return rules_.with([&](const config::ExporterRules& rules) { return rules.of(exporter); });
}

void Collector::make_sinks() {
  for (const auto& [name, settings] : config_.sinks)
    sinks_.push_back({name, std::make_shared<const sink::Settings>(settings),
                      std::make_unique<SinkLine>(
                          sink::make_sink(name, settings, writers_, log_.callback(), user_fields_))});
}

worker::OutputTo Collector::target_for(const sink::Settings& settings, sink::Sink* to) const {
  worker::OutputTo out{sink::stream_spec(settings), to};
  out.spec.format.user_fields = user_fields_;
  return out;
}

enrich::Settings Collector::enrich_settings(const config::Config& config) {
  return {config.collector_id, config::ExporterRules(config.exporters).names(), names_.names(), &snmp_};
}

void Collector::make_workers(const std::vector<worker::OutputTo>& targets) {
  kernel_drops_ = std::make_unique<KernelDrops>(listeners_.size() * worker_count_);
  for (unsigned i = 0; i < worker_count_; ++i) {
    std::uint64_t smallest_buffer = ~0ULL;
    for (const Listener& listener : listeners_)
      if (!listener.sockets.empty())
        smallest_buffer = std::min(smallest_buffer, listener.sockets[i].receive_buffer_got());
    worker::Options options;
    options.index = i;
    options.nap = nap_for(smallest_buffer);
    add_worker(options, inlets_of(i), targets);
  }
  if (tcp_.empty()) return;
  make_sessions();
  worker::Options options;
  options.index = worker_count_;
  options.sessions = sessions_.get();
  add_worker(options, inlets_of(worker_count_), targets);
}

/// For the worker past the last one, which has the sessions, those without a socket.
std::vector<worker::Inlet> Collector::inlets_of(unsigned worker) const {
  std::vector<worker::Inlet> out;
  for (std::size_t l = 0; l < listeners_.size(); ++l) {
    const Listener& listener = listeners_[l];
    const bool has = worker < listener.sockets.size();
    const bool tcp = listener.settings.transport == config::Transport::tcp;
    out.push_back({has ? &listener.sockets[worker] : nullptr,
                   tcp ? decode::Accept::ipfix : listener.settings.protocol,
                   static_cast<std::uint16_t>(l * worker_count_ + worker), listener.settings.decapsulate});
  }
  return out;
}

void Collector::add_worker(worker::Options options, std::vector<worker::Inlet> inlets,
                           const std::vector<worker::OutputTo>& targets) {
  options.admission = &admission_;
  options.batch = {config_.receive.batch, 65535, config_.receive.gro};
  options.routes = routes_.get();
  options.enrich = enrich_settings(config_);
  workers_.push_back(std::make_unique<worker::Worker>(
      std::move(options), std::move(inlets), exporters_, targets,
      [this](const decode::Datagram& d, const decode::DecodeReport& r) { report_error(d, r); }));
}

void Collector::make_sessions() {
  const config::Tcp& tcp = config_.receive.tcp;
  sessions_ = std::make_unique<worker::Sessions>(
      worker::SessionLimits{tcp.connections, tcp.connections_per_address, tcp.waiting_bytes,
                            tcp.message_timeout},
      std::exchange(tcp_, {}), exporters_, &admission_,
      [this](const Endpoint& peer, worker::SessionEnd why, const std::string& detail) {
        report_end(peer, why, detail);
      });
}

void Collector::report_end(const Endpoint& peer, worker::SessionEnd why, const std::string& detail) {
  using End = worker::SessionEnd;
  if (why == End::by_exporter || why == End::stopped || why == End::not_allowed) return;
  // As for datagrams: one line for each reason.
  const std::string_view reason = word_of(worker::kSessionEnds, why);
  log_.limited(LogLevel::warning, "session " + std::string(reason), [&] {
    return "the TCP session of " + peer.to_string() + " ended (" + std::string(reason) +
           "): " + std::string(worker::sentence(why)) + (detail.empty() ? "" : ": " + detail);
  });
}

void Collector::make_sources(const std::vector<worker::OutputTo>& targets) {
  auto index = static_cast<unsigned>(workers_.size());
  for (const auto& [name, settings] : config_.sources) {
    NamedSource& source = sources_.emplace_back(NamedSource{name, {}});
    for (unsigned i = 0; i < settings.readers; ++i)
      source.readers.push_back(std::make_unique<intake::KafkaReader>(intake::KafkaReader::Making{
          name, settings, index++, targets, enrich_settings(config_), user_fields_, log_.callback()}));
  }
}

void Collector::report_error(const decode::Datagram& datagram, const decode::DecodeReport& report) {
  for (std::size_t i = 0; i < report.errors.size(); ++i) {
    if (report.errors[i] == 0) continue;
    const auto error = static_cast<decode::DecodeError>(i);
    // One line for each reason, not for each exporter: whoever can send UDP must not fill the disk.
    log_.limited(LogLevel::warning, decode::name(error), [&] {
      return "from " + datagram.source.to_string() + " (" + std::string(decode::name(report.protocol)) +
             "): " + std::string(decode::sentence(error));
    });
  }
}

void Collector::start() {
  started_seconds_ = static_cast<double>(unix_ns()) / 1e9;
  snmp_.change(config_.snmp);
  if (keeper_) keeper_->start();
  if (station_) station_->start();
  for (const auto& worker : workers_) worker->start();
  for (const NamedSource& source : sources_)
    for (const auto& reader : source.readers) reader->start();
  running_ = true;
}

void Collector::reopen() {
  for (const NamedSink& named : sinks_) named.sink->reopen();
}

void Collector::tick() {
  try {
    look_after();
  } catch (const std::bad_alloc&) {
    // What could not be done now is done with the next tick; workers give memory back in the meantime.
  }
}

void Collector::look_after() {
  // Before anybody is forgotten who may have a share.
  share_kernel_drops();
  kernel_drops_->tick();
  if (const std::size_t lost = exporters_.expire_held(unix_ns()); lost > 0)
    log_.limited(LogLevel::warning, "held_timeout", [&] {
      return std::to_string(lost) +
             " data sets waited for their templates for decode.held_timeout and are lost; "
             "sluice_exporter_held_expired_datagrams_total tells whose they were";
    });
  if (++ticks_ % 60 == 0) expire();
}

void Collector::expire() {
  std::vector<ExporterKey> keys;
  if (exporters_.expire(unix_ns(), &keys) == 0) return;
  const std::vector<IpAddress> gone = gone_addresses(keys, exporters_);
  for (const NamedSink& named : sinks_) named.sink->forget(gone);
}

void Collector::share_kernel_drops() const {
  std::vector<std::uint64_t> drops;
  for (const Listener& listener : listeners_) {
    for (const net::UdpSocket& socket : listener.sockets) drops.push_back(socket.stats().drops);
    drops.resize(drops.size() + worker_count_ - listener.sockets.size());  // none of TCP
  }
  kernel_drops_->update(drops, exporters_);
}

bool Collector::failed() const {
  const auto has_failed = [](const auto& one) { return one->failed(); };
  return std::ranges::any_of(workers_, has_failed) || any_reader(has_failed);
}

bool Collector::stuck() const {
  if (!running_) return false;
  const std::uint64_t now = monotonic_ns();
  const auto has_not_turned = [now](const auto& one) {
    const std::uint64_t turned = one->heartbeat_ns();
    return now > turned && now - turned > kStuckNs;
  };
  return std::ranges::any_of(workers_, has_not_turned) || any_reader(has_not_turned);
}

void Collector::stop() {
  const bool started = started_seconds_ > 0;
  if (!started || stopping_.exchange(true)) return;
  using Clock = std::chrono::steady_clock;
  const auto share = std::min<std::chrono::milliseconds>(kLastShare, config_.shutdown_timeout / 2);
  const Deadline deadline = Clock::now() + config_.shutdown_timeout;
  const Deadline nearly = deadline - share;
  stop_sources(hurry_ ? Clock::now() : nearly - std::min(intake::KafkaReader::kLeaveIn, share));
  if (running_) wait_for_sinks(nearly);
  join_sources();
  // Whatever held a source up: the sinks have flows of others too.
  const Deadline last = std::max(deadline, Clock::now() + share);
  end_workers(worker::Waiting::is_taken);
  close_sinks(hurry_ ? std::min(last, Clock::now() + kLastShare) : last);
}

void Collector::hurry() {
  hurry_ = true;
  if (stopping_) stop_sources(std::chrono::steady_clock::now());
}

/// They still deliver what they have read, and commit it.
void Collector::stop_sources(Deadline deadline) {
  for (const NamedSource& source : sources_)
    for (const auto& reader : source.readers) reader->stop(deadline);
}

void Collector::join_sources() {
  for (const NamedSource& source : sources_) {
    std::uint64_t read = 0, settled = 0;
    for (const auto& reader : source.readers) {
      reader->join();
      tell_failure(reader->failure());
      const intake::SourceStats stats = reader->stats();
      read += stats.counts[intake::SourceCount::flows];
      settled += stats.counts[intake::SourceCount::settled_flows];
    }
    log_.write(LogLevel::info, "source " + source.name + ": " + std::to_string(read) + " flows read, " +
                                   std::to_string(settled) + " of them settled");
  }
}

/// Whoever does not take flows now may do so again within the time that there is. The others need not pay for
/// it.
void Collector::wait_for_sinks(Deadline deadline) const {
  using Clock = std::chrono::steady_clock;
  const auto waited_for = [](const NamedSink& named) { return !named.sink->ready_to_close(); };
  const Deadline tell_at = Clock::now() + kTellAfter;
  bool told = false;
  while (!hurry_ && !failed() && std::ranges::any_of(sinks_, waited_for) && Clock::now() < deadline) {
    if (!told && Clock::now() >= tell_at) {
      told = true;
      for (const NamedSink& named : sinks_)
        if (waited_for(named))
          log_.write(LogLevel::info,
                     "sink " + named.name +
                         " takes no flows just now; receiving goes on until it does, or for " +
                         std::to_string(config_.shutdown_timeout.count()) + " ms at the most");
    }
    std::this_thread::sleep_for(kLookAgain);
  }
}

void Collector::tell_failure(const std::exception_ptr& failure) {
  if (!failure) return;
  try {
    std::rethrow_exception(failure);
  } catch (const std::exception& e) {
    log_.write(LogLevel::error, std::string("a worker ended: ") + e.what());
  }
}

/// Once, with the state file, which has all that they learnt.
void Collector::end_workers(worker::Waiting waiting) {
  if (!running_) return;
  // What waits in a session cannot be left to anybody.
  for (const auto& worker : workers_)
    worker->stop(sessions_ && worker == workers_.back() ? worker::Waiting::is_taken : waiting);
  for (const auto& worker : workers_) worker->join();
  if (sessions_) sessions_->close();
  if (station_) station_->stop();
  running_ = false;
  for (const auto& worker : workers_) tell_failure(worker->failure());
  snmp_.stop();
  if (keeper_) keeper_->stop();
  tell_received();
}

/// With the sums of the sinks, which follow, all that a process did is in its log.
void Collector::tell_received() const {
  const Activity sums = activity();
  log_.write(LogLevel::info, std::to_string(sums.datagrams) + " datagrams received, " +
                                 std::to_string(sums.flows) + " flows decoded, " +
                                 std::to_string(sums.kernel_drops) + " datagrams dropped by receive buffers");
}

void Collector::close_sinks(Deadline deadline) {
  std::vector<std::thread> closing;
  for (const NamedSink& named : sinks_)
    closing.emplace_back([&named, deadline] { named.sink->close(deadline); });
  for (const NamedSink& named : leaving_) named.sink->close(deadline);
  for (std::thread& one : closing) one.join();
  for (const std::vector<NamedSink>* all : {&sinks_, &leaving_})
    for (const NamedSink& named : *all) log_fate(named.name, named.sink->stats());
}

void Collector::log_fate(const std::string& name, const sink::SinkStats& stats) {
  std::uint64_t failed = 0;
  for (const auto& [reason, flows] : stats.failed_flows) failed += flows;
  log_.write(failed || stats.counts[sink::SinkCount::shed_flows] ? LogLevel::warning : LogLevel::info,
             "sink " + name + ": " + std::to_string(stats.counts[sink::SinkCount::delivered_flows]) +
                 " flows delivered, " + std::to_string(failed) + " failed, " +
                 std::to_string(stats.counts[sink::SinkCount::shed_flows]) + " shed, " +
                 std::to_string(stats.counts[sink::SinkCount::queued_flows] +
                                stats.counts[sink::SinkCount::left_flows]) +
                 " left");
}

}  // namespace sluice::app
