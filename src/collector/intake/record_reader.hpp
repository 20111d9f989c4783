#pragma once
// Flows out of the records of a topic. Whoever may write there may write anything: any bytes are safe, what
// is no flow is counted and costs itself alone, and memory is bounded however long a record is. One thread.
#include <algorithm>
#include <string>

#include "intake/counts.hpp"
#include "sink/spec.hpp"
#include "sluice/flow/batch.hpp"
#include "sluice/flow/user_fields.hpp"

namespace sluice::intake {

class RecordReader {
 public:
  static constexpr std::size_t kBatchFlows = 512;
  static constexpr std::size_t kBatchBytes = 64 << 10;
  static constexpr std::size_t kLongestMessage = 1 << 20;  ///< no flow comes near

  RecordReader(sink::Framing framing, UserFieldsPtr user_fields)
      : framing_(framing), user_fields_(std::move(user_fields)) {}

  /// The record that read() goes on with; it outlives the reading. `written_ns`: when it was written, Unix
  /// time.
  void begin(Bytes record, std::uint64_t written_ns);
  /// Appends flows of the record to the batch until that is full or nothing is left: then false. Where it
  /// throws std::bad_alloc it may be called again, and goes on.
  bool read();
  /// What was read, of several records where they are small. The messages' bytes bound what it holds.
  FlowBatch& batch() { return batch_; }
  bool full() const {
    return batch_.origin_count() >= most_flows_ || bytes_ >= most_flows_ * (kBatchBytes / kBatchFlows);
  }
  /// Batches of fewer flows from now on, with as much less memory; kBatchFlows at the most.
  void limit(std::size_t flows) { most_flows_ = std::clamp<std::size_t>(flows, 1, kBatchFlows); }
  void clear();

  Counts<Bad> bad;
  /// Flows without a time of receipt, or with one that cannot be: they have the record's. Days are partitions
  /// of tables, and whoever may write there may name any.
  std::uint64_t restamped = 0;
  /// What was wrong with the last bad one, as words behind where it was.
  std::string trouble;

 private:
  void take(Bytes message);
  void mend_time(Origin& origin);
  void refuse(Bad why, std::string words);

  const sink::Framing framing_;
  const UserFieldsPtr user_fields_;
  Bytes rest_;
  std::uint64_t written_ns_ = 0;
  FlowBatch batch_;
  std::size_t bytes_ = 0;
  std::size_t most_flows_ = kBatchFlows;
};

}  // namespace sluice::intake
