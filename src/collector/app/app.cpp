#include "app/app.hpp"

#include <utility>  // Boost 1.74's Asio needs it first under C++20

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <new>
#include <optional>
#include <thread>

#include "api/handlers.hpp"
#include "app/collector.hpp"
#include "app/http_listeners.hpp"
#include "app/identity.hpp"
#include "app/service_notify.hpp"
#include "app/takeover.hpp"
#include "app/trial.hpp"
#include "config/reload.hpp"

namespace sluice::app {
namespace {

constexpr int kFine = 0;
constexpr int kFailed = 1;
constexpr int kMistake = 2;

std::string joined(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words) out += (out.empty() ? "" : ", ") + word;
  return out;
}

/// HTTP, which listens before the process becomes whom it is to be, and is answered by the main loop.
struct Front {
  // Who answers is asked at each request, since a reload makes another of them: also one that was asked for
  // there, which is why that is called by a copy.
  void listen(const config::Config& config, Logging& log) {
    listeners.emplace(
        io, config,
        HttpListeners::Handlers{[this](const http::Request& request) { return metrics(request); },
                                [this](const http::Request& request) { return http::Handler(api)(request); }},
        log);
  }

  boost::asio::io_context io{1};
  http::Handler metrics, api;
  std::optional<HttpListeners> listeners;
};

/// What the main thread does while the workers work: signals, HTTP, and a look around once a second.
class MainLoop {
 public:
  MainLoop(const RunOptions& options, Front& front, Collector& collector, Logging& log)
      : load_again_(options.load_again),
        collector_(collector),
        log_(log),
        service_(log.callback()),
        front_(front),
        stop_signals_(io_, SIGINT, SIGTERM),
        reopen_signals_(io_, SIGHUP),
        timer_(io_) {
    const config::Config& config = collector.config();
    make_handlers(config);
    if (config.run.takeover.empty()) return;
    auto listener = TakeoverListener::start(
        io_, config.run.takeover, [this](TakeoverRequest request) { hand_over(std::move(request)); },
        log.callback());
    if (!listener) throw SetupError("run.takeover", listener.error());
    takeover_ = std::move(*listener);
  }

  ~MainLoop() {
    if (stopper_.joinable()) stopper_.join();
    front_.listeners.reset();
  }

  /// Until a signal or a failure, and until the collector has stopped then; returns the exit status. The
  /// workers run already.
  int run() {
    service_.ready();
    tell_activity();
    wait_for_stop();
    wait_for_reopen();
    wait_for_tick();
    serve();
    return status_;
  }

 private:
  /// Where memory ends, it costs whom it was for, a connection or a look around, and not the process. So that
  /// there always is a next time, each handler waits for it before it does anything.
  void serve() {
    for (;;) {
      try {
        io_.run();
        return;
      } catch (const std::bad_alloc&) {
        tell_of_no_memory();
      }
    }
  }
  void tell_of_no_memory() {
    try {
      log_.limited(LogLevel::error, "main thread, no memory", [] {
        return "the process got no more memory; something that was asked for was not done";
      });
    } catch (const std::bad_alloc&) {
      // Nor for this.
    }
  }
  void wait_for_stop() {
    stop_signals_.async_wait([this](const boost::system::error_code& error, int signal) {
      if (error) return;
      wait_for_stop();
      const std::string name = signal == SIGINT ? "SIGINT" : "SIGTERM";
      if (stopping_) {
        log_.write(LogLevel::info, name + " again: no sink is waited for any more");
        return collector_.hurry();
      }
      log_.write(LogLevel::info, "stopping on " + name);
      stop();
    });
  }
  /// The collector stops on a thread of its own, so that this one answers HTTP until the end.
  void stop() {
    if (std::exchange(stopping_, true)) return;
    takeover_.reset();
    service_.stopping(collector_.config().shutdown_timeout);
    stopper_ = std::thread([this] {
      collector_.stop();
      io_.stop();
    });
  }
  /// The other process listens where this one did, and so HTTP and the path end first.
  void hand_over(TakeoverRequest request) {
    if (stopping_) return;
    log_.write(LogLevel::info, "process " + std::to_string(request.process()) +
                                   " takes over: its sockets are handed over, and what is here is delivered");
    takeover_.reset();
    front_.listeners->close();
    if (const auto given = request.give(collector_.release_sockets()); !given)
      log_.write(LogLevel::error, "the sockets could not be handed over: " + given.error());
    taken_over_by_.emplace(std::move(request));
    stop();
  }
  void make_handlers(const config::Config& config) {
    const auto snapshot = [this] {
      metrics::Snapshot out = collector_.snapshot();
      front_.listeners->add_counts(out);
      return out;
    };
    front_.metrics = api::make_metrics_handler(snapshot);
    api::Configuration configuration;
    configuration.settings = [this] { return config::flattened(collector_.config()); };
    if (load_again_)
      configuration.reload = [this] {
        if (!stopping_) service_.reloading();
        auto done = reload();
        if (!stopping_) service_.ready();
        return done;
      };
    configuration.may_reload = !config.api.token.empty();
    front_.api = api::make_api_handler(snapshot, std::move(configuration));
  }
  /// What is wrong leaves all as it is, and is in the log with its place.
  api::Configuration::Reloaded reload() {
    api::Configuration::Reloaded out;
    const config::LoadResult loaded = load_again_();
    for (const config::Error& error : loaded.errors) out.errors.push_back(error.to_string());
    if (out.errors.empty()) {
      try {
        config::Config next = collector_.config();
        config::take_over(loaded.config, next);
        HttpListeners::Change http(next);
        const config::Difference difference = collector_.reload(loaded.config);
        out.reloaded = difference.reloaded;
        out.needs_restart = difference.needs_restart;
        log_.change(collector_.config().log);
        make_handlers(collector_.config());
        front_.listeners->change(std::move(http));
      } catch (const SetupError& mistake) {
        out.errors.push_back(loaded.places.told(mistake).to_string());
      } catch (const std::exception& e) {
        out.errors.emplace_back(e.what());
      }
    }
    tell(out);
    return out;
  }
  void tell(const api::Configuration::Reloaded& done) {
    for (const std::string& error : done.errors)
      log_.write(LogLevel::error, "the configuration in force stays: " + error);
    if (!done.errors.empty()) return;
    log_.write(LogLevel::info,
               done.reloaded.empty() ? "reloaded: nothing is new" : "reloaded: " + joined(done.reloaded));
    if (!done.needs_restart.empty())
      log_.write(LogLevel::warning,
                 "changed, and in force after a restart only: " + joined(done.needs_restart));
  }
  void wait_for_reopen() {
    reopen_signals_.async_wait([this](const boost::system::error_code& error, int) {
      if (error || stopping_) return;
      wait_for_reopen();
      log_.write(LogLevel::info, "SIGHUP: output files are closed and opened again");
      service_.reloading();
      collector_.reopen();
      if (load_again_) reload();
      service_.ready();
    });
  }
  void wait_for_tick() {
    timer_.expires_after(std::chrono::seconds(1));
    timer_.async_wait([this](const boost::system::error_code& error) {
      if (error) return;
      wait_for_tick();
      collector_.tick();
      if (!stopping_) collector_.put_former_sinks_away();
      if (collector_.failed()) {
        status_ = kFailed;
        stop();
      }
      tell_service();
    });
  }

  /// Once a second. A worker that does not turn starves the watchdog: the service manager starts us anew.
  void tell_service() {
    if (!service_.active()) return;
    if (stopping_) return service_.alive();
    const bool stuck = collector_.stuck();
    if (!stuck) service_.alive();
    if (stuck != stuck_ || ++ticks_ % kTicksPerStatus == 0) {
      stuck_ = stuck;
      tell_activity();
    }
  }
  void tell_activity() {
    if (!service_.active()) return;
    const auto now = std::chrono::steady_clock::now();
    Activity activity = collector_.activity();
    service_.status((stuck_ ? "A worker does not turn; " : "") +
                    describe(activity_, activity, now - activity_taken_));
    activity_ = std::move(activity);
    activity_taken_ = now;
  }

  static constexpr unsigned kTicksPerStatus = 5;

  const std::function<config::LoadResult()> load_again_;
  Collector& collector_;
  Logging& log_;
  ServiceNotify service_;
  unsigned ticks_ = 0;
  bool stuck_ = false;
  bool stopping_ = false;
  Activity activity_;
  std::chrono::steady_clock::time_point activity_taken_ = std::chrono::steady_clock::now();
  Front& front_;
  boost::asio::io_context& io_ = front_.io;
  boost::asio::signal_set stop_signals_;
  boost::asio::signal_set reopen_signals_;
  boost::asio::steady_timer timer_;
  std::unique_ptr<TakeoverListener> takeover_;
  std::optional<TakeoverRequest> taken_over_by_;  // it waits until this is closed
  int status_ = kFine;
  std::thread stopper_;
};

/// What the collector at run.takeover gives, once it has stopped receiving.
std::optional<Takeover> take_over(const config::Config& config, Logging& log) {
  if (config.run.takeover.empty())
    throw SetupError("run.takeover",
                     "--takeover needs run.takeover, the path at which the running collector listens");
  auto asked = Takeover::ask(config.run.takeover);
  if (!asked) throw SetupError("run.takeover", asked.error());
  if (!*asked)
    log.write(LogLevel::info, "no collector listens at " + config.run.takeover + ": nothing to take over");
  else if (!(*asked)->complete())
    log.write(LogLevel::warning, "process " + std::to_string((*asked)->process()) +
                                     " ended before it had handed all of its sockets over");
  return std::move(*asked);
}

/// Its sinks may write where ours will; but datagrams wait in the sockets, and not for ever.
void wait_for_sinks_of(const Takeover& other, Logging& log) {
  constexpr std::chrono::milliseconds kLongest{1000};
  if (!other.wait_ended(kLongest))
    log.write(LogLevel::info,
              "process " + std::to_string(other.process()) + " still delivers; this one begins beside it");
}

int collect(const config::Config& config, Logging& log, const RunOptions& options) {
  const Identity identity = Identity::of(config.user);
  FdStore store(log.callback());
  SocketSource sockets{net::GivenSockets(store.take_given()), &store};
  if (options.takeover) {
    const Identity::AsUser same(identity);  // who alone is given them
    if (auto other = take_over(config, log)) {
      sockets.given = net::GivenSockets(other->take_sockets());
      wait_for_sinks_of(*other, log);
    }
  }
  Front front;
  sockets.opened = [&] {
    front.listen(config, log);
    identity.become();
    if (identity.changes())
      log.write(LogLevel::info, "runs as " + identity.user() + ", without capabilities");
  };
  Collector collector(config, log, std::move(sockets));
  MainLoop loop(options, front, collector, log);
  collector.start();
  return loop.run();
}

int say(const std::string& sentence, int status) {
  std::fprintf(stderr, "sluice: %s\n", sentence.c_str());
  return status;
}

}  // namespace

int run(const config::Config& config, const config::Places& places, const RunOptions& options) {
  std::signal(SIGPIPE, SIG_IGN);  // a closed stdout is an error of its sink, not the end of the process
  if (!config.user.empty()) Identity::forbid_new_privileges();
  const bool given = options.takeover || std::getenv("LISTEN_FDS") != nullptr;
  const Trial trial = try_out(config, given ? Sockets::given : Sockets::opened, options.load_again);
  if (!trial.mistakes.empty()) {
    for (const SetupError& mistake : trial.mistakes) say(places.told(mistake).to_string(), kMistake);
    return kMistake;
  }
  Logging log(config.log);
  try {
    return collect(config, log, options);
  } catch (const SetupError& mistake) {
    return say(places.told(mistake).to_string(), kMistake);
  } catch (const std::exception& e) {
    return say(e.what(), kFailed);
  }
}

}  // namespace sluice::app
