#pragma once
// A worker: one thread and all it owns. It takes datagrams off its sockets (one for each listener), decodes,
// encodes and hands blocks to the sinks, in a plain loop: receive, decode, flush, nap. There is no queue on
// the way. Locks that another thread may hold are an exporter's, once a datagram, which no other worker takes
// while datagrams are steered by source; and a sink's, once a block.
#include <array>
#include <atomic>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "bmp/filler.hpp"
#include "net/admission.hpp"
#include "net/datagram_batch.hpp"
#include "net/wait.hpp"
#include "sluice/decode/datagram_decoder.hpp"
#include "util/counter.hpp"
#include "util/log_sink.hpp"
#include "worker/counts.hpp"
#include "worker/current_outputs.hpp"
#include "worker/nap.hpp"
#include "worker/sessions.hpp"

namespace sluice::worker {

/// Counts of one protocol, written by the worker, read by the scrape.
struct ProtocolCounters {
  Counts<decode::DecodeCount, Counter> counts;
  std::array<Counter, static_cast<std::size_t>(decode::DecodeError::count)> errors;
};

/// Counts of one of the worker's sockets.
using ListenerCounters = Counts<ListenerCount, Counter>;

/// Time to decode, encode and hand over one datagram; one datagram in kSampleEvery is measured.
struct DecodeTimeCounters {
  static constexpr std::uint64_t kSampleEvery = 16;
  DecodeTimes<Counter> counts;
  Counter sum_ns;
  void observe(std::uint64_t ns);
};

/// What a worker listens on. The socket belongs to the app and outlives the worker; null: a listener that
/// another worker has.
struct Inlet {
  const net::UdpSocket* socket = nullptr;
  decode::Accept accept = decode::Accept::automatic;
  std::uint16_t number = 0;  ///< of the socket among all of the collector, for sharing out its drops
  decode::Decapsulate decapsulate = decode::Decapsulate::outer;
};

struct Options {
  unsigned index = 0;
  /// Who may send to which inlet; outlives the worker. Null: everybody.
  const net::CurrentAdmission* admission = nullptr;
  /// Sessions that this worker takes messages from; outlive the worker. Null: none.
  Sessions* sessions = nullptr;
  /// Where routes of flows are asked for; outlive the worker. Null: nowhere.
  bmp::Routes* routes = nullptr;
  net::BatchOptions batch;
  NapPolicy nap;
  enrich::Settings enrich;
  /// After a stop: what still waits in the sockets is taken for at most this long.
  std::chrono::milliseconds drain_for{1000};
};

/// What becomes, at a stop, of datagrams that wait in the sockets: they are taken (for Options::drain_for at
/// most), or left for another process that has the sockets too.
enum class Waiting { is_taken, is_left };

class Worker {
 public:
  /// Called (from the worker's thread) when something in a datagram could not be decoded; must be quick.
  using OnError = std::function<void(const decode::Datagram&, const decode::DecodeReport&)>;

  /// The table and the sinks behind the targets outlive the worker.
  Worker(Options options, std::vector<Inlet> inlets, decode::ExporterTable& exporters,
         const std::vector<OutputTo>& targets, OnError on_error);
  ~Worker();

  void start();
  /// Asks the thread to stop receiving, decode what was received and hand over all open blocks.
  void stop(Waiting waiting = Waiting::is_taken);
  void join();

  using Change = CurrentOutputs::Change;
  /// From its next turn on, which begins at once, the worker writes there; what is open goes to the sinks
  /// that it was for. One thread, and not before changed().
  void change(Change change);
  /// The worker is done with what it had before the last change(). Any thread.
  bool changed() const { return outputs_.changed(); }

  /// Any thread, at any time.
  const ProtocolCounters& protocol(decode::Protocol p) const {
    return protocols_[static_cast<std::size_t>(p)];
  }
  const ListenerCounters& listener(std::size_t inlet) const { return listeners_[inlet]; }
  const net::RefusedSources& refused() const { return refused_; }
  /// Null where routes are asked for nowhere.
  const bmp::FillCounters* filled() const { return filler_ ? &filler_->counters() : nullptr; }
  const DecodeTimeCounters& decode_time() const { return decode_time_; }
  std::uint64_t left_out() const { return outputs_.left_out(); }
  const enrich::EnrichCounters& enriched() const { return outputs_.enriched(); }
  /// Monotonic time of the loop's latest turn; a worker turns at least once a second.
  std::uint64_t heartbeat_ns() const { return heartbeat_ns_.load(std::memory_order_relaxed); }
  /// What ended the thread, if an exception did. After join().
  std::exception_ptr failure() const { return failure_; }
  bool failed() const { return failed_.load(std::memory_order_acquire); }

 private:
  void run();
  void take_change();
  void drain();
  std::size_t receive_all();
  std::size_t take_from_sessions();
  void take(std::size_t inlet, const net::DatagramBatch& batch);
  void refuse(std::size_t inlet, const IpAddress& source);
  decode::DecodeReport decode_one(std::size_t inlet, const decode::Datagram& datagram);
  void idle(std::size_t received);
  void count(const decode::Datagram& datagram, const decode::DecodeReport& report);

  const Options options_;
  const std::vector<Inlet> inlets_;
  const Sessions::Take take_message_;
  std::vector<int> fds_;
  net::DatagramBatch received_;
  decode::DatagramDecoder decoder_;
  FlowBatch flows_;
  std::optional<bmp::Filler> filler_;
  CurrentOutputs outputs_;
  const OnError on_error_;
  Nap nap_;
  net::WakeUp wake_;
  std::uint64_t now_ns_ = 0;
  std::uint64_t sample_ = 0;
  std::array<ProtocolCounters, static_cast<std::size_t>(decode::Protocol::count)> protocols_;
  std::vector<ListenerCounters> listeners_;
  net::RefusedSources refused_;
  DecodeTimeCounters decode_time_;
  std::atomic<std::uint64_t> heartbeat_ns_{0};
  std::atomic<bool> drain_{true};
  std::atomic<bool> stop_{false};
  std::atomic<bool> failed_{false};
  std::exception_ptr failure_;
  std::thread thread_;
};

}  // namespace sluice::worker
