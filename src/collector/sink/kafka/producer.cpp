#include "sink/kafka/producer.hpp"

#include <algorithm>
#include <array>

#include "sink/factory.hpp"
#include "sink/kafka/errors.hpp"
#include "sink/thread.hpp"
#include "util/clock.hpp"

namespace sluice::sink {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

// Time to collect the reports of what was given up.
constexpr milliseconds kGrace{1000};
constexpr milliseconds kServe{100};
constexpr milliseconds kServeEach{5};  // where there are several links
// After a fatal error of librdkafka's, and after the next.
constexpr std::chrono::seconds kRenewEach{5};
constexpr milliseconds kFlush{100};  // between two looks at those that wait, at the end
constexpr rd_kafka_resp_err_t kNoError = RD_KAFKA_RESP_ERR_NO_ERROR;
// Bytes that are sent together, by level: what the settings say, less than the smallest limit that makes
// sense, and one record at a time.
constexpr std::array<std::size_t, 3> kTogether{SIZE_MAX, 16384, 1};
// Something was delivered within this: the broker takes flows.
constexpr std::uint64_t kFlowsNs = kNsPerSecond / 4;
// With a spool, blocks go there when nothing was delivered for so long.
constexpr std::uint64_t kStalledNs = kNsPerSecond;
// What the broker was seen to take counts for so long.
constexpr std::chrono::minutes kLimitsHold{10};
constexpr std::string_view kProducerIdPasses = "; this passes once the broker is up as a whole";

std::string_view comfort_of(std::string_view facility, std::string_view text) {
  const bool passes = facility == "GETPID" && text.ends_with("retrying");
  return passes ? kProducerIdPasses : std::string_view();
}

int milliseconds_until(steady_clock::time_point deadline) {
  const auto left = std::chrono::duration_cast<milliseconds>(deadline - steady_clock::now()).count();
  return static_cast<int>(std::clamp<std::int64_t>(left, 0, 1'000'000'000));
}

}  // namespace

KafkaProducer::KafkaProducer(std::string sink_name, unsigned index, Settings settings, Tally& tally,
                             ExporterBooks& books, std::shared_ptr<MemoryBudget> budget,
                             std::shared_ptr<TokenSource> tokens, Spool* spool, LogFn log,
                             const UserFieldsPtr& user_fields)
    : sink_name_(std::move(sink_name)),
      index_(index),
      settings_(std::move(settings)),
      tally_(tally),
      books_(books),
      budget_(std::move(budget)),
      tokens_(std::move(tokens)),
      spool_(spool),
      columns_(settings_.native ? std::make_unique<ColumnRecords>(user_fields, budget_) : nullptr),
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
  if (tokens_) {
    // On a thread of librdkafka's own: the server may be waited for, and reports must not be.
    rd_kafka_conf_set_oauthbearer_token_refresh_cb(conf.get(), &KafkaProducer::on_token_wanted);
    rd_kafka_conf_enable_sasl_queue(conf.get(), 1);
  }
  link.handle =
      make_kafka_handle(RD_KAFKA_PRODUCER, std::move(conf), "sinks." + sink_name_, *settings_.kafka());
  if (tokens_) rd_kafka_error_destroy(rd_kafka_sasl_background_callbacks_enable(link.handle.get()));
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
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
  return &client.links[level];
}

KafkaProducer::Link& KafkaProducer::usual_link(Client& client) const {
  const unsigned made = client.made.load(std::memory_order_acquire);
  return client.links[std::min(level_.load(std::memory_order_relaxed), made - 1)];
}

std::shared_ptr<KafkaProducer::Client> KafkaProducer::client() const {
  return client_.with([](const auto& current) { return current; });
}

void KafkaProducer::on_error(rd_kafka_t*, int error, const char* reason, void* opaque) {
  KafkaProducer& self = *static_cast<const Link*>(opaque)->owner;
  self.tally_.error();
  if (error == RD_KAFKA_RESP_ERR__FATAL) self.fatal_ = true;
  self.say(LogLevel::warning, [reason] { return reason; });
}

void KafkaProducer::on_token_wanted(rd_kafka_t* handle, const char*, void* opaque) {
  const KafkaProducer& self = *static_cast<const Link*>(opaque)->owner;
  // Why there is none comes back as an error of the client, which is counted and logged there.
  try {
    if (const auto token = self.tokens_->give(handle))
      self.say(LogLevel::debug, [&] { return "has a token for " + token->principal; });
  } catch (const std::bad_alloc&) {
    rd_kafka_oauthbearer_set_token_failure(handle, "no memory");  // it is asked again
  }
}

void KafkaProducer::on_log(const rd_kafka_t* handle, int level, const char* facility, const char* text) {
  const KafkaProducer& self = *static_cast<const Link*>(rd_kafka_opaque(handle))->owner;
  // What fails is told by on_error() too, in better words.
  const bool doubled = std::string_view(facility) == "FAIL" || std::string_view(facility) == "ERROR";
  const LogLevel ours = doubled || level > 5 ? LogLevel::debug
                        : level > 4          ? LogLevel::info
                                             : LogLevel::warning;
  self.say(ours, [&] {
    std::string line = std::string("librdkafka ") + facility + ": " + text;
    return line.append(comfort_of(facility, text));
  });
}

void KafkaProducer::ask_topic(milliseconds timeout) {
  ask_again_ = false;
  const auto current = client();
  const unsigned made = current->made.load(std::memory_order_acquire);
  std::uint32_t least = 0;
  for (unsigned i = 0; i < made; ++i)
    if (const std::uint32_t known = ask_partitions(current->links[i], timeout))
      least = least ? std::min(least, known) : known;
  if (least) partitions_ = least;
}

bool KafkaProducer::wants_topic() const {
  const rd_kafka_resp_err_t held = held_;
  return ask_again_ || (held != kNoError && held != RD_KAFKA_RESP_ERR__QUEUE_FULL);
}

std::uint32_t KafkaProducer::ask_partitions(const Link& link, milliseconds timeout) const {
  const rd_kafka_metadata_t* metadata = nullptr;
  if (rd_kafka_metadata(link.handle.get(), 0, link.topic.get(), &metadata,
                        static_cast<int>(timeout.count())) != kNoError)
    return 0;
  std::uint32_t partitions = 0;
  if (metadata->topic_cnt == 1 && metadata->topics[0].err == kNoError)
    partitions = static_cast<std::uint32_t>(metadata->topics[0].partition_cnt);
  else if (metadata->topic_cnt == 1)
    warn_of_topic(metadata->topics[0].err);
  rd_kafka_metadata_destroy(metadata);
  return partitions;
}

void KafkaProducer::warn_of_topic(rd_kafka_resp_err_t error) const {
  say(LogLevel::warning, [&] { return "topic " + settings_.kafka()->topic + ": " + words(error); });
}

void KafkaProducer::run() {
  while (!closing_) turn();
  drain(deadline_);
}

void KafkaProducer::turn() {
  serve(*client());
  renew_if_fatal();
  send_waiting(*client());
  look_whether_it_flows();
  if (steady_clock::now() < next_look_) return;
  next_look_ = steady_clock::now() + kLimitsHold;
  forget_limits();
}

void KafkaProducer::serve(Client& client) {
  served_ns_ = monotonic_ns();
  const unsigned made = client.made;
  for (unsigned i = 0; i < made; ++i)
    rd_kafka_poll(client.links[i].handle.get(), static_cast<int>((made == 1 ? kServe : kServeEach).count()));
}

bool KafkaProducer::flows() const {
  const std::uint64_t last = delivered_ns_.load(std::memory_order_relaxed);
  return (waiting_.empty() && idle(*client())) || monotonic_ns() < last + kFlowsNs;
}

void KafkaProducer::look_whether_it_flows() {
  const std::uint64_t now = monotonic_ns();
  if (flows() || flowed_ns_ == 0) flowed_ns_ = now;
  stalled_ = now > flowed_ns_ + kStalledNs;
}

bool KafkaProducer::idle(const Client& client) {
  for (unsigned i = 0; i < client.made; ++i)
    if (rd_kafka_outq_len(client.links[i].handle.get()) > 0) return false;
  return true;
}

void KafkaProducer::renew_if_fatal() {
  if (!fatal_ || steady_clock::now() < next_renewal_) return;
  next_renewal_ = steady_clock::now() + kRenewEach;
  renew();
}

/// librdkafka's idempotent producer refuses everything after a fatal error (a topic that was made anew is
/// enough), for good. A daemon goes on with a new one, which gets what the old one had not sent yet; what was
/// on its way, and may or may not have arrived, is lost and counted.
void KafkaProducer::renew() {
  std::shared_ptr<Client> old;
  try {
    auto fresh = make_client();
    fatal_ = false;
    client_.with([&](auto& current) { old = std::exchange(current, std::move(fresh)); });
  } catch (const SetupError& error) {
    log_(LogLevel::error, error.what());
    return;
  } catch (const std::bad_alloc&) {
    return;  // and later
  }
  say(LogLevel::warning, [] { return "a new producer replaces the one that failed"; });
  while (old.use_count() > 1 && !closing_) std::this_thread::sleep_for(milliseconds(1));
  give_up(*old);
  held_ = kNoError;
}

/// In this order: what a link could not send goes to the next.
void KafkaProducer::drain(steady_clock::time_point deadline) {
  while (steady_clock::now() < deadline) {
    const auto current = client();
    if (idle(*current) && waiting_.empty()) break;
    const auto slice = std::min(deadline, steady_clock::now() + kFlush);
    for (unsigned i = 0; i < current->made; ++i)
      rd_kafka_flush(current->links[i].handle.get(), milliseconds_until(slice));
    renew_if_fatal();
    send_waiting(*client());
    if (held_ != kNoError) std::this_thread::sleep_until(slice);
  }
  giving_up_ = true;
  give_up(*client());
  while (const auto waiting = waiting_.take()) {
    lose(*waiting->flight, waiting->record.bytes, RD_KAFKA_RESP_ERR__PURGE_QUEUE, waiting->flight->reported);
    release(waiting->flight, 1);
  }
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
