#include "intake/kafka_reader.hpp"

#include <algorithm>
#include <array>
#include <future>
#include <new>
#include <stdexcept>
#include <utility>

#include "intake/kafka_conf.hpp"
#include "sink/kafka/token.hpp"
#include "sink/thread.hpp"
#include "util/clock.hpp"

namespace sluice::intake {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

constexpr rd_kafka_resp_err_t kNoError = RD_KAFKA_RESP_ERR_NO_ERROR;
constexpr auto kLongestWait = 200ms;  // for a record
constexpr std::uint64_t kStepBytes = 1 << 20;
constexpr std::size_t kStepRecords = 4096;
constexpr auto kLookAgain = 2ms;     // at a sink that is waited for
constexpr auto kPauseAfter = 500ms;  // of waiting: from then on the group is told that we live
constexpr auto kServeEach = 100ms;
constexpr auto kCommitEach = 1s;
constexpr auto kLookEach = 1s;
constexpr int kAskForMs = 500;  // the broker, for what is committed
constexpr auto kTellBadEach = 10s;
constexpr auto kGiveAwayIn = 5s;      // what was read of a partition is delivered, or the next reads it again
constexpr auto kNoMemoryFor = 100ms;  // then it is tried again
constexpr auto kEndIn = 1s;           // librdkafka's own threads
constexpr auto kPatience = 3s;  // with sinks that deliver nothing, before a partition or the process goes

struct FreeList {
  void operator()(rd_kafka_topic_partition_list_t* list) const {
    rd_kafka_topic_partition_list_destroy(list);
  }
};
struct FreeQueue {
  void operator()(rd_kafka_queue_t* queue) const { rd_kafka_queue_destroy(queue); }
};
struct FreeEvent {
  void operator()(rd_kafka_event_t* event) const { rd_kafka_event_destroy(event); }
};
struct FreeError {
  void operator()(rd_kafka_error_t* error) const { rd_kafka_error_destroy(error); }
};
using List = std::unique_ptr<rd_kafka_topic_partition_list_t, FreeList>;
using Queue = std::unique_ptr<rd_kafka_queue_t, FreeQueue>;
using Event = std::unique_ptr<rd_kafka_event_t, FreeEvent>;
using Error = std::unique_ptr<rd_kafka_error_t, FreeError>;

List new_list(std::size_t room) { return List(rd_kafka_topic_partition_list_new(static_cast<int>(room))); }

template <class Each>
void for_each(const rd_kafka_topic_partition_list_t& list, const Each& each) {
  for (int i = 0; i < list.cnt; ++i) each(list.elems[i]);
}

/// Past ones give no time.
int milliseconds_until(KafkaReader::Clock::time_point deadline) {
  const auto left = std::chrono::duration_cast<milliseconds>(deadline - KafkaReader::Clock::now()).count();
  return static_cast<int>(std::clamp<std::int64_t>(left, 0, 1000));
}

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

/// What librdkafka calls back by: it lives as long as the handle, which may outlive the reader.
struct KafkaReader::Line {
  KafkaReader* const reader;  // for what is called by the reader's own polling
  Guarded<bool> there{true};  // the reader is; for what librdkafka's threads call
};

/// A handle that nobody waits for.
struct KafkaReader::Left {
  std::unique_ptr<Line> line;
  Handle handle;  // goes first
};

/// Without memory for the words it is not said.
template <class Sentence>
void KafkaReader::say(LogLevel level, Sentence&& sentence) const {
  try {
    log_(level, "source " + source_ + ": " + std::forward<Sentence>(sentence)());
  } catch (const std::bad_alloc&) {
  }
}

/// What there is no memory for is tried again until there is. False: the process ends before.
template <class Work>
bool KafkaReader::insist(Work&& work) {
  for (;;) {
    try {
      work();
      return true;
    } catch (const std::bad_alloc&) {
      errors_.fetch_add(1, std::memory_order_relaxed);
      say(LogLevel::error, [] { return std::string("there is no memory to go on; it is tried again"); });
    }
    if (Clock::now() >= deadline_.load()) return false;
    std::this_thread::sleep_for(kNoMemoryFor);
    heartbeat_ns_.store(monotonic_ns(), std::memory_order_relaxed);
  }
}

/// For what librdkafka calls: nothing is thrown through its frames.
template <class Work>
void KafkaReader::shielded(Work&& work) const {
  try {
    work();
  } catch (const std::exception&) {
    errors_.fetch_add(1, std::memory_order_relaxed);
  }
}

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
  } catch (const std::exception&) {  // it is waited for here
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

/// Offsets go back where the topic was deleted and made anew, or lost its end: what was known of it says
/// nothing of what comes. Flows that are under way settle as ever.
void KafkaReader::restart(std::int32_t partition, Owned& owned, std::int64_t offset) {
  say(LogLevel::warning, [&] {
    return "partition " + std::to_string(partition) + " of " + settings_.topic + " goes on at offset " +
           std::to_string(offset) + ", where " + std::to_string(owned.next_offset) +
           " was to come: the topic was made anew or has lost its end; what is there now is read and "
           "committed";
  });
  owned = Owned{.since = ++assignments_, .next_offset = offset, .asked = true};
  unsettled_.restart(partition);
  counts_[SourceCount::restarts].add();
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

void KafkaReader::pause() {
  if (std::exchange(paused_, true)) return;
  const List all = new_list(owned_.size());
  for (const auto& [partition, of] : owned_)
    rd_kafka_topic_partition_list_add(all.get(), settings_.topic.c_str(), partition);
  told(rd_kafka_pause_partitions(handle_.get(), all.get()), *all, "cannot pause");
}

void KafkaReader::resume() {
  if (!std::exchange(paused_, false)) return;
  const List all = new_list(owned_.size());
  for (const auto& [partition, of] : owned_)
    rd_kafka_topic_partition_list_add(all.get(), settings_.topic.c_str(), partition);
  told(rd_kafka_resume_partitions(handle_.get(), all.get()), *all, "cannot resume");
}

/// Each partition has an answer of its own.
void KafkaReader::told(rd_kafka_resp_err_t of_all, const rd_kafka_topic_partition_list_t& partitions,
                       std::string_view words) const {
  if (of_all != kNoError) return error(of_all, words);
  for_each(partitions, [&](const rd_kafka_topic_partition_t& one) {
    if (one.err != kNoError) error(one.err, words);
  });
}

void KafkaReader::begin_step() {
  mark_ = unsettled_.begin();
  outputs_->mark(mark_);
}

void KafkaReader::end_step() {
  if (!mark_) return;
  outputs_->mark(nullptr);
  unsettled_.end();
  mark_ = nullptr;
}

void KafkaReader::settle() {
  const Unsettled::Parts parts = unsettled_.settled();
  if (parts.empty()) return;
  for (const auto& [partition, part] : parts) {
    counts_[SourceCount::settled_flows].add(part.flows);
    const auto owned = owned_.find(partition);
    if (owned != owned_.end())
      owned->second.settled_offset = std::max(owned->second.settled_offset, part.next_offset);
  }
  partitions_.with([&](Partitions& all) {
    for (const auto& [partition, part] : parts) all[partition][PartitionCount::settled_flows] += part.flows;
  });
}

/// What is open goes out, and what is out is waited for, while some of it gets there: nothing is lost where
/// it does not. The end's own deadline may come sooner, and meanwhile.
void KafkaReader::settle_until(Clock::time_point deadline) {
  outputs_->flush_all();
  settle();
  std::size_t left = unsettled_.steps();
  auto patience = Clock::now() + kPatience;
  while (!unsettled_.empty() && Clock::now() < std::min({deadline, patience, deadline_.load()})) {
    if (unsettled_.steps() != std::exchange(left, unsettled_.steps())) patience = Clock::now() + kPatience;
    std::this_thread::sleep_for(kLookAgain);
    heartbeat_ns_.store(monotonic_ns(), std::memory_order_relaxed);
    take_change();
    settle();
  }
}

namespace {

/// Null where there is nothing to commit.
template <class Owned>
List to_commit(const std::string& topic, const Owned& owned) {
  List out = new_list(owned.size());
  for (const auto& [partition, of] : owned)
    if (of.settled_offset > of.committed_offset)
      rd_kafka_topic_partition_list_add(out.get(), topic.c_str(), partition)->offset = of.settled_offset;
  return out->cnt > 0 ? std::move(out) : nullptr;
}

}  // namespace

void KafkaReader::commit_due() {
  const auto now = Clock::now();
  if (committing_ || now < next_commit_) return;
  next_commit_ = now + kCommitEach;
  const List offsets = to_commit(settings_.topic, owned_);
  if (!offsets) return;
  const auto wrong = rd_kafka_commit(handle_.get(), offsets.get(), 1);
  committing_ = wrong == kNoError;
  if (wrong != kNoError) error(wrong, "cannot commit");
}

/// The broker's answer is waited for. False: there is none.
bool KafkaReader::commit_until(Clock::time_point deadline) {
  const List offsets = to_commit(settings_.topic, owned_);
  if (!offsets) return true;
  const Queue answers(rd_kafka_queue_new(handle_.get()));
  if (const auto wrong = rd_kafka_commit_queue(handle_.get(), offsets.get(), answers.get(), nullptr, nullptr);
      wrong != kNoError)
    return error(wrong, "cannot commit"), false;
  for (;;) {
    const int wait = milliseconds_until(deadline);
    const Event event(rd_kafka_queue_poll(answers.get(), wait));
    if (!event && wait == 0) return error(RD_KAFKA_RESP_ERR__TIMED_OUT, "cannot commit"), false;
    if (!event) continue;
    heartbeat_ns_.store(monotonic_ns(), std::memory_order_relaxed);
    if (rd_kafka_event_type(event.get()) != RD_KAFKA_EVENT_OFFSET_COMMIT) continue;
    if (const auto wrong = rd_kafka_event_error(event.get()); wrong != kNoError)
      return error(wrong, "cannot commit"), false;
    return committed(*rd_kafka_event_topic_partition_list(event.get())), true;
  }
}

void KafkaReader::committed(const rd_kafka_topic_partition_list_t& offsets) {
  counts_[SourceCount::commits].add();
  partitions_.with([&](Partitions& all) {
    for_each(offsets, [&](const rd_kafka_topic_partition_t& one) {
      if (one.err != kNoError || one.offset < 0) return;
      const auto owned = owned_.find(one.partition);
      if (owned != owned_.end()) {
        if (one.offset > owned->second.settled_offset) return;  // it was sent before a restart
        owned->second.committed_offset = one.offset;
      }
      all[one.partition][PartitionCount::committed_offset] = static_cast<std::uint64_t>(one.offset);
    });
  });
}

/// Of partitions that have just become ours. Without an answer, what lies before the first record is not
/// known.
void KafkaReader::ask_what_is_committed() {
  const List unknown = new_list(owned_.size());
  for (const auto& [partition, of] : owned_)
    if (!of.asked) rd_kafka_topic_partition_list_add(unknown.get(), settings_.topic.c_str(), partition);
  for (auto& [partition, of] : owned_) of.asked = true;
  if (unknown->cnt == 0 || rd_kafka_committed(handle_.get(), unknown.get(), kAskForMs) != kNoError) return;
  for_each(*unknown, [this](const rd_kafka_topic_partition_t& one) {
    Owned& of = owned_.at(one.partition);
    if (one.err != kNoError || one.offset < 0) return;
    if (of.next_offset < 0) of.next_offset = one.offset;
    of.settled_offset = std::max(of.settled_offset, one.offset);
    of.committed_offset = std::max(of.committed_offset, one.offset);
  });
}

/// What librdkafka has heard with the latest records; nobody is asked.
void KafkaReader::look_at_lag() {
  const auto now = Clock::now();
  if (now < next_look_) return;
  next_look_ = now + kLookEach;
  ask_what_is_committed();
  std::uint64_t sum = 0;
  partitions_.with([&](Partitions& all) {
    for (auto& [partition, counts] : all) counts[PartitionCount::lag_records] = 0;
    for (const auto& [partition, of] : owned_) {
      std::int64_t low = 0, high = 0;
      if (rd_kafka_get_watermark_offsets(handle_.get(), settings_.topic.c_str(), partition, &low, &high) !=
              kNoError ||
          high < 0)
        continue;
      const std::int64_t done = std::max(of.settled_offset, std::max<std::int64_t>(low, 0));
      const auto lag = static_cast<std::uint64_t>(std::max<std::int64_t>(high - done, 0));
      all[partition][PartitionCount::lag_records] = lag;
      sum += lag;
    }
  });
  counts_[SourceCount::lag_records].set(sum);
}

void KafkaReader::take_on(const rd_kafka_topic_partition_list_t& partitions) {
  ++assignments_;
  // Records of a partition that is not known to be ours are not read: so it is waited for.
  insist([&] {
    for_each(partitions, [&](const rd_kafka_topic_partition_t& one) {
      owned_[one.partition] = Owned{.since = assignments_};
      partitions_.with([&](Partitions& all) { all[one.partition]; });
    });
  });
  counts_[SourceCount::partitions].set(owned_.size());
}

/// Whoever gets them next begins where we have committed. `lost`: they have them already.
void KafkaReader::give_away(const rd_kafka_topic_partition_list_t& partitions, bool lost) {
  // Where a sink is waited for just now, what was read is written later, and by the next reader too.
  const bool written = !waiting_ && have_room();
  giving_away_ = true;
  if (written) {
    hand_over_batch();
    insist([this] { end_step(); });
  }
  if (!lost) {
    settle_until(Clock::now() + kGiveAwayIn);
    commit_until(Clock::now() + kLeaveIn);
  }
  for_each(partitions, [this](const rd_kafka_topic_partition_t& one) { forget(one.partition); });
  counts_[SourceCount::partitions].set(owned_.size());
  next_look_ = {};
  giving_away_ = false;
  if (written) insist([this] { begin_step(); });  // of which the one who polls may be in the middle
}

void KafkaReader::forget(std::int32_t partition) {
  owned_.erase(partition);
  std::erase_if(held_, [&](const Message& message) { return message->partition == partition; });
  const Unsettled::Part part = unsettled_.forget(partition);
  counts_[SourceCount::returned_flows].add(part.flows);
  partitions_.with([&](Partitions& all) { all[partition][PartitionCount::returned_flows] += part.flows; });
}

/// The process ends, and what is not settled is read again.
void KafkaReader::forget_all() {
  records_.clear();
  while (!owned_.empty()) forget(owned_.begin()->first);
}

/// Reading is over.
void KafkaReader::finish() {
  insist([this] { settle_until(Clock::time_point::max()); });
  // The group is told, so that it shares out the partitions at once. That waits for as long as the broker may
  // take to answer, and a minute for a commit: so it is done only where the broker answers just now.
  const auto deadline = Clock::now() + kLeaveIn;
  if (commit_until(deadline) && answers_until(deadline))
    rd_kafka_consumer_close(handle_.get());
  else
    leave_in_silence();
  forget_all();
  counts_[SourceCount::partitions].set(0);
}

void KafkaReader::leave_in_silence() {
  silent_ = true;
  say(LogLevel::warning, [] {
    return std::string(
        "the broker does not answer; the reader leaves without telling its group, which notices when the "
        "session ends");
  });
}

/// Whether the group's coordinator does.
bool KafkaReader::answers_until(Clock::time_point deadline) {
  const List any = new_list(1);
  rd_kafka_topic_partition_list_add(any.get(), settings_.topic.c_str(), 0);
  return rd_kafka_committed(handle_.get(), any.get(), milliseconds_until(deadline)) == kNoError;
}

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

void KafkaReader::on_rebalance(rd_kafka_t* handle, rd_kafka_resp_err_t code,
                               rd_kafka_topic_partition_list_t* partitions, void* opaque) {
  KafkaReader& self = *static_cast<Line*>(opaque)->reader;
  const bool step_by_step = std::string_view(rd_kafka_rebalance_protocol(handle)) == "COOPERATIVE";
  Error wrong;
  if (code == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) {
    self.counts_[SourceCount::rebalances].add();
    self.shielded([&] { self.take_on(*partitions); });
    if (step_by_step)
      wrong.reset(rd_kafka_incremental_assign(handle, partitions));
    else if (const auto refused = rd_kafka_assign(handle, partitions); refused != kNoError)
      self.error(refused, "cannot take on partitions");
    if (self.paused_) self.told(rd_kafka_pause_partitions(handle, partitions), *partitions, "cannot pause");
  } else {
    self.shielded([&] { self.give_away(*partitions, rd_kafka_assignment_lost(handle) != 0); });
    // Else librdkafka keeps them paused until they are ours again, when nobody waits for a sink any more.
    if (self.paused_) self.told(rd_kafka_resume_partitions(handle, partitions), *partitions, "cannot resume");
    if (step_by_step)
      wrong.reset(rd_kafka_incremental_unassign(handle, partitions));
    else if (const auto refused = rd_kafka_assign(handle, nullptr); refused != kNoError)
      self.error(refused, "cannot give partitions away");
  }
  if (wrong) self.error(rd_kafka_error_code(wrong.get()), rd_kafka_error_string(wrong.get()));
}

void KafkaReader::on_commit(rd_kafka_t* /*handle*/, rd_kafka_resp_err_t code,
                            rd_kafka_topic_partition_list_t* offsets, void* opaque) {
  KafkaReader& self = *static_cast<Line*>(opaque)->reader;
  self.committing_ = false;
  if (code == kNoError && offsets != nullptr)
    self.shielded([&] { self.committed(*offsets); });
  else if (code != RD_KAFKA_RESP_ERR__NO_OFFSET)
    self.error(code, "cannot commit");
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
