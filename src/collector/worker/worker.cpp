#include "worker/worker.hpp"

#include <algorithm>
#include <new>

#include "util/clock.hpp"

namespace sluice::worker {
namespace {

constexpr std::uint64_t kNsPerMs = 1000000;
/// An idle worker turns at least this often: its heartbeat is watched.
constexpr std::uint64_t kLongestSleepNs = 1000 * kNsPerMs;

}  // namespace

void DecodeTimeCounters::observe(std::uint64_t ns) {
  const auto bucket = std::ranges::lower_bound(kDecodeTimeBoundsNs, ns) - kDecodeTimeBoundsNs.begin();
  counts[static_cast<std::size_t>(bucket)].add();
  sum_ns.add(ns);
}

Worker::Worker(Options options, std::vector<Inlet> inlets, decode::ExporterTable& exporters,
               const std::vector<OutputTo>& targets, OnError on_error)
    : options_(std::move(options)),
      inlets_(std::move(inlets)),
      take_message_([this](std::size_t inlet, const decode::Datagram& message) {
        listeners_[inlet][ListenerCount::datagrams].add();
        listeners_[inlet][ListenerCount::bytes].add(message.payload.size());
        return decode_one(inlet, message);
      }),
      received_(options_.batch),
      decoder_(exporters),
      outputs_(targets, options_.index, options_.enrich),
      on_error_(std::move(on_error)),
      nap_(options_.nap),
      listeners_(inlets_.size()) {
  if (outputs_->wants_counters()) flows_.want_counters();
  if (options_.routes != nullptr) filler_.emplace(*options_.routes);
  for (const Inlet& inlet : inlets_)
    if (inlet.socket != nullptr) fds_.push_back(inlet.socket->fd());
  if (options_.sessions != nullptr) fds_.push_back(options_.sessions->fd());
}

Worker::~Worker() {
  stop();
  join();
}

void Worker::start() {
  heartbeat_ns_ = monotonic_ns();
  thread_ = std::thread([this] {
    try {
      run();
    } catch (...) {
      failure_ = std::current_exception();
      failed_.store(true, std::memory_order_release);
    }
  });
  const std::string name = "worker-" + std::to_string(options_.index);
  pthread_setname_np(thread_.native_handle(), name.c_str());
}

void Worker::stop(Waiting waiting) {
  if (waiting == Waiting::is_left) drain_.store(false, std::memory_order_relaxed);
  stop_.store(true, std::memory_order_release);
  wake_.notify();
}

void Worker::join() {
  if (thread_.joinable()) thread_.join();
}

void Worker::change(Change change) {
  outputs_.change(std::move(change));
  wake_.notify();
}

void Worker::take_change() {
  wake_.clear();
  outputs_.take_change();
  if (outputs_->wants_counters()) flows_.want_counters();
}

void Worker::run() {
  while (!stop_.load(std::memory_order_acquire)) {
    if (outputs_.change_waits()) [[unlikely]] {
      take_change();
      continue;  // a stop may have been woken for with it
    }
    now_ns_ = monotonic_ns();
    heartbeat_ns_.store(now_ns_, std::memory_order_relaxed);
    decoder_.tidy();
    const std::size_t received = receive_all();
    outputs_->flush_due(now_ns_);
    idle(received);
  }
  if (drain_.load(std::memory_order_relaxed)) drain();
  outputs_->flush_all();
}

/// What was received before the stop is decoded; a flood must not keep the process from ending.
void Worker::drain() {
  const std::uint64_t until =
      monotonic_ns() + static_cast<std::uint64_t>(options_.drain_for.count()) * kNsPerMs;
  do {
    now_ns_ = monotonic_ns();
  } while (receive_all() > 0 && now_ns_ < until);
}

/// One turn over all sockets. A socket whose batch was full is asked again in the next turn, so that one busy
/// listener does not starve the others.
std::size_t Worker::receive_all() {
  std::size_t total = 0;
  for (std::size_t i = 0; i < inlets_.size(); ++i) {
    if (inlets_[i].socket == nullptr) continue;
    const int n = net::receive(*inlets_[i].socket, received_);
    if (n <= 0) continue;
    take(i, received_);
    total += static_cast<std::size_t>(n);
  }
  if (options_.sessions != nullptr) total += take_from_sessions();
  return total;
}

std::size_t Worker::take_from_sessions() {
  const std::size_t taken = options_.sessions->turn(take_message_);
  // More than a turn takes: no nap.
  return options_.sessions->more() ? std::max<std::size_t>(taken, options_.batch.datagrams) : taken;
}

void Worker::take(std::size_t inlet, const net::DatagramBatch& batch) {
  ListenerCounters& counters = listeners_[inlet];
  counters[ListenerCount::datagrams].add(batch.size());
  if (batch.truncated()) counters[ListenerCount::truncated].add(batch.truncated());
  // One look for the whole batch.
  const std::shared_ptr<const net::Admission> admission =
      options_.admission ? options_.admission->now() : nullptr;
  const net::AllowedSources everybody;
  const net::AllowedSources& allowed = admission ? (*admission)[inlet] : everybody;
  std::uint64_t bytes = 0;
  for (const net::Datagram& d : batch.datagrams()) {
    bytes += d.payload.size();
    if (!allowed.allow(d.source)) {
      refuse(inlet, d.source);
      continue;
    }
    decode_one(inlet, {d.payload, d.source, d.source_port, batch.received_ns(), inlets_[inlet].number,
                       inlets_[inlet].decapsulate});
  }
  counters[ListenerCount::bytes].add(bytes);
}

/// Before anything is made for it.
void Worker::refuse(std::size_t inlet, const IpAddress& source) {
  listeners_[inlet][ListenerCount::refused].add();
  try {
    refused_.count(source);
  } catch (const std::bad_alloc&) {
    // The listener has counted it.
  }
}

decode::DecodeReport Worker::decode_one(std::size_t inlet, const decode::Datagram& datagram) {
  const bool timed = ++sample_ % DecodeTimeCounters::kSampleEvery == 0;
  const std::uint64_t begin = timed ? monotonic_ns() : 0;
  flows_.clear();
  decode::DecodeReport report = decoder_.decode(datagram, flows_, inlets_[inlet].accept);
  bool written = false;
  try {
    if (filler_) filler_->apply(flows_);
    outputs_.enricher().apply(flows_);
    written = outputs_->write(flows_, now_ns_);
  } catch (const std::bad_alloc&) {  // of the enricher
    outputs_->lose(flows_, now_ns_);
  }
  if (!written) report.fail(decode::DecodeError::out_of_memory);  // the next datagram may find memory again
  count(datagram, report);
  if (timed) decode_time_.observe(monotonic_ns() - begin);
  return report;
}

void Worker::count(const decode::Datagram& datagram, const decode::DecodeReport& report) {
  ProtocolCounters& c = protocols_[static_cast<std::size_t>(report.protocol)];
  for (std::size_t i = 0; i < c.counts.kSize; ++i) c.counts.values[i].add(report.counts.values[i]);
  if (!report.any_error()) return;
  for (std::size_t i = 0; i < report.errors.size(); ++i)
    if (report.errors[i]) c.errors[i].add(report.errors[i]);
  if (on_error_) on_error_(datagram, report);
}

/// Naps while traffic flows, blocks when a turn brought nothing. Never past the next flush.
void Worker::idle(std::size_t received) {
  if (received >= options_.batch.datagrams) return;
  const std::uint64_t deadline = outputs_->next_deadline().value_or(now_ns_ + kLongestSleepNs);
  if (received > 0) {
    const auto nap = static_cast<std::uint64_t>(nap_.after(received).count()) * 1000;
    const std::uint64_t until_deadline = deadline > now_ns_ ? deadline - now_ns_ : 0;
    const timespec t{0, static_cast<long>(std::min(nap, until_deadline))};
    nanosleep(&t, nullptr);
    return;
  }
  const std::uint64_t now = monotonic_ns();
  const std::uint64_t sleep_ns = deadline > now ? std::min(deadline - now, kLongestSleepNs) : 0;
  // Rounded up: a wait of 0 ms just before the deadline would spin.
  net::wait_readable(fds_, std::chrono::milliseconds((sleep_ns + kNsPerMs - 1) / kNsPerMs), wake_);
}

}  // namespace sluice::worker
