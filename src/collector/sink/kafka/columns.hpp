#pragma once
// Records of `format: native`: the rows of a block as columns, for the Kafka table of one's own ClickHouse
// (clickhouse/native.hpp says how they lie). Rows stay what the sink counts, keeps, cuts and sends again; a
// record is made of them when it is handed to librdkafka.
#include <librdkafka/rdkafka.h>

#include <memory>
#include <string>
#include <vector>

#include "sink/budget.hpp"
#include "sink/clickhouse/native.hpp"
#include "sluice/flow/user_fields.hpp"
#include "sluice/util/byte_reader.hpp"
#include "util/guarded.hpp"

namespace sluice::sink {

struct InFlight;

/// One that librdkafka has: its opaque pointer. Charged to the sink's budget beside the block.
struct ColumnRecord {
  InFlight* flight = nullptr;
  Bytes rows;  ///< those of the block that it is made of
  Charge charge{};
  std::string bytes{};
};

/// Any thread.
class ColumnRecords {
 public:
  /// Flows of a record, so that a few rare columns cannot make one of very short rows very large.
  static constexpr std::size_t kMostRows = 4096;
  /// Stands for rows that are no messages.
  static constexpr rd_kafka_resp_err_t kNoRows = RD_KAFKA_RESP_ERR__BAD_MSG;

  /// `user_fields` may be null.
  ColumnRecords(UserFieldsPtr user_fields, std::shared_ptr<MemoryBudget> budget)
      : user_fields_(std::move(user_fields)), budget_(std::move(budget)) {}

  /// Whether the budget has about what they take.
  bool has_room(Bytes rows) const { return budget_->fits(2 * rows.size()); }
  /// Null where the rows, which have their lengths before them, are no messages. Throws std::bad_alloc.
  std::unique_ptr<ColumnRecord> make(InFlight& flight, Bytes rows);

 private:
  std::unique_ptr<NativeBlock> take();

  const UserFieldsPtr user_fields_;
  const std::shared_ptr<MemoryBudget> budget_;
  Guarded<std::vector<std::unique_ptr<NativeBlock>>> idle_;  // one for each thread that was at it at once
};

}  // namespace sluice::sink
