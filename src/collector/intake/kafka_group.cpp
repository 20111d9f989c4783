// KafkaReader as a member of its group: partitions that come, are paused and go, and the end.
#include <algorithm>
#include <string_view>
#include <utility>

#include "intake/kafka_reader_parts.hpp"

namespace sluice::intake {
namespace {

using namespace std::chrono_literals;

constexpr auto kGiveAwayIn = 5s;  // what was read of a partition is delivered, or the next reads it again

}  // namespace

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

}  // namespace sluice::intake
