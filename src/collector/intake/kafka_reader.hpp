#pragma once
// Reads flows from a topic as a member of a consumer group, and hands them to sinks: a thread beside the
// workers, which goes their way behind the decoder. Offsets are committed once the flows before them are
// settled: delivered to every sink, refused by it for good, or on its spool's disk for sure. So a crash costs
// nothing, and what was not committed is read again.
//
// A sink that is full is waited for, since the topic keeps what is not read: nothing is shed. Whoever waits
// stays in its group. When a partition goes to another reader, what was read of it is given some seconds to
// be delivered and is committed; what is not delivered by then the other reads again, and is counted as
// returned.
#include <librdkafka/rdkafka.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <exception>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "intake/counts.hpp"
#include "intake/record_reader.hpp"
#include "intake/settings.hpp"
#include "intake/unsettled.hpp"
#include "util/counter.hpp"
#include "util/guarded.hpp"
#include "util/log_sink.hpp"
#include "worker/current_outputs.hpp"

namespace sluice::sink {
class TokenSource;
}

namespace sluice::intake {

struct CloseConsumer {
  void operator()(rd_kafka_t* handle) const {
    rd_kafka_destroy_flags(handle, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
  }
};

class KafkaReader {
 public:
  using Clock = std::chrono::steady_clock;
  static constexpr std::chrono::milliseconds kLeaveIn{1000};
  struct Making {
    std::string source;  ///< its name
    const Settings& settings;
    unsigned index;  ///< among all that hand blocks to sinks
    const std::vector<worker::OutputTo>& targets;
    enrich::Settings enrich;
    UserFieldsPtr user_fields;  ///< may be null
    LogFn log;
  };

  /// The sinks behind the targets outlive it. Throws SetupError where librdkafka refuses the settings.
  explicit KafkaReader(Making making);
  ~KafkaReader();

  void start();
  /// Asks the thread to read no more, deliver what it has read until the deadline, commit that and leave, for
  /// which it takes kLeaveIn more at the most. May be called again, with an earlier one.
  void stop(Clock::time_point deadline);
  void join();

  /// As Worker::change().
  void change(worker::CurrentOutputs::Change change) { outputs_.change(std::move(change)); }
  bool changed() const { return outputs_.changed(); }

  // Any thread.

  SourceStats stats() const;
  std::uint64_t left_out() const { return outputs_.left_out(); }
  const enrich::EnrichCounters& enriched() const { return outputs_.enriched(); }
  /// Monotonic time of the latest turn; there is one at least once a second, but while a partition is given
  /// away.
  std::uint64_t heartbeat_ns() const { return heartbeat_ns_.load(std::memory_order_relaxed); }
  std::exception_ptr failure() const { return failure_; }  ///< after join()
  bool failed() const { return failed_.load(std::memory_order_acquire); }

 private:
  struct FreeMessage {
    void operator()(rd_kafka_message_t* message) const { rd_kafka_message_destroy(message); }
  };
  using Message = std::unique_ptr<rd_kafka_message_t, FreeMessage>;
  /// A partition that is ours now.
  struct Owned {
    std::uint64_t since = 0;           // which assignment made it ours
    std::int64_t next_offset = -1;     // to be read; -1: nothing was yet
    std::int64_t settled_offset = -1;  // to be committed
    bool asked = false;                // the broker was, for what is committed
    std::int64_t committed_offset = -1;
  };
  struct Line;
  struct Left;
  using Handle = std::unique_ptr<rd_kafka_t, CloseConsumer>;
  using Partitions = std::map<std::int32_t, Counts<PartitionCount>>;

  void make_handle();
  void run();
  void subscribe();
  void turn();
  void take_change();
  void read_some();
  Message next(std::chrono::milliseconds timeout);
  Message poll(std::chrono::milliseconds timeout);
  void take(const rd_kafka_message_t& message);
  void restart(std::int32_t partition, Owned& owned, std::int64_t offset);
  void read_record(const rd_kafka_message_t& message);
  bool write_batch();
  void hand_over_batch();
  bool wait_for_room();
  bool have_room();
  void pause();
  void resume();
  void told(rd_kafka_resp_err_t of_all, const rd_kafka_topic_partition_list_t& partitions,
            std::string_view words) const;
  void begin_step();
  void end_step();
  void settle();
  void settle_until(Clock::time_point deadline);
  void commit_due();
  bool commit_until(Clock::time_point deadline);
  void committed(const rd_kafka_topic_partition_list_t& offsets);
  void ask_what_is_committed();
  void look_at_lag();
  void tell_bad(const rd_kafka_message_t& message, const Counts<Bad>& before);
  void take_on(const rd_kafka_topic_partition_list_t& partitions);
  void give_away(const rd_kafka_topic_partition_list_t& partitions, bool lost);
  void forget(std::int32_t partition);
  void finish();
  bool answers_until(Clock::time_point deadline);
  void leave_in_silence();
  void forget_all();
  template <class Work>
  bool insist(Work&& work);
  template <class Work>
  void shielded(Work&& work) const;
  void error(rd_kafka_resp_err_t code, std::string_view words) const;
  template <class Sentence>
  void say(LogLevel level, Sentence&& sentence) const;

  static void on_rebalance(rd_kafka_t* handle, rd_kafka_resp_err_t error,
                           rd_kafka_topic_partition_list_t* partitions, void* opaque);
  static void on_commit(rd_kafka_t* handle, rd_kafka_resp_err_t error,
                        rd_kafka_topic_partition_list_t* offsets, void* opaque);
  static void on_error(rd_kafka_t* handle, int error, const char* reason, void* opaque);
  static void on_log(const rd_kafka_t* handle, int level, const char* facility, const char* text);
  static void on_token_wanted(rd_kafka_t* handle, const char* config, void* opaque);

  const std::string source_;
  const Settings settings_;
  const LogFn log_;
  std::shared_ptr<sink::TokenSource> tokens_;
  worker::CurrentOutputs outputs_;
  RecordReader records_;
  Unsettled unsettled_;
  std::shared_ptr<const void> mark_;  // of the step that is open; null: none is
  std::map<std::int32_t, Owned> owned_;
  std::uint64_t assignments_ = 0;
  bool paused_ = false;
  bool waiting_ = false;
  bool giving_away_ = false;
  bool committing_ = false;
  std::uint64_t now_ns_ = 0;
  Clock::time_point next_commit_{}, next_look_{}, next_bad_{};

  Counts<SourceCount, Counter> counts_;
  Counts<Bad, Counter> bad_;
  Guarded<Partitions> partitions_;
  mutable std::atomic<std::uint64_t> errors_{0};  // librdkafka's threads count them too
  std::atomic<std::uint64_t> heartbeat_ns_{0};
  std::atomic<bool> stop_{false};
  std::atomic<bool> failed_{false};
  std::atomic<Clock::time_point> deadline_{Clock::time_point::max()};
  std::exception_ptr failure_;
  bool silent_ = false;  // the group was not told of the end
  std::unique_ptr<Line> line_;
  Handle handle_;
  std::deque<Message> held_;  // came while a sink was waited for; they go before the handle
  std::thread thread_;
};

}  // namespace sluice::intake
