#pragma once
// Kafka by librdkafka. One or more producers, each with a thread that serves its delivery reports, and one
// thread that keeps the topic's number of partitions. Nothing of it waits for a broker: an absent one shows
// in the counts and in the log.
//
// Blocks of batch framing become one record each and are not copied, but for format native, whose records are
// made of them (columns.hpp); in single and plain framing each row is
// a record with its own key. Worker w uses producer w % producers; a block goes to partition bucket %
// partitions, and wherever librdkafka likes while the partitions are not known. Memory in flight is bounded
// by `buffer_bytes` over all producers and open blocks, librdkafka's own bookkeeping for each record
// included. Nothing gets too old: while the broker is away, or refuses flows for a reason that passes (no
// such topic, no rights, replicas that are down), they wait and are sent again, and what comes when the
// budget is full is shed. Only where message.timeout.ms is among the properties, what is older fails.
//
// With a spool, what comes while nothing has been delivered for a second, or while more waits than there is
// budget left (open blocks are no matter), goes there, and so does all that would fail or is left at the end,
// but for records that no broker will take. What may have been written already is then sent again, too:
// nothing is lost, and some may be doubled.
#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "sink/settings.hpp"
#include "sink/sink.hpp"
#include "sluice/flow/user_fields.hpp"
#include "util/log_sink.hpp"

namespace sluice::sink {

class KafkaProducer;
class Spool;
class ExporterBooks;
class Tally;

class KafkaSink final : public Sink {
 public:
  /// Throws SetupError (factory.hpp) where librdkafka refuses the settings.
  /// `user_fields`: of format native, those that rows may have besides the table's; may be null.
  KafkaSink(std::string name, const Settings& settings, unsigned workers, LogFn log,
            UserFieldsPtr user_fields = nullptr);
  ~KafkaSink() override;

  void send(BlockPtr block, unsigned worker) override;
  void shed(std::span<const Block::ExporterCount> lost) override;
  void leave_out(std::span<const Block::ExporterCount> flows) override;
  void filter_out(std::span<const Block::ExporterCount> flows) override;
  std::shared_ptr<MemoryBudget> budget() const override { return budget_; }
  bool has_room(std::size_t bytes) const override;
  /// The topic's last known partitions, or the configured buckets.
  std::uint32_t buckets() const override;
  SinkStats stats() const override;
  std::vector<ExporterBook> books() const override;
  void forget(std::span<const IpAddress> exporters) override;
  bool ready_to_close() const override;
  void close(std::chrono::steady_clock::time_point deadline) override;

 private:
  void watch_partitions();
  std::int32_t partition_of(const Block& block) const;
  bool takes_spooled() const;
  void send_spooled(BlockPtr block);
  void ask_for_partitions();

  const std::string name_;
  const std::uint32_t unknown_buckets_;
  const std::shared_ptr<MemoryBudget> budget_;
  const std::unique_ptr<Tally> tally_;
  const std::unique_ptr<ExporterBooks> books_;
  const LogFn log_;
  std::unique_ptr<Spool> spool_;  // may be null
  std::vector<std::unique_ptr<KafkaProducer>> producers_;
  std::size_t next_producer_ = 0;             // of blocks from the spool; its thread's
  std::atomic<std::uint32_t> partitions_{0};  // 0: not known yet
  std::atomic<bool> closed_{false};
  std::mutex feeding_;  // held while a block from the spool is sent
  std::mutex mutex_;
  std::condition_variable wake_;
  std::thread watcher_;
};

}  // namespace sluice::sink
