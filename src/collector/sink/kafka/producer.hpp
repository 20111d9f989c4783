#pragma once
// One librdkafka producer and the thread that serves its delivery reports.
#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include "sink/books.hpp"
#include "sink/kafka/client.hpp"
#include "sink/tally.hpp"
#include "util/guarded.hpp"
#include "util/log_sink.hpp"

namespace sluice::sink {

/// The broker (or librdkafka) takes no record, or no batch of records, of this size.
bool is_size(rd_kafka_resp_err_t error);
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
  /// Nothing waits, or something has been delivered just now. Any thread.
  bool flows() const;
  /// Lets the thread flush until the deadline, then give up what is left; join() waits for it.
  void close(std::chrono::steady_clock::time_point deadline);
  void join();

 private:
  /// The broker's limit is for what librdkafka sends together, and that is settled when its handle is made.
  /// So where records are refused for their size, they go through another handle that puts fewer of them
  /// together: one at a time in the last.
  static constexpr unsigned kLevels = 3;
  struct Link {
    KafkaProducer* owner = nullptr;
    unsigned level = 0;
    std::size_t together = 0;  // bytes; a record of so many is sent alone
    KafkaHandle handle;
    KafkaTopic topic;  // declared last: it goes before the handle
  };
  struct Client {
    std::array<Link, kLevels> links;
    std::atomic<unsigned> made{0};  // of the links, from the first on; more are made by the thread alone
  };
  struct InFlight;

  std::shared_ptr<Client> make_client();
  void make_link(Client& client, unsigned level);
  Link* link_for(Client& client, unsigned level);
  std::shared_ptr<Client> client() const;
  void send_block(Link& link, BlockPtr block, std::int32_t partition);
  void send_rows(Link& link, BlockPtr block, std::int32_t partition);
  Fate count_refusal(rd_kafka_resp_err_t error, std::uint64_t flows, std::uint64_t bytes);
  void send_pieces(Link& link, InFlight& flight, std::vector<Bytes> pieces, std::int32_t partition,
                   LostRows& lost);
  bool send_again(const Link& link, InFlight& flight, const rd_kafka_message_t& message);
  void is_too_large(std::size_t bytes);
  void forget_limits();
  void warn_of_topic(rd_kafka_resp_err_t error) const;
  void serve(Client& client);
  static bool idle(const Client& client);
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
  // What the broker was seen to take; forgotten now and then, as a topic's limit may be raised.
  std::atomic<unsigned> level_{0};
  std::atomic<std::size_t> fits_{SIZE_MAX};
  std::uint64_t served_ns_ = 0;                 // monotonic, the thread's: before it asked for reports
  std::atomic<std::uint64_t> delivered_ns_{0};  // the latest of these times whose reports had a delivery
  std::atomic<bool> fatal_{false};
  std::atomic<bool> renewing_{false};
  std::atomic<bool> closing_{false};
  std::chrono::steady_clock::time_point deadline_{};  // written before closing_
  std::thread thread_;
};

}  // namespace sluice::sink
