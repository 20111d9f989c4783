#pragma once
// One librdkafka producer and the thread that serves its delivery reports.
#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "sink/books.hpp"
#include "sink/kafka/client.hpp"
#include "sink/kafka/columns.hpp"
#include "sink/kafka/in_flight.hpp"
#include "sink/kafka/token.hpp"
#include "sink/say.hpp"
#include "sink/tally.hpp"
#include "util/guarded.hpp"
#include "util/log_sink.hpp"

namespace sluice::sink {

/// The log's words for flows that there was no room for.
inline constexpr const char* kShed = "flows are shed: buffer_bytes is full of what Kafka has not confirmed";

class Spool;

class KafkaProducer {
 public:
  /// Throws SetupError. The tally, the books and the spool (which may be null: none) outlive the producer.
  KafkaProducer(std::string sink_name, unsigned index, Settings settings, Tally& tally, ExporterBooks& books,
                std::shared_ptr<MemoryBudget> budget, std::shared_ptr<TokenSource> tokens, Spool* spool,
                LogFn log, const UserFieldsPtr& user_fields);
  ~KafkaProducer();  ///< closes at once if close() was not called

  /// Counts the block's flows and hands it to librdkafka. Any thread; never waits, and does not throw: a
  /// block that there is no memory for goes to the spool, or is shed.
  void send(BlockPtr block, std::int32_t partition);
  /// The same of one whose flows are kept in the books, from the spool.
  void send_kept(BlockPtr block, std::int32_t partition);
  /// Something waits, and for a second nothing has been delivered: more would only wait too. Any thread.
  bool stalled() const { return stalled_; }
  /// Asks the brokers for the topic, so that all of its clients know of partitions that were added. Waits:
  /// not for workers.
  void ask_topic(std::chrono::milliseconds timeout);
  /// It should be asked for soon.
  bool wants_topic() const;
  /// The topic's partitions that are known to all clients; 0: not yet.
  std::uint32_t partitions() const { return partitions_; }
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
  std::shared_ptr<Client> make_client();
  void make_link(Client& client, unsigned level);
  Link* link_for(Client& client, unsigned level);
  Link& usual_link(Client& client) const;
  std::shared_ptr<Client> client() const;
  using Take = ExporterBooks::Ticket (ExporterBooks::*)(const Block&);
  void send(BlockPtr block, std::int32_t partition, Take take);
  void refuse(BlockPtr block, Take take);
  std::unique_ptr<InFlight> flight_of(const BlockPtr& block, Take take);
  void send_block(Link& link, BlockPtr block, std::int32_t partition, Take take);
  void send_rows(Link& link, BlockPtr block, std::int32_t partition, Take take);
  void fail_kept(const InFlight& flight, LostRecords& lost);
  BlockPtr rest(const BlockPtr& block, std::vector<Bytes> records) const;
  void put_away(const Block& block, BlockPtr rest);
  static std::vector<Bytes> whole(Bytes record);
  std::vector<Bytes> halves(Bytes record) const;
  void look_whether_it_flows();
  void give_pieces(Link& link, InFlight& flight, const std::vector<Bytes>& pieces, std::int32_t partition,
                   LostRecords& lost);
  void give(Link& link, InFlight& flight, const Record& record, LostRecords& lost);
  rd_kafka_resp_err_t attempt(Link& link, InFlight& flight, const Record& record, LostRecords& lost);
  rd_kafka_resp_err_t produce(const Link& link, InFlight& flight, const Record& record);
  rd_kafka_resp_err_t produce_columns(const Link& link, InFlight& flight, const Record& record);
  rd_kafka_resp_err_t produce(const Link& link, Bytes bytes, Bytes key, std::int32_t partition, void* opaque);
  void delivered(const Link& link, const rd_kafka_message_t& message, InFlight& flight, Bytes rows);
  void say_elsewhere();
  void hold(rd_kafka_resp_err_t why);
  void release_hold();
  void send_waiting(Client& client);
  bool send_first(Client& client);
  bool send_again(const Link& link, InFlight& flight, const rd_kafka_message_t& message, Bytes rows);
  bool send_smaller(const Link& link, InFlight& flight, const rd_kafka_message_t& message, Bytes rows);
  void lose(InFlight& flight, Bytes record, rd_kafka_resp_err_t error, LostRecords& lost);
  void is_too_large(std::size_t bytes);
  void forget_limits();
  std::uint32_t ask_partitions(const Link& link, std::chrono::milliseconds timeout) const;
  void warn_of_topic(rd_kafka_resp_err_t error) const;
  void serve(Client& client);
  static bool idle(const Client& client);
  void release(InFlight* flight, std::uint32_t rows);
  void run();
  void turn();
  void renew_if_fatal();
  void renew();
  void drain(std::chrono::steady_clock::time_point deadline);
  void give_up(Client& client);

  template <class Sentence>
  void say(LogLevel level, Sentence&& sentence) const {
    sink::say(log_, level, sink_name_, std::forward<Sentence>(sentence));
  }

  // From C, so that nothing may be thrown.
  static void on_delivery(rd_kafka_t* handle, const rd_kafka_message_t* message, void* self);
  static void on_error(rd_kafka_t* handle, int error, const char* reason, void* self);
  static void on_token_wanted(rd_kafka_t* handle, const char* config, void* self);
  static void on_log(const rd_kafka_t* handle, int level, const char* facility, const char* text);

  const std::string sink_name_;
  const unsigned index_;
  const Settings settings_;
  Tally& tally_;
  ExporterBooks& books_;
  const std::shared_ptr<MemoryBudget> budget_;
  const std::shared_ptr<TokenSource> tokens_;     // null: no OAUTHBEARER
  Spool* const spool_;                            // may be null
  const std::unique_ptr<ColumnRecords> columns_;  // null: records are rows as they are
  const LogFn log_;
  // Replaced only by the thread, after a fatal error of librdkafka's.
  Guarded<std::shared_ptr<Client>> client_;
  // What the broker was seen to take; forgotten now and then, as a topic's limit may be raised.
  std::atomic<unsigned> level_{0};
  std::atomic<std::size_t> fits_{SIZE_MAX};
  std::uint64_t served_ns_ = 0;                 // monotonic, the thread's: before it asked for reports
  std::atomic<std::uint64_t> delivered_ns_{0};  // the latest of these times whose reports had a delivery
  // What was refused for a reason that passes, and the last such reason while there is one: until something
  // is delivered again, whatever comes waits too.
  WaitingRecords waiting_;
  std::atomic<rd_kafka_resp_err_t> held_{RD_KAFKA_RESP_ERR_NO_ERROR};
  std::chrono::steady_clock::time_point next_probe_{}, next_renewal_{}, next_look_{};  // the thread's
  std::atomic<std::uint32_t> partitions_{0};
  std::atomic<bool> ask_again_{false};
  std::uint64_t flowed_ns_ = 0;  // monotonic, the thread's
  std::atomic<bool> stalled_{false};
  std::atomic<bool> fatal_{false};
  std::atomic<bool> giving_up_{false};
  std::atomic<bool> closing_{false};
  std::chrono::steady_clock::time_point deadline_{};  // written before closing_
  std::thread thread_;
};

}  // namespace sluice::sink
