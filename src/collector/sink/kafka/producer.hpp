#pragma once
// One librdkafka producer and the thread that serves its delivery reports.
#include <atomic>
#include <chrono>
#include <string>
#include <thread>

#include "sink/books.hpp"
#include "sink/kafka/client.hpp"
#include "sink/tally.hpp"
#include "util/guarded.hpp"
#include "util/log_sink.hpp"

namespace sluice::sink {

/// The bounded set of reasons that librdkafka's and the broker's errors are counted by.
FailReason fail_reason(rd_kafka_resp_err_t error);

class KafkaProducer {
 public:
  /// Throws SetupError. The tally and the books outlive the producer.
  KafkaProducer(std::string sink_name, unsigned index, Settings settings, Tally& tally, ExporterBooks& books,
                std::shared_ptr<MemoryBudget> budget, LogFn log);
  ~KafkaProducer();  ///< closes at once if close() was not called

  /// Counts the block's flows and hands it to librdkafka. Any thread; never waits.
  void send(BlockPtr block, std::int32_t partition);
  /// The topic's partitions, asked from a broker; 0 where none answers in time. Waits: not for workers.
  std::uint32_t ask_partitions(std::chrono::milliseconds timeout);
  /// Lets the thread flush until the deadline, then give up what is left; join() waits for it.
  void close(std::chrono::steady_clock::time_point deadline);
  void join();

 private:
  struct Client {
    KafkaHandle handle;
    KafkaTopic topic;  // declared last: it goes before the handle
  };
  struct InFlight;

  std::shared_ptr<Client> make_client();
  std::shared_ptr<Client> client() const;
  void send_block(Client& client, BlockPtr block, std::int32_t partition);
  void send_rows(Client& client, BlockPtr block, std::int32_t partition);
  Fate count_refusal(rd_kafka_resp_err_t error, std::uint64_t flows, std::uint64_t bytes);
  void release(InFlight* flight, std::uint32_t rows);
  void run();
  void renew();
  void drain(Client& client, std::chrono::steady_clock::time_point deadline);
  void give_up(Client& client);

  static void on_delivery(rd_kafka_t* handle, const rd_kafka_message_t* message, void* self);
  static void on_error(rd_kafka_t* handle, int error, const char* reason, void* self);
  static void on_log(const rd_kafka_t* handle, int level, const char* facility, const char* text);

  const std::string sink_name_;
  const unsigned index_;
  const Settings settings_;
  Tally& tally_;
  ExporterBooks& books_;
  const std::shared_ptr<MemoryBudget> budget_;
  const LogFn log_;
  // Replaced only by the thread, after a fatal error of librdkafka's.
  Guarded<std::shared_ptr<Client>> client_;
  std::atomic<bool> fatal_{false};
  std::atomic<bool> renewing_{false};
  std::atomic<bool> closing_{false};
  std::chrono::steady_clock::time_point deadline_{};  // written before closing_
  std::thread thread_;
};

}  // namespace sluice::sink
