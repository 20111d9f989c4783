#include "sink/kafka/producer.hpp"

#include <algorithm>
#include <array>

#include "sink/factory.hpp"
#include "sink/thread.hpp"

namespace sluice::sink {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

// librdkafka's message and the allocator's share, for each record it holds; its key is copied on top.
constexpr std::size_t kRecordOverhead = 256;
// Time to collect the reports of what was given up.
constexpr milliseconds kGrace{1000};
constexpr milliseconds kServe{100};

int milliseconds_until(steady_clock::time_point deadline) {
  const auto left = std::chrono::duration_cast<milliseconds>(deadline - steady_clock::now()).count();
  return static_cast<int>(std::clamp<std::int64_t>(left, 0, 1'000'000'000));
}

// librdkafka takes what it only reads by pointers to non-const.
void* readable(const std::byte* bytes) { return const_cast<std::byte*>(bytes); }

}  // namespace

/// Holds a block until librdkafka has reported on its last record.
struct KafkaProducer::InFlight {
  BlockPtr block;
  ExporterBooks::Ticket ticket;
  Charge overhead;
  bool row_wise = false;
  LostRows refused;                    // written by the sender alone
  LostRows reported;                   // and this by whoever brings the reports
  std::atomic<std::uint32_t> left{1};  // reports to come, and the sender until it is done
  std::atomic<rd_kafka_resp_err_t> error{RD_KAFKA_RESP_ERR_NO_ERROR};

  void count_row(std::vector<std::uint32_t>& lost, std::size_t row) const {
    lost.resize(block->exporters.size());
    ++lost[block->row_exporters[row]];
  }
  /// The row that is this record's value: librdkafka hands back the pointer it was given.
  std::size_t row_of(const rd_kafka_message_t& message) const {
    const auto begin = static_cast<const std::byte*>(message.payload) - block->bytes.data();
    return static_cast<std::size_t>(
        std::ranges::upper_bound(block->row_ends, static_cast<std::uint32_t>(begin)) -
        block->row_ends.begin());
  }
  /// After the last report.
  LostRows lost() {
    if (refused.failed.empty()) return {std::move(reported.failed), std::move(refused.shed)};
    for (std::size_t i = 0; i < reported.failed.size(); ++i) refused.failed[i] += reported.failed[i];
    return std::move(refused);
  }
};

KafkaProducer::KafkaProducer(std::string sink_name, unsigned index, Settings settings, Tally& tally,
                             ExporterBooks& books, std::shared_ptr<MemoryBudget> budget, LogFn log)
    : sink_name_(std::move(sink_name)),
      index_(index),
      settings_(std::move(settings)),
      tally_(tally),
      books_(books),
      budget_(std::move(budget)),
      log_(std::move(log)) {
  client_.with([&](auto& current) { current = make_client(); });
  thread_ = start_thread("kafka." + std::to_string(index_), [this] { run(); });
}

KafkaProducer::~KafkaProducer() {
  close(steady_clock::now());
  join();
}

std::shared_ptr<KafkaProducer::Client> KafkaProducer::make_client() {
  KafkaConf conf = make_kafka_conf(sink_name_, settings_);
  rd_kafka_conf_set_opaque(conf.get(), this);
  rd_kafka_conf_set_dr_msg_cb(conf.get(), &KafkaProducer::on_delivery);
  rd_kafka_conf_set_error_cb(conf.get(), &KafkaProducer::on_error);
  rd_kafka_conf_set_log_cb(conf.get(), &KafkaProducer::on_log);
  std::array<char, 512> why{};
  auto fresh = std::make_shared<Client>();
  fresh->handle.reset(rd_kafka_new(RD_KAFKA_PRODUCER, conf.get(), why.data(), why.size()));
  const std::string where = "sinks." + sink_name_;
  if (!fresh->handle) throw SetupError(where + ": librdkafka refuses the settings: " + why.data());
  conf.release();  // the handle owns it now
  fresh->topic.reset(rd_kafka_topic_new(fresh->handle.get(), settings_.kafka()->topic.c_str(), nullptr));
  if (!fresh->topic)
    throw SetupError(where + ".topic: librdkafka refuses \"" + settings_.kafka()->topic +
                     "\": " + rd_kafka_err2str(rd_kafka_last_error()));
  return fresh;
}

std::shared_ptr<KafkaProducer::Client> KafkaProducer::client() const {
  return client_.with([](const auto& current) { return current; });
}

void KafkaProducer::send(BlockPtr block, std::int32_t partition) {
  tally_.produced(block->flows, block->bytes.size());
  const auto current = client();
  block->row_ends.empty() ? send_block(*current, std::move(block), partition)
                          : send_rows(*current, std::move(block), partition);
}

void KafkaProducer::send_block(Client& client, BlockPtr block, std::int32_t partition) {
  const Block& it = *block;
  auto flight = std::make_unique<InFlight>();
  flight->block = std::move(block);
  flight->ticket = books_.take(it);
  if (rd_kafka_produce(client.topic.get(), partition, 0, readable(it.bytes.data()), it.bytes.size(), nullptr,
                       0, flight.get()) != 0) {
    books_.settle(flight->ticket, count_refusal(rd_kafka_last_error(), it.flows, it.bytes.size()));
    return;
  }
  flight.release();  // on_delivery() owns it
}

void KafkaProducer::send_rows(Client& client, BlockPtr block, std::int32_t partition) {
  const Block& it = *block;
  const std::size_t rows = it.row_ends.size();
  auto overhead = Charge::take(budget_, rows * kRecordOverhead + it.keys.size());
  if (!overhead) {
    tally_.shed(it.flows, it.bytes.size());
    books_.shed(it.exporters);
    return;
  }
  auto* const flight = new InFlight;  // release() deletes it after the last report
  flight->block = std::move(block);
  flight->overhead = std::move(*overhead);
  flight->row_wise = true;
  flight->ticket = books_.take(it);
  flight->left = static_cast<std::uint32_t>(rows) + 1;

  std::uint32_t refused = 0;
  std::array<rd_kafka_message_t, 256> messages;
  std::size_t row_begin = 0;
  std::size_t key_begin = 0;
  for (std::size_t done = 0; done < rows;) {
    const std::size_t n = std::min(messages.size(), rows - done);
    for (std::size_t i = 0; i < n; ++i, ++done) {
      rd_kafka_message_t& message = messages[i] = {};
      message.payload = readable(it.bytes.data() + row_begin);
      message.len = it.row_ends[done] - row_begin;
      row_begin = it.row_ends[done];
      if (!it.key_ends.empty()) {
        message.key = readable(it.keys.data() + key_begin);
        message.key_len = it.key_ends[done] - key_begin;
        key_begin = it.key_ends[done];
      }
      message._private = flight;
    }
    const int count = static_cast<int>(n);
    if (rd_kafka_produce_batch(client.topic.get(), partition, 0, messages.data(), count) == count) continue;
    for (std::size_t i = 0; i < n; ++i) {
      if (messages[i].err == RD_KAFKA_RESP_ERR_NO_ERROR) continue;
      ++refused;
      const Fate fate = count_refusal(messages[i].err, 1, messages[i].len);
      flight->count_row(fate == Fate::shed ? flight->refused.shed : flight->refused.failed, done - n + i);
    }
  }
  if (refused) flight->error = RD_KAFKA_RESP_ERR__QUEUE_FULL;
  release(flight, refused + 1);
}

Fate KafkaProducer::count_refusal(rd_kafka_resp_err_t error, std::uint64_t flows, std::uint64_t bytes) {
  if (error == RD_KAFKA_RESP_ERR__QUEUE_FULL) {
    tally_.shed(flows, bytes);
    return Fate::shed;
  }
  tally_.failed(fail_reason(error), flows, bytes);
  return Fate::failed;
}

void KafkaProducer::on_delivery(rd_kafka_t*, const rd_kafka_message_t* message, void* opaque) {
  auto& self = *static_cast<KafkaProducer*>(opaque);
  auto* const flight = static_cast<InFlight*>(message->_private);
  const std::uint64_t flows = flight->row_wise ? 1 : flight->block->flows;
  if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
    self.tally_.delivered(flows, message->len);
  } else {
    FailReason reason = fail_reason(message->err);
    if (reason == FailReason::shutdown && self.renewing_) reason = FailReason::fatal;
    self.tally_.failed(reason, flows, message->len);
    flight->error = message->err;
    if (flight->row_wise) flight->count_row(flight->reported.failed, flight->row_of(*message));
  }
  self.release(flight, 1);
}

void KafkaProducer::release(InFlight* flight, std::uint32_t rows) {
  if (flight->left.fetch_sub(rows, std::memory_order_acq_rel) != rows) return;
  const std::unique_ptr<InFlight> last(flight);
  const rd_kafka_resp_err_t error = last->error;
  if (last->row_wise)
    books_.settle(last->ticket, last->lost());
  else
    books_.settle(last->ticket, error == RD_KAFKA_RESP_ERR_NO_ERROR ? Fate::delivered : Fate::failed);
  if (error == RD_KAFKA_RESP_ERR_NO_ERROR)
    tally_.block_delivered();
  else if (fail_reason(error) != FailReason::shutdown && error != RD_KAFKA_RESP_ERR__QUEUE_FULL)
    // Once a block, and in words that do not change, so that repeats can be folded into one line.
    log_(LogLevel::error, "sink " + sink_name_ + ": flows lost: " + rd_kafka_err2str(error));
}

void KafkaProducer::on_error(rd_kafka_t*, int error, const char* reason, void* opaque) {
  auto& self = *static_cast<KafkaProducer*>(opaque);
  self.tally_.error();
  if (error == RD_KAFKA_RESP_ERR__FATAL) self.fatal_ = true;
  self.log_(LogLevel::warning, "sink " + self.sink_name_ + ": " + reason);
}

void KafkaProducer::on_log(const rd_kafka_t* handle, int level, const char* facility, const char* text) {
  const auto& self = *static_cast<const KafkaProducer*>(rd_kafka_opaque(handle));
  // What fails is told by on_error() too, in better words.
  const bool doubled = std::string_view(facility) == "FAIL" || std::string_view(facility) == "ERROR";
  const LogLevel ours = doubled || level > 5 ? LogLevel::debug
                        : level > 4          ? LogLevel::info
                                             : LogLevel::warning;
  self.log_(ours, "sink " + self.sink_name_ + ": librdkafka " + facility + ": " + text);
}

std::uint32_t KafkaProducer::ask_partitions(milliseconds timeout) {
  const auto current = client();
  const rd_kafka_metadata_t* metadata = nullptr;
  if (rd_kafka_metadata(current->handle.get(), 0, current->topic.get(), &metadata,
                        static_cast<int>(timeout.count())) != RD_KAFKA_RESP_ERR_NO_ERROR)
    return 0;
  std::uint32_t partitions = 0;
  if (metadata->topic_cnt == 1 && metadata->topics[0].err == RD_KAFKA_RESP_ERR_NO_ERROR)
    partitions = static_cast<std::uint32_t>(metadata->topics[0].partition_cnt);
  else if (metadata->topic_cnt == 1)
    log_(LogLevel::warning, "sink " + sink_name_ + ": topic " + settings_.kafka()->topic + ": " +
                                rd_kafka_err2str(metadata->topics[0].err));
  rd_kafka_metadata_destroy(metadata);
  return partitions;
}

void KafkaProducer::run() {
  auto next_renewal = steady_clock::now();
  while (!closing_) {
    rd_kafka_poll(client()->handle.get(), static_cast<int>(kServe.count()));
    if (fatal_ && steady_clock::now() >= next_renewal) {
      next_renewal = steady_clock::now() + std::chrono::seconds(5);
      renew();
    }
  }
  drain(*client(), deadline_);
}

/// librdkafka's idempotent producer refuses everything after a fatal error (a topic that was made anew is
/// enough), for good. A daemon goes on with a new one; what the old one held is lost and counted.
void KafkaProducer::renew() {
  std::shared_ptr<Client> old;
  try {
    auto fresh = make_client();
    fatal_ = false;
    client_.with([&](auto& current) { old = std::exchange(current, std::move(fresh)); });
  } catch (const SetupError& error) {
    log_(LogLevel::error, error.what());
    return;
  }
  log_(LogLevel::warning, "sink " + sink_name_ + ": a new producer replaces the one that failed");
  while (old.use_count() > 1 && !closing_) std::this_thread::sleep_for(milliseconds(1));
  renewing_ = true;
  give_up(*old);
  renewing_ = false;
}

void KafkaProducer::drain(Client& client, steady_clock::time_point deadline) {
  rd_kafka_flush(client.handle.get(), milliseconds_until(deadline));
  give_up(client);
}

void KafkaProducer::give_up(Client& client) {
  rd_kafka_t* const handle = client.handle.get();
  if (rd_kafka_outq_len(handle) == 0) return;
  rd_kafka_purge(handle, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT | RD_KAFKA_PURGE_F_NON_BLOCKING);
  const auto end = steady_clock::now() + kGrace;
  while (rd_kafka_outq_len(handle) > 0 && steady_clock::now() < end) rd_kafka_poll(handle, 10);
}

void KafkaProducer::close(steady_clock::time_point deadline) {
  if (closing_) return;
  deadline_ = deadline;
  closing_ = true;
}

void KafkaProducer::join() {
  if (thread_.joinable()) thread_.join();
}

}  // namespace sluice::sink
