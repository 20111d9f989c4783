#include "generate/generate.hpp"

#include <algorithm>
#include <cmath>
#include <thread>

#include "generate/destination.hpp"
#include "generate/pacer.hpp"
#include "generate/sentence.hpp"
#include "generate/target.hpp"
#include "util/clock.hpp"

namespace sluice::generate {
namespace {

using Steady = std::chrono::steady_clock;

constexpr std::uint32_t kMaxTurn = 64;         // datagrams of one exporter in a row
constexpr double kNominalRate = 10000;         // datagrams a second of made-up time where --rate is 0
constexpr std::chrono::milliseconds kNap{50};  // longest sleep between two looks at the stop token
constexpr std::chrono::seconds kProgressEvery{1};

/// The exporters take turns; the pacer says when, the target takes what they make.
class Run {
 public:
  Run(const Options& options, Target& target, std::stop_token stop,
      std::function<void(std::string_view)> progress)
      : options_(options),
        target_(target),
        stop_(std::move(stop)),
        progress_(std::move(progress)),
        made_up_time_(options.start_time_ns != 0 || !options.write.empty()),
        unpaced_(!options.write.empty()),
        start_unix_ns_(options.start_time_ns != 0 ? options.start_time_ns : unix_ns()),
        turn_(options.rate > 0
                  ? std::clamp<std::uint32_t>(static_cast<std::uint32_t>(std::min(options.rate / 1000, 1e6)),
                                              1, kMaxTurn)
                  : kMaxTurn),
        pacer_(unpaced_ ? 0 : options.rate, monotonic_ns()) {
    const auto population = std::make_shared<const Population>(options.seed, options.conversations);
    for (std::uint32_t i = 0; i < options.exporters; ++i) {
      std::optional<std::uint64_t> share;
      if (options.flows != 0)
        share = options.flows / options.exporters + (i < options.flows % options.exporters ? 1 : 0);
      exporters_.push_back(std::make_unique<MockExporter>(options_, i, population, start_unix_ns_, share));
      report_.exporters.push_back(target.describe(i));
      report_.exporters.back().observation_domain = exporters_.back()->identity().observation_domain;
    }
    active_ = exporters_.size();
  }

  Result<Report, std::string> operator()() {
    started_ = Steady::now();
    next_progress_ = started_ + kProgressEvery;
    pacer_ = Pacer(unpaced_ ? 0 : options_.rate, monotonic_ns());
    while (active_ > 0 && !over()) {
      if (auto turned = turn(); !turned) return failure(turned.error());
      tell_progress();
    }
    if (auto ended = end_counts(); !ended) return failure(ended.error());
    if (auto finished = target_.finish(report_); !finished) return failure(finished.error());
    report_.seconds = std::chrono::duration<double>(Steady::now() - started_).count();
    return std::move(report_);
  }

 private:
  bool over() const {
    if (stop_.stop_requested()) return true;
    if (options_.duration.count() == 0) return false;
    const std::chrono::nanoseconds passed =
        made_up_time_ ? std::chrono::nanoseconds(time_of(made_) - start_unix_ns_) : Steady::now() - started_;
    return passed >= options_.duration;
  }

  /// Made-up time runs with the datagrams, so that it follows from the options alone.
  std::uint64_t time_of(std::uint64_t datagram) const {
    const double rate = options_.rate > 0 ? options_.rate : kNominalRate;
    return start_unix_ns_ + static_cast<std::uint64_t>(static_cast<double>(datagram) / rate * 1e9);
  }

  /// As much of the current exporter's turn as may leave now; sleeps where that is nothing.
  Result<void, std::string> turn() {
    if (in_turn_ == 0) {
      in_turn_ = turn_;
      do current_ = (current_ + 1) % exporters_.size();
      while (exporters_[current_]->done());
    }
    const std::uint32_t allowed = std::min(pacer_.allowed(monotonic_ns()), in_turn_);
    if (allowed == 0) {
      wait();
      return {};
    }
    const std::uint64_t now = made_up_time_ ? 0 : unix_ns();
    times_.resize(allowed);
    for (std::uint32_t i = 0; i < allowed; ++i) times_[i] = made_up_time_ ? time_of(made_ + i) : now;
    auto emitted =
        target_.emit(*exporters_[current_], static_cast<std::uint32_t>(current_), times_, report_, stop_);
    made_ += allowed;
    in_turn_ -= allowed;
    pacer_.sent(allowed);
    if (exporters_[current_]->done()) {
      in_turn_ = 0;
      --active_;
    }
    return emitted;
  }

  /// Exporters that are stopped send a last datagram without faults: nobody can tell that the last one was
  /// lost.
  Result<void, std::string> end_counts() {
    if (options_.gap == 0) return {};
    times_.assign(1, made_up_time_ ? time_of(made_) : unix_ns());
    for (std::uint32_t i = 0; i < exporters_.size(); ++i) {
      MockExporter& exporter = *exporters_[i];
      if (exporter.done()) continue;
      exporter.end_after_one();
      while (!exporter.done())
        if (auto sent = target_.emit(exporter, i, times_, report_, stop_); !sent) return sent;
    }
    return {};
  }

  void wait() {
    target_.idle();
    const std::uint64_t now = monotonic_ns(), due = pacer_.next_ns();
    if (due > now)
      std::this_thread::sleep_for(
          std::min<std::chrono::nanoseconds>(kNap, std::chrono::nanoseconds(due - now)));
  }

  void tell_progress() {
    const auto now = Steady::now();
    if (now < next_progress_) return;
    next_progress_ = now + kProgressEvery;
    if (!progress_) return;
    const double seconds = std::chrono::duration<double>(now - started_).count();
    const bool messages = is_kafka(options_.to);
    const std::uint64_t counted = messages ? report_.flows : report_.datagrams;
    progress_(
        join({std::to_string(report_.datagrams), " datagrams, ", std::to_string(report_.flows), " flows, ",
              std::to_string(static_cast<std::uint64_t>(static_cast<double>(counted) / seconds)),
              messages ? " flows/s" : " datagrams/s"}));
    if (const auto notice = target_.notice(); !notice.empty()) progress_(notice);
  }

  const Options& options_;
  Target& target_;
  const std::stop_token stop_;
  const std::function<void(std::string_view)> progress_;
  const bool made_up_time_;
  const bool unpaced_;
  const std::uint64_t start_unix_ns_;
  const std::uint32_t turn_;
  Pacer pacer_;
  Report report_;
  std::vector<std::unique_ptr<MockExporter>> exporters_;
  std::size_t active_ = 0;  // exporters that are not done
  std::size_t current_ = ~std::size_t{0};
  std::uint32_t in_turn_ = 0;  // datagrams left of the current exporter's turn
  std::uint64_t made_ = 0;
  std::vector<std::uint64_t> times_;
  Steady::time_point started_, next_progress_;
};

}  // namespace

Result<Report, std::string> run(const Options& options, std::stop_token stop,
                                std::function<void(std::string_view)> progress) {
  if (auto valid = validate(options); !valid) return failure(valid.error());
  auto target = is_kafka(options.to) ? make_kafka_target(options) : make_datagram_target(options);
  if (!target) return failure(target.error());
  return Run(options, **target, std::move(stop), std::move(progress))();
}

}  // namespace sluice::generate
