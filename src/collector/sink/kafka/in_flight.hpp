#pragma once
// A block on its way through a producer, and the records it is sent as.
#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <deque>
#include <new>
#include <optional>
#include <utility>
#include <vector>

#include "sink/books.hpp"
#include "sink/budget.hpp"
#include "sink/kafka/pieces.hpp"
#include "util/guarded.hpp"

namespace sluice::sink {

/// What librdkafka is given as one record. The bytes are the block's.
struct Record {
  Bytes bytes;
  Bytes key;
  std::int32_t partition = RD_KAFKA_PARTITION_UA;
};

/// What became of a block's rows where they were not delivered.
struct LostRecords : LostRows {
  std::vector<Bytes> records;  ///< those that are kept, of the block's bytes
};

/// Holds a block until the fate of its last record is known. Nothing here throws: reports come from C, and a
/// block that was counted has to be settled. What there is no memory to tell apart is counted in `unbooked`.
struct InFlight {
  BlockPtr block;
  ExporterBooks::Ticket ticket;
  Charge overhead;
  bool row_wise = false;
  LostRecords refused;                 // written by the sender alone
  LostRecords reported;                // and this by whoever brings the reports
  std::atomic<std::uint32_t> left{1};  // records whose fate is open, and the sender until it is done
  std::atomic<std::uint64_t> kept_bytes{0};
  std::atomic<std::uint32_t> unbooked{0};  // flows that failed, of whom nobody knows whose they are
  std::atomic<rd_kafka_resp_err_t> error{RD_KAFKA_RESP_ERR_NO_ERROR};

  /// The row that begins there: librdkafka hands back the pointer it was given.
  std::size_t row_at(const std::byte* begin) const {
    return static_cast<std::size_t>(
        std::ranges::upper_bound(block->row_ends, static_cast<std::uint32_t>(begin - block->bytes.data())) -
        block->row_ends.begin());
  }
  /// Of a record that is a row.
  Bytes key_of(std::size_t row) const {
    if (block->key_ends.empty()) return {};
    const std::uint32_t begin = row > 0 ? block->key_ends[row - 1] : 0;
    return Bytes(block->keys).subspan(begin, block->key_ends[row] - begin);
  }
  bool whole(Bytes record) const { return record.size() == block->bytes.size(); }
  std::uint32_t flows_of(Bytes record, encode::Format format) const {
    return row_wise ? 1 : whole(record) ? block->flows : count_rows(record, format);
  }
  /// The record has failed.
  void fail(Bytes record, encode::Format format, LostRecords& lost) {
    if (has_room(lost.failed))
      count_lost(record, format, lost.failed);
    else
      unbooked += flows_of(record, format);
  }
  /// The record is kept for the spool. False where there is no memory for that.
  bool keep(Bytes record, encode::Format format, LostRecords& lost) {
    if (!has_room(lost.kept)) return false;
    try {
      lost.records.push_back(record);
    } catch (const std::bad_alloc&) {
      return false;
    }
    count_lost(record, format, lost.kept);
    kept_bytes += record.size();
    return true;
  }
  /// After the last report.
  LostRecords lost() {
    add(refused.failed, reported.failed);
    add(refused.shed, reported.shed);
    add(refused.kept, reported.kept);
    if (refused.records.empty()) {
      refused.records.swap(reported.records);
    } else if (!reported.records.empty()) {
      try {
        refused.records.insert(refused.records.end(), reported.records.begin(), reported.records.end());
      } catch (const std::bad_alloc&) {
        refused.records.clear();
      }
    }
    return std::move(refused);
  }
  /// Books what is unbooked to whoever of the block has flows that were not lost. False: there is no memory.
  bool book(LostRecords& lost) const {
    if (unbooked == 0) return true;
    if (!has_room(lost.failed)) return false;
    std::uint32_t left_to_book = unbooked;
    for (std::size_t i = 0; i < block->exporters.size(); ++i) {
      const auto of = [i](const std::vector<std::uint32_t>& rows) { return rows.empty() ? 0U : rows[i]; };
      const std::uint32_t lost_already = of(lost.failed) + of(lost.shed) + of(lost.kept);
      const std::uint32_t its = std::min(left_to_book, block->exporters[i].flows - lost_already);
      lost.failed[i] += its;
      left_to_book -= its;
    }
    return true;
  }
  /// All that was to be kept has failed. Returns how many flows that is.
  static std::uint64_t fail_kept(LostRecords& lost) {
    std::uint64_t flows = 0;
    for (const std::uint32_t n : lost.kept) flows += n;
    add(lost.failed, lost.kept);
    lost.kept.clear();
    lost.records.clear();
    return flows;
  }

 private:
  bool has_room(std::vector<std::uint32_t>& counts) const {
    try {
      counts.resize(block->exporters.size());
      return true;
    } catch (const std::bad_alloc&) {
      return false;
    }
  }
  void count_lost(Bytes record, encode::Format format, std::vector<std::uint32_t>& lost) const {
    if (row_wise) return count_by_exporter(*block, row_at(record.data()), 1, lost);
    if (whole(record)) return count_by_exporter(*block, 0, block->flows, lost);
    const Bytes before(block->bytes.data(), record.data());
    count_by_exporter(*block, count_rows(before, format), count_rows(record, format), lost);
  }
  static void add(std::vector<std::uint32_t>& sum, std::vector<std::uint32_t>& more) {
    if (sum.empty()) return sum.swap(more);
    for (std::size_t i = 0; i < more.size(); ++i) sum[i] += more[i];
  }
};

/// Records that were refused for a reason that passes, in the order in which they came. Each is a share of
/// its block's `left`, so the block stays, charged to the sink's budget. Any thread.
class WaitingRecords {
 public:
  struct Waiting {
    InFlight* flight;
    Record record;
  };

  // False: there is no memory for it.

  bool push(Waiting last) {
    return grow([&](auto& records) { records.push_back(last); });
  }
  /// One that was taken out and has to go on waiting.
  bool put_back(Waiting first) {
    return grow([&](auto& records) { records.push_front(first); });
  }
  std::optional<Waiting> take() {
    return records_.with([](auto& records) -> std::optional<Waiting> {
      if (records.empty()) return std::nullopt;
      const Waiting first = records.front();
      records.pop_front();
      return first;
    });
  }
  bool empty() const {
    return records_.with([](const auto& records) { return records.empty(); });
  }

 private:
  template <class Grow>
  bool grow(Grow&& more) {
    try {
      records_.with(more);
      return true;
    } catch (const std::bad_alloc&) {
      return false;
    }
  }

  Guarded<std::deque<Waiting>> records_;
};

}  // namespace sluice::sink
