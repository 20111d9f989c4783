// What KafkaReader has read, step by step: until it is settled, and committed.
#include <algorithm>
#include <utility>

#include "intake/kafka_reader_parts.hpp"

namespace sluice::intake {
namespace {

using namespace std::chrono_literals;

constexpr auto kCommitEach = 1s;
constexpr auto kLookEach = 1s;
constexpr int kAskForMs = 500;  // the broker, for what is committed
constexpr auto kPatience = 3s;  // with sinks that deliver nothing, before a partition or the process goes

}  // namespace

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

void KafkaReader::on_commit(rd_kafka_t* /*handle*/, rd_kafka_resp_err_t code,
                            rd_kafka_topic_partition_list_t* offsets, void* opaque) {
  KafkaReader& self = *static_cast<Line*>(opaque)->reader;
  self.committing_ = false;
  if (code == kNoError && offsets != nullptr)
    self.shielded([&] { self.committed(*offsets); });
  else if (code != RD_KAFKA_RESP_ERR__NO_OFFSET)
    self.error(code, "cannot commit");
}

}  // namespace sluice::intake
