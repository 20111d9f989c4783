#include "sink/kafka/producer.hpp"

#include <algorithm>
#include <array>

#include "sink/factory.hpp"
#include "sink/kafka/pieces.hpp"
#include "sink/thread.hpp"
#include "util/clock.hpp"

namespace sluice::sink {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

// librdkafka's message and the allocator's share, for each record it holds; its key is copied on top.
constexpr std::size_t kRecordOverhead = 256;
// Time to collect the reports of what was given up.
constexpr milliseconds kGrace{1000};
constexpr milliseconds kServe{100};
constexpr milliseconds kServeEach{5};  // where there are several links
// Bytes that are sent together, by level: what the settings say, less than the smallest limit that makes
// sense, and one record at a time.
constexpr std::array<std::size_t, 3> kTogether{SIZE_MAX, 16384, 1};
// Something was delivered within this: the broker takes flows.
constexpr std::uint64_t kFlowsNs = kNsPerSecond / 4;
// What the broker was seen to take counts for so long.
constexpr std::chrono::minutes kLimitsHold{10};
// Blocks are cut no finer than this before the broker has refused them.
constexpr std::size_t kSmallestPiece = 4096;

/// A broker that has just been started says both; whoever reads the log for the first time should know.
constexpr std::string_view kTopicPasses =
    "; this passes as soon as the topic is there, and most brokers make it now";
constexpr std::string_view kProducerIdPasses = "; this passes once the broker is up as a whole";

std::string_view comfort_of(std::string_view facility, std::string_view text) {
  const bool passes = facility == "GETPID" && text.ends_with("retrying");
  return passes ? kProducerIdPasses : std::string_view();
}

/// Somewhat more than the half, so that two pieces are enough.
std::size_t smaller_than(std::size_t bytes) { return bytes / 8 * 5 + bytes % 8 / 2; }

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

  /// The row that begins there: librdkafka hands back the pointer it was given.
  std::size_t row_at(const std::byte* begin) const {
    return static_cast<std::size_t>(
        std::ranges::upper_bound(block->row_ends, static_cast<std::uint32_t>(begin - block->bytes.data())) -
        block->row_ends.begin());
  }
  bool whole(Bytes record) const { return record.size() == block->bytes.size(); }
  std::uint32_t flows_of(Bytes record, encode::Format format) const {
    return row_wise ? 1 : whole(record) ? block->flows : count_rows(record, format);
  }
  void count_lost(std::vector<std::uint32_t>& lost, Bytes record, encode::Format format) const {
    if (row_wise) return count_by_exporter(*block, row_at(record.data()), 1, lost);
    if (whole(record)) return count_by_exporter(*block, 0, block->flows, lost);
    const Bytes before(block->bytes.data(), record.data());
    count_by_exporter(*block, count_rows(before, format), count_rows(record, format), lost);
  }
  /// After the last report.
  LostRows lost() {
    add(refused.failed, reported.failed);
    add(refused.shed, reported.shed);
    return std::move(refused);
  }
  static void add(std::vector<std::uint32_t>& sum, const std::vector<std::uint32_t>& more) {
    sum.resize(std::max(sum.size(), more.size()));
    for (std::size_t i = 0; i < more.size(); ++i) sum[i] += more[i];
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
  auto fresh = std::make_shared<Client>();
  make_link(*fresh, 0);
  return fresh;
}

void KafkaProducer::make_link(Client& client, unsigned level) {
  Link& link = client.links[level];
  link.owner = this;
  link.level = level;
  KafkaConf conf = make_kafka_conf(sink_name_, settings_);
  std::array<char, 512> why{};
  if (level > 0) {
    const std::size_t together = std::min(kTogether[level], client.links[0].together);
    rd_kafka_conf_set(conf.get(), "batch.size", std::to_string(together).c_str(), why.data(), why.size());
  }
  link.together = batch_bytes(conf.get());
  rd_kafka_conf_set_opaque(conf.get(), &link);
  rd_kafka_conf_set_dr_msg_cb(conf.get(), &KafkaProducer::on_delivery);
  rd_kafka_conf_set_error_cb(conf.get(), &KafkaProducer::on_error);
  rd_kafka_conf_set_log_cb(conf.get(), &KafkaProducer::on_log);
  link.handle = make_kafka_handle(RD_KAFKA_PRODUCER, std::move(conf), sink_name_, settings_);
  link.topic.reset(rd_kafka_topic_new(link.handle.get(), settings_.kafka()->topic.c_str(), nullptr));
  if (!link.topic)
    throw SetupError("sinks." + sink_name_ + ".topic", "librdkafka refuses \"" + settings_.kafka()->topic +
                                                           "\": " + rd_kafka_err2str(rd_kafka_last_error()));
  client.made.store(level + 1, std::memory_order_release);
}

/// The thread's alone. Null where it cannot be made.
KafkaProducer::Link* KafkaProducer::link_for(Client& client, unsigned level) {
  try {
    while (client.made <= level) make_link(client, client.made);
  } catch (const SetupError& error) {
    log_(LogLevel::error, error.what());
    return nullptr;
  }
  return &client.links[level];
}

std::shared_ptr<KafkaProducer::Client> KafkaProducer::client() const {
  return client_.with([](const auto& current) { return current; });
}

void KafkaProducer::send(BlockPtr block, std::int32_t partition) {
  tally_.produced(block->flows, block->bytes.size());
  const auto current = client();
  const unsigned made = current->made.load(std::memory_order_acquire);
  Link& link = current->links[std::min(level_.load(std::memory_order_relaxed), made - 1)];
  block->row_ends.empty() ? send_block(link, std::move(block), partition)
                          : send_rows(link, std::move(block), partition);
}

void KafkaProducer::send_block(Link& link, BlockPtr block, std::int32_t partition) {
  const Block& it = *block;
  auto* const flight = new InFlight;  // release() deletes it after the last report
  flight->block = std::move(block);
  flight->ticket = books_.take(it);
  const std::size_t fits = fits_.load(std::memory_order_relaxed);
  std::vector<Bytes> pieces =
      it.bytes.size() <= fits ? std::vector<Bytes>{it.bytes} : cut(it.bytes, settings_.format, fits);
  send_pieces(link, *flight, std::move(pieces), partition, flight->refused);
  release(flight, 1);
}

/// The caller has a share of flight.left; each piece gets one of its own.
void KafkaProducer::send_pieces(Link& link, InFlight& flight, std::vector<Bytes> pieces,
                                std::int32_t partition, LostRows& lost) {
  flight.left += static_cast<std::uint32_t>(pieces.size());
  while (!pieces.empty()) {
    const Bytes piece = pieces.back();
    pieces.pop_back();
    if (rd_kafka_produce(link.topic.get(), partition, 0, readable(piece.data()), piece.size(), nullptr, 0,
                         &flight) == 0)
      continue;
    const rd_kafka_resp_err_t error = rd_kafka_last_error();
    if (is_size(error)) {
      const std::vector<Bytes> smaller = cut(piece, settings_.format, smaller_than(piece.size()));
      if (smaller.size() > 1) {
        is_too_large(piece.size());
        flight.left += static_cast<std::uint32_t>(smaller.size() - 1);
        pieces.insert(pieces.end(), smaller.begin(), smaller.end());
        continue;
      }
    }
    flight.error = error;
    const Fate fate = count_refusal(error, flight.flows_of(piece, settings_.format), piece.size());
    flight.count_lost(fate == Fate::shed ? lost.shed : lost.failed, piece, settings_.format);
    --flight.left;
  }
}

/// A record that the broker did not take for its size, alone or with others in one batch. False: it cannot be
/// made smaller.
bool KafkaProducer::send_again(const Link& link, InFlight& flight, const rd_kafka_message_t& message) {
  const Bytes record(static_cast<const std::byte*>(message.payload), message.len);
  const unsigned next = std::min(link.level + 1, kLevels - 1);
  const bool alone = link.level == kLevels - 1 || message.len >= link.together;
  if (alone && flight.row_wise) return false;
  std::vector<Bytes> pieces{record};
  if (alone) {
    pieces = cut(record, settings_.format, smaller_than(record.size()));
    if (pieces.size() < 2) return false;
  }
  const auto current = client();
  Link* const other = link_for(*current, next);
  if (other == nullptr) return false;
  if (alone)
    is_too_large(record.size());
  else if (level_ < next)
    level_ = next;
  log_(LogLevel::warning, "sink " + sink_name_ +
                              ": the broker refuses records for their size; they are sent again in smaller "
                              "ones (lower block_bytes, or raise the topic's max.message.bytes)");
  if (!flight.row_wise) {
    send_pieces(*other, flight, std::move(pieces), message.partition, flight.reported);
    return true;
  }
  ++flight.left;
  if (rd_kafka_produce(other->topic.get(), message.partition, 0, message.payload, message.len, message.key,
                       message.key_len, &flight) == 0)
    return true;
  const rd_kafka_resp_err_t error = rd_kafka_last_error();
  flight.error = error;
  const Fate fate = count_refusal(error, 1, message.len);
  flight.count_lost(fate == Fate::shed ? flight.reported.shed : flight.reported.failed, record,
                    settings_.format);
  --flight.left;
  return true;
}

void KafkaProducer::is_too_large(std::size_t bytes) {
  const std::size_t fits = std::max(smaller_than(bytes), kSmallestPiece);
  std::size_t known = fits_;
  while (fits < known && !fits_.compare_exchange_weak(known, fits)) {
  }
}

void KafkaProducer::forget_limits() {
  level_ = 0;
  fits_ = SIZE_MAX;
}

void KafkaProducer::send_rows(Link& link, BlockPtr block, std::int32_t partition) {
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
    if (rd_kafka_produce_batch(link.topic.get(), partition, 0, messages.data(), count) == count) continue;
    for (std::size_t i = 0; i < n; ++i) {
      if (messages[i].err == RD_KAFKA_RESP_ERR_NO_ERROR) continue;
      ++refused;
      if (flight->error == RD_KAFKA_RESP_ERR_NO_ERROR || messages[i].err != RD_KAFKA_RESP_ERR__QUEUE_FULL)
        flight->error = messages[i].err;
      const Fate fate = count_refusal(messages[i].err, 1, messages[i].len);
      count_by_exporter(it, done - n + i, 1,
                        fate == Fate::shed ? flight->refused.shed : flight->refused.failed);
    }
  }
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
  const Link& link = *static_cast<const Link*>(opaque);
  KafkaProducer& self = *link.owner;
  auto* const flight = static_cast<InFlight*>(message->_private);
  const Bytes record(static_cast<const std::byte*>(message->payload), message->len);
  const encode::Format format = self.settings_.format;
  if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
    self.tally_.delivered(flight->flows_of(record, format), message->len);
    self.delivered_ns_.store(self.served_ns_, std::memory_order_relaxed);
  } else if (!is_size(message->err) || !self.send_again(link, *flight, *message)) {
    FailReason reason = fail_reason(message->err);
    if (reason == FailReason::shutdown && self.renewing_) reason = FailReason::fatal;
    self.tally_.failed(reason, flight->flows_of(record, format), message->len);
    flight->error = message->err;
    flight->count_lost(flight->reported.failed, record, format);
  }
  self.release(flight, 1);
}

void KafkaProducer::release(InFlight* flight, std::uint32_t rows) {
  if (flight->left.fetch_sub(rows, std::memory_order_acq_rel) != rows) return;
  const std::unique_ptr<InFlight> last(flight);
  const rd_kafka_resp_err_t error = last->error;
  books_.settle(last->ticket, last->lost());
  if (error == RD_KAFKA_RESP_ERR_NO_ERROR)
    tally_.block_delivered();
  else if (fail_reason(error) != FailReason::shutdown && error != RD_KAFKA_RESP_ERR__QUEUE_FULL)
    // Once a block, and in words that do not change, so that repeats can be folded into one line.
    log_(LogLevel::error, "sink " + sink_name_ + ": flows lost: " + rd_kafka_err2str(error));
}

void KafkaProducer::on_error(rd_kafka_t*, int error, const char* reason, void* opaque) {
  KafkaProducer& self = *static_cast<const Link*>(opaque)->owner;
  self.tally_.error();
  if (error == RD_KAFKA_RESP_ERR__FATAL) self.fatal_ = true;
  self.log_(LogLevel::warning, "sink " + self.sink_name_ + ": " + reason);
}

void KafkaProducer::on_log(const rd_kafka_t* handle, int level, const char* facility, const char* text) {
  const KafkaProducer& self = *static_cast<const Link*>(rd_kafka_opaque(handle))->owner;
  // What fails is told by on_error() too, in better words.
  const bool doubled = std::string_view(facility) == "FAIL" || std::string_view(facility) == "ERROR";
  const LogLevel ours = doubled || level > 5 ? LogLevel::debug
                        : level > 4          ? LogLevel::info
                                             : LogLevel::warning;
  std::string line = "sink " + self.sink_name_ + ": librdkafka " + facility + ": " + text;
  self.log_(ours, line.append(comfort_of(facility, text)));
}

std::uint32_t KafkaProducer::ask_partitions(milliseconds timeout) {
  const auto current = client();
  const rd_kafka_metadata_t* metadata = nullptr;
  const Link& link = current->links[0];
  if (rd_kafka_metadata(link.handle.get(), 0, link.topic.get(), &metadata,
                        static_cast<int>(timeout.count())) != RD_KAFKA_RESP_ERR_NO_ERROR)
    return 0;
  std::uint32_t partitions = 0;
  if (metadata->topic_cnt == 1 && metadata->topics[0].err == RD_KAFKA_RESP_ERR_NO_ERROR)
    partitions = static_cast<std::uint32_t>(metadata->topics[0].partition_cnt);
  else if (metadata->topic_cnt == 1)
    warn_of_topic(metadata->topics[0].err);
  rd_kafka_metadata_destroy(metadata);
  return partitions;
}

void KafkaProducer::warn_of_topic(rd_kafka_resp_err_t error) const {
  std::string line = "sink " + sink_name_ + ": topic " + settings_.kafka()->topic + ": ";
  line += rd_kafka_err2str(error);
  const bool passes =
      error == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART || error == RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE;
  log_(LogLevel::warning, passes ? line.append(kTopicPasses) : line);
}

void KafkaProducer::run() {
  auto next_renewal = steady_clock::now();
  auto next_look = next_renewal + kLimitsHold;
  while (!closing_) {
    serve(*client());
    if (steady_clock::now() >= next_look) {
      next_look = steady_clock::now() + kLimitsHold;
      forget_limits();
    }
    if (fatal_ && steady_clock::now() >= next_renewal) {
      next_renewal = steady_clock::now() + std::chrono::seconds(5);
      renew();
    }
  }
  drain(*client(), deadline_);
}

void KafkaProducer::serve(Client& client) {
  served_ns_ = monotonic_ns();
  const unsigned made = client.made;
  for (unsigned i = 0; i < made; ++i)
    rd_kafka_poll(client.links[i].handle.get(), static_cast<int>((made == 1 ? kServe : kServeEach).count()));
}

bool KafkaProducer::flows() const {
  const std::uint64_t last = delivered_ns_.load(std::memory_order_relaxed);
  return idle(*client()) || monotonic_ns() < last + kFlowsNs;
}

bool KafkaProducer::idle(const Client& client) {
  for (unsigned i = 0; i < client.made; ++i)
    if (rd_kafka_outq_len(client.links[i].handle.get()) > 0) return false;
  return true;
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

/// In this order: what a link could not send goes to the next.
void KafkaProducer::drain(Client& client, steady_clock::time_point deadline) {
  for (unsigned i = 0; i < client.made; ++i)
    rd_kafka_flush(client.links[i].handle.get(), milliseconds_until(deadline));
  give_up(client);
}

void KafkaProducer::give_up(Client& client) {
  for (unsigned i = 0; i < client.made; ++i) {
    rd_kafka_t* const handle = client.links[i].handle.get();
    if (rd_kafka_outq_len(handle) == 0) continue;
    rd_kafka_purge(handle,
                   RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT | RD_KAFKA_PURGE_F_NON_BLOCKING);
    const auto end = steady_clock::now() + kGrace;
    while (rd_kafka_outq_len(handle) > 0 && steady_clock::now() < end) rd_kafka_poll(handle, 10);
  }
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
