#pragma once
// Kafka by librdkafka. One or more producers, each with a thread that serves its delivery reports, and one
// thread that keeps the topic's number of partitions. Nothing of it waits for a broker: an absent one shows
// in the counts and in the log.
//
// Blocks of batch framing become one record each and are not copied; in single and plain framing each row is
// a record with its own key. Worker w uses producer w % producers; a block goes to partition bucket %
// partitions, and wherever librdkafka likes while the partitions are not known. Memory in flight is bounded
// by `buffer_bytes` over all producers and open blocks, librdkafka's own bookkeeping for each record
// included. While the broker is away, records wait until they are message.timeout.ms old (300 s) and then
// fail; what comes when the budget is full is shed.
#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "sink/settings.hpp"
#include "sink/sink.hpp"
#include "util/log_sink.hpp"

namespace sluice::sink {

class KafkaProducer;
class ExporterBooks;
class Tally;

class KafkaSink final : public Sink {
 public:
  /// Throws SetupError (factory.hpp) where librdkafka refuses the settings.
  KafkaSink(std::string name, const Settings& settings, unsigned workers, LogFn log);
  ~KafkaSink() override;

  void send(BlockPtr block, unsigned worker) override;
  void shed(std::span<const Block::ExporterCount> lost) override;
  void leave_out(std::span<const Block::ExporterCount> flows) override;
  std::shared_ptr<MemoryBudget> budget() const override { return budget_; }
  /// The topic's last known partitions, or the configured buckets.
  std::uint32_t buckets() const override;
  SinkStats stats() const override;
  std::vector<ExporterBook> books() const override;
  void forget(std::span<const IpAddress> exporters) override;
  bool ready_to_close() const override;
  void close(std::chrono::steady_clock::time_point deadline) override;

 private:
  void watch_partitions();

  const std::string name_;
  const std::uint32_t unknown_buckets_;
  const std::shared_ptr<MemoryBudget> budget_;
  const std::unique_ptr<Tally> tally_;
  const std::unique_ptr<ExporterBooks> books_;
  std::vector<std::unique_ptr<KafkaProducer>> producers_;
  std::atomic<std::uint32_t> partitions_{0};  // 0: not known yet
  std::atomic<bool> closed_{false};
  std::mutex mutex_;
  std::condition_variable wake_;
  std::thread watcher_;
};

}  // namespace sluice::sink
