#pragma once
// Where finished blocks go. A sink never blocks a worker: it takes a block or sheds it, and counts
// what became of every flow: delivered, failed (by reason), queued, shed.
#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sink/budget.hpp"
#include "sink/counts.hpp"
#include "sluice/flow/address.hpp"

namespace sluice::sink {

class BufferPool;

/// One block of encoded flows: immutable once it is handed to a sink, shared by reference. Its header can be
/// written to disk, and whatever happens to the block can be booked to exporters. The memory is charged to
/// the sink's budget by the reference the sink is given (budget.hpp), so that of two sinks that share a block
/// each pays for as long as it holds it.
struct Block {
  struct ExporterCount {
    IpAddress exporter;  ///< UDP source address
    std::uint32_t flows = 0;
  };
  /// Rows of one exporter that follow each other.
  struct Run {
    std::uint32_t exporter = 0;  ///< an index into `exporters`
    std::uint32_t flows = 0;
  };
  std::uint32_t bucket = 0;  ///< hash of the key modulo the buckets; a Kafka partition is chosen from it
  std::uint32_t flows = 0;
  std::vector<ExporterCount> exporters;
  std::vector<std::byte> bytes;  ///< rows back to back
  std::vector<std::uint32_t>
      row_ends;           ///< single and plain framing: where each row ends in `bytes`; else empty
  std::vector<Run> runs;  ///< batch framing: whose the rows are, in their order
  std::vector<std::uint32_t> row_exporters;  ///< as row_ends: whose row it is, an index into `exporters`
  std::vector<std::byte> keys;               ///< single and plain framing: record keys back to back
  std::vector<std::uint32_t> key_ends;       ///< as row_ends, for `keys`; empty where records have no key
  std::uint64_t opened_ns = 0;               ///< monotonic time of its first row
  std::uint64_t spooled = 0;                 ///< where it lies in its sink's spool; 0: nowhere
  std::shared_ptr<BufferPool> pool;          ///< where ~Block leaves `bytes` to be used again; may be null
  /// Ends when what became of all rows is known at every sink, and what went to a spool is on the disk for
  /// sure: for whoever read them where they can be read again. May be null.
  std::shared_ptr<const void> mark;

  Block() = default;
  Block(const Block&) = delete;
  Block& operator=(const Block&) = delete;
  ~Block();
};
using BlockPtr = std::shared_ptr<const Block>;

class Sink {
 public:
  virtual ~Sink() = default;
  /// Hands over a block; `worker` is the index of the calling worker. A full sink counts the block as shed.
  /// Any worker, never blocks. Does not throw: a block that there is no memory to keep is shed as well.
  virtual void send(BlockPtr block, unsigned worker) = 0;
  /// Flows that never became a block because the memory budget was empty: counted as shed.
  virtual void shed(std::span<const Block::ExporterCount> lost) = 0;
  /// Flows that the sink's format leaves out; they are in no other count.
  virtual void leave_out(std::span<const Block::ExporterCount> flows) = 0;
  /// Flows that the sink's filter does not want.
  virtual void filter_out(std::span<const Block::ExporterCount> flows) = 0;
  /// What blocks for this sink are charged to; null: unbounded.
  virtual std::shared_ptr<MemoryBudget> budget() const { return nullptr; }
  /// False: whoever can wait should, before handing over more, so that nothing is shed: the sink does not
  /// keep up, or so many bytes of blocks would not fit beside those that are open. Any thread.
  virtual bool has_room(std::size_t bytes) const;
  /// How many buckets flows of this sink should be spread over just now.
  virtual std::uint32_t buckets() const { return 1; }
  virtual SinkStats stats() const = 0;
  /// One book for each exporter that brought flows, of one moment, in no order. Any thread; waits for nothing
  /// but a mutex.
  virtual std::vector<ExporterBook> books() const = 0;
  /// These exporters are gone: their books are added to the shared one. Any thread.
  virtual void forget(std::span<const IpAddress> exporters) = 0;
  /// SIGHUP: files are closed and opened again.
  virtual void reopen() {}
  /// Whether close() would be done in a moment: what the sink holds is on its way out, or can be put away.
  /// While false, it is worth waiting for whoever does not take the flows, with the workers still at work.
  /// Any thread.
  virtual bool ready_to_close() const { return true; }
  /// Waits until everything taken is delivered or the deadline has come, then ends its threads. What is left
  /// is counted as failed ("shutdown"). Called once, after the workers have ended.
  virtual void close(std::chrono::steady_clock::time_point deadline) = 0;
};

}  // namespace sluice::sink
