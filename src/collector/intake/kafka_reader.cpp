#include "intake/kafka_reader.hpp"

#include <algorithm>
#include <array>
#include <future>
#include <new>
#include <stdexcept>
#include <utility>

#include "intake/kafka_conf.hpp"
#include "intake/kafka_reader_parts.hpp"
#include "sink/kafka/token.hpp"
#include "sink/thread.hpp"
#include "util/clock.hpp"

namespace sluice::intake {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

constexpr auto kLongestWait = 200ms;  // for a record
constexpr std::uint64_t kStepBytes = 1 << 20;
constexpr std::size_t kStepRecords = 4096;
constexpr auto kPauseAfter = 500ms;  // of waiting: from then on the group is told that we live
constexpr auto kServeEach = 100ms;
constexpr auto kTellBadEach = 10s;
constexpr auto kEndIn = 1s;  // librdkafka's own threads

[[noreturn]] void throw_it(SetupError mistake) { throw SetupError(std::move(mistake)); }

/// As the record says; now, where it says nothing, or what cannot be: whoever writes to a topic may say
/// anything.
std::uint64_t written_ns(const rd_kafka_message_t& message) {
  constexpr std::uint64_t kDay = 86'400 * kNsPerSecond, kNsPerMs = 1'000'000;
  rd_kafka_timestamp_type_t type{};
  const std::int64_t ms = rd_kafka_message_timestamp(&message, &type);
  const std::uint64_t now = unix_ns();
  if (type == RD_KAFKA_TIMESTAMP_NOT_AVAILABLE || ms <= 0) return now;
  return static_cast<std::uint64_t>(ms) <= (now + kDay) / kNsPerMs ? static_cast<std::uint64_t>(ms) * kNsPerMs
                                                                   : now;
}

}  // namespace

/// A handle that nobody waits for.
struct KafkaReader::Left {
  std::unique_ptr<Line> line;
  Handle handle;  // goes first
};

KafkaReader::KafkaReader(Making making)
    : source_(std::move(making.source)),
      settings_(making.settings),
      log_(std::move(making.log)),
      outputs_(making.targets, making.index, std::move(making.enrich)),
      records_(settings_.framing, std::move(making.user_fields)),
      line_(new Line{this}) {
  if (settings_.sasl_mechanism == sink::kOauth)
    tokens_ = std::make_shared<sink::TokenSource>(setting_path(source_), settings_);
  make_handle();
}

KafkaReader::~KafkaReader() {
  stop(Clock::now());
  join();
  line_->there.with([](bool& there) { there = false; });
  held_.clear();
  // librdkafka ends only when a commit is answered, or has waited for a minute, and not at all where a topic
  // was deleted meanwhile. Nobody needs to see that.
  try {
    std::promise<void> ended;
    const auto end = ended.get_future();
    auto left = std::make_shared<Left>(Left{std::move(line_), std::move(handle_)});
    sink::start_thread("source.left", [left = std::move(left), ended = std::move(ended)]() mutable {
      left.reset();
      ended.set_value();
    }).detach();
    end.wait_for(silent_ ? 0s : kEndIn);
  } catch (const std::exception&) {  // no thread is to be had: it is waited for here
    errors_.fetch_add(1, std::memory_order_relaxed);
  }
}

void KafkaReader::make_handle() {
  sink::KafkaConf conf = make_consumer_conf(source_, settings_, throw_it);
  rd_kafka_conf_set_opaque(conf.get(), line_.get());
  rd_kafka_conf_set_rebalance_cb(conf.get(), &KafkaReader::on_rebalance);
  rd_kafka_conf_set_offset_commit_cb(conf.get(), &KafkaReader::on_commit);
  rd_kafka_conf_set_error_cb(conf.get(), &KafkaReader::on_error);
  rd_kafka_conf_set_log_cb(conf.get(), &KafkaReader::on_log);
  if (tokens_) {
    rd_kafka_conf_set_oauthbearer_token_refresh_cb(conf.get(), &KafkaReader::on_token_wanted);
    rd_kafka_conf_enable_sasl_queue(conf.get(), 1);
  }
  handle_.reset(sink::make_kafka_handle(RD_KAFKA_CONSUMER, std::move(conf), setting_path(source_), settings_)
                    .release());
  if (tokens_) const Error ignored(rd_kafka_sasl_background_callbacks_enable(handle_.get()));
  rd_kafka_poll_set_consumer(handle_.get());
}

void KafkaReader::start() {
  heartbeat_ns_ = monotonic_ns();
  thread_ = sink::start_thread("source." + source_, [this] {
    try {
      run();
    } catch (...) {
      failure_ = std::current_exception();
      failed_.store(true, std::memory_order_release);
    }
  });
}

void KafkaReader::stop(Clock::time_point deadline) {
  for (auto now = deadline_.load(); deadline < now && !deadline_.compare_exchange_weak(now, deadline);) {
  }
  stop_.store(true, std::memory_order_release);
}

void KafkaReader::join() {
  if (thread_.joinable()) thread_.join();
}

void KafkaReader::run() {
  insist([this] { subscribe(); });
  while (!stop_.load(std::memory_order_acquire)) {
    insist([this] { turn(); });
    read_some();
  }
  finish();
}

void KafkaReader::subscribe() {
  const List topics = new_list(1);
  rd_kafka_topic_partition_list_add(topics.get(), settings_.topic.c_str(), RD_KAFKA_PARTITION_UA);
  if (const auto wrong = rd_kafka_subscribe(handle_.get(), topics.get()); wrong != kNoError)
    error(wrong, "cannot subscribe");
  else
    say(LogLevel::info, [this] {
      return "reads topic " + settings_.topic + " of " + settings_.brokers + " as group " + settings_.group;
    });
}

/// What is done again and again, whatever is waited for.
void KafkaReader::turn() {
  now_ns_ = monotonic_ns();
  heartbeat_ns_.store(now_ns_, std::memory_order_relaxed);
  take_change();
  outputs_->flush_due(now_ns_);
  records_.limit(outputs_->flows_at_once());
  settle();
  commit_due();
  look_at_lag();
}

/// What is opened from now on is of the step that is open, as before.
void KafkaReader::take_change() {
  if (!outputs_.change_waits()) [[likely]]
    return;
  outputs_.take_change();
  outputs_->mark(mark_);
}

/// A step: what has come, up to a bound, so that there is an end to what a commit waits for.
void KafkaReader::read_some() {
  milliseconds wait = kLongestWait;
  if (const auto due = outputs_->next_deadline()) {
    const std::uint64_t left = *due > now_ns_ ? *due - now_ns_ : 0;
    wait = std::min(wait, milliseconds(left / 1'000'000 + 1));
  }
  Message message = next(wait);
  if (!message) return;
  if (!insist([this] { begin_step(); })) return forget_all();
  const std::uint64_t end_bytes = counts_[SourceCount::bytes].get() + kStepBytes;
  for (std::size_t n = 0; message; ++n) {
    take(*message);
    const bool enough = n >= kStepRecords || counts_[SourceCount::bytes].get() >= end_bytes;
    message = enough || stop_.load(std::memory_order_relaxed) ? nullptr : next({});
  }
  write_batch();
  if (!insist([this] { end_step(); })) forget_all();
}

/// The next record, of those that came while something else was waited for first.
KafkaReader::Message KafkaReader::next(milliseconds timeout) {
  if (held_.empty()) return poll(timeout);
  Message out = std::move(held_.front());
  held_.pop_front();
  return out;
}

/// Tells librdkafka that we live, and calls what it has to call. Errors are told, and are no record.
KafkaReader::Message KafkaReader::poll(milliseconds timeout) {
  Message message(rd_kafka_consumer_poll(handle_.get(), static_cast<int>(timeout.count())));
  if (message && message->err != kNoError) {
    error(message->err, rd_kafka_message_errstr(message.get()));
    std::array<char, 512> why{};
    if (rd_kafka_fatal_error(handle_.get(), why.data(), why.size()) != kNoError)
      throw std::runtime_error("source " + source_ + ": " + why.data());
    return nullptr;
  }
  return message;
}

void KafkaReader::take(const rd_kafka_message_t& message) {
  const auto owned = owned_.find(message.partition);
  if (owned == owned_.end()) return;  // it came before the partition went, and is read by another
  if (!owned->second.asked) ask_what_is_committed();
  if (message.offset < owned->second.next_offset) restart(message.partition, owned->second, message.offset);
  const std::uint64_t since = owned->second.since;
  if (owned->second.next_offset >= 0 && message.offset > owned->second.next_offset)
    counts_[SourceCount::skipped_offsets].add(
        static_cast<std::uint64_t>(message.offset - owned->second.next_offset));
  counts_[SourceCount::records].add();
  counts_[SourceCount::bytes].add(message.len);
  partitions_.with([&](Partitions& all) { ++all[message.partition][PartitionCount::records]; });
  read_record(message);
  // A sink may have been waited for, and the partition given away meanwhile.
  const auto still = owned_.find(message.partition);
  if (still == owned_.end() || still->second.since != since) return;
  still->second.next_offset = message.offset + 1;
  unsettled_.part(message.partition).next_offset = message.offset + 1;
}

void KafkaReader::read_record(const rd_kafka_message_t& message) {
  const Counts<Bad> before = records_.bad;
  const auto begin = [&] {
    unsettled_.part(message.partition);
    records_.begin({static_cast<const std::byte*>(message.payload), message.len}, written_ns(message));
  };
  if (!insist(begin)) return forget_all();
  for (bool more = true; more;) {
    const std::size_t flows = records_.batch().size();
    const std::uint64_t restamped = records_.restamped;
    const bool went_on = insist([&] { more = records_.read(); });
    counts_[SourceCount::restamped_flows].add(records_.restamped - restamped);
    const std::size_t read = records_.batch().size() - flows;
    counts_[SourceCount::flows].add(read);
    partitions_.with([&](Partitions& all) { all[message.partition][PartitionCount::flows] += read; });
    unsettled_.part(message.partition).flows += read;
    if (!went_on) return forget_all();
    if (records_.full() && !write_batch()) break;
  }
  tell_bad(message, before);
}

void KafkaReader::tell_bad(const rd_kafka_message_t& message, const Counts<Bad>& before) {
  if (records_.bad == before) return;
  for (std::size_t i = 0; i < before.kSize; ++i)
    bad_.values[i].add(records_.bad.values[i] - before.values[i]);
  // No two of these lines are the same, so that the log would hold none of them back.
  if (Clock::now() < next_bad_) return;
  next_bad_ = Clock::now() + kTellBadEach;
  say(LogLevel::warning, [&] {
    return settings_.topic + " holds what is no flow: " + records_.trouble + " (partition " +
           std::to_string(message.partition) + ", offset " + std::to_string(message.offset) + ")";
  });
}

/// False: as wait_for_room().
bool KafkaReader::write_batch() {
  const bool may = records_.batch().empty() || wait_for_room();
  if (may) hand_over_batch();
  records_.clear();
  return may;
}

void KafkaReader::hand_over_batch() {
  FlowBatch& batch = records_.batch();
  if (batch.empty()) return;
  if (!insist([&] { outputs_.enricher().complete(batch); })) return forget_all();
  outputs_->write(batch, now_ns_);
  records_.clear();
}

/// False: the process ends before there is room, and what is not settled is read again.
bool KafkaReader::wait_for_room() {
  if (have_room()) return true;
  const auto since = Clock::now();
  auto serve = since + kPauseAfter;
  waiting_ = true;
  counts_[SourceCount::waiting].set(1);
  while (!have_room() && Clock::now() < deadline_.load()) {
    insist([this] { turn(); });
    outputs_->make_room(records_.batch().size());
    if (Clock::now() >= serve && !giving_away_) {  // nobody may poll within a callback of polling
      serve = Clock::now() + kServeEach;
      pause();
      if (Message one = poll({})) insist([&] { held_.push_back(std::move(one)); });
    }
    std::this_thread::sleep_for(kLookAgain);
  }
  resume();
  waiting_ = false;
  counts_[SourceCount::waiting].set(0);
  if (have_room()) return true;
  commit_until(Clock::now() + kLeaveIn);
  forget_all();
  return false;
}

bool KafkaReader::have_room() { return outputs_->have_room(records_.batch().size()); }

SourceStats KafkaReader::stats() const {
  SourceStats out;
  // What became of flows is read before how many there were: one in between shows as pending.
  for (const auto& info : kSourceCounts)
    if (info.count != SourceCount::flows) out.counts[info.count] = counts_[info.count].get();
  out.counts[SourceCount::flows] = counts_[SourceCount::flows].get();
  out.counts[SourceCount::errors] = errors_.load(std::memory_order_relaxed);
  out.counts[SourceCount::pending_flows] = out.counts[SourceCount::flows] -
                                           out.counts[SourceCount::settled_flows] -
                                           out.counts[SourceCount::returned_flows];
  for (std::size_t i = 0; i < out.bad.kSize; ++i) out.bad.values[i] = bad_.values[i].get();
  out.partitions = partitions_.with([](const Partitions& all) { return all; });
  for (auto& [partition, counts] : out.partitions)
    counts[PartitionCount::pending_flows] = counts[PartitionCount::flows] -
                                            counts[PartitionCount::settled_flows] -
                                            counts[PartitionCount::returned_flows];
  return out;
}

void KafkaReader::error(rd_kafka_resp_err_t code, std::string_view words) const {
  errors_.fetch_add(1, std::memory_order_relaxed);
  say(LogLevel::warning, [&] { return std::string(words) + " (" + rd_kafka_err2str(code) + ")"; });
}

void KafkaReader::on_error(rd_kafka_t* /*handle*/, int code, const char* reason, void* opaque) {
  static_cast<Line*>(opaque)->reader->error(static_cast<rd_kafka_resp_err_t>(code), reason);
}

void KafkaReader::on_log(const rd_kafka_t* handle, int level, const char* facility, const char* text) {
  // What fails is told by on_error() too, in better words.
  const bool doubled = std::string_view(facility) == "FAIL" || std::string_view(facility) == "ERROR";
  const LogLevel ours = doubled || level > 5 ? LogLevel::debug
                        : level > 4          ? LogLevel::info
                                             : LogLevel::warning;
  const Line& line = *static_cast<const Line*>(rd_kafka_opaque(handle));
  line.there.with([&](bool there) {
    if (there) line.reader->say(ours, [&] { return std::string("librdkafka ") + facility + ": " + text; });
  });
}

void KafkaReader::on_token_wanted(rd_kafka_t* handle, const char* /*config*/, void* opaque) {
  const Line& line = *static_cast<const Line*>(opaque);
  const auto tokens = line.there.with([&](bool there) { return there ? line.reader->tokens_ : nullptr; });
  if (!tokens) return;
  // Why there is none comes back as an error of the client, which is counted and logged there.
  try {
    tokens->give(handle);
  } catch (const std::bad_alloc&) {
    rd_kafka_oauthbearer_set_token_failure(handle, "no memory");  // it is asked again
  }
}

}  // namespace sluice::intake
