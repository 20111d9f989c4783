#pragma once
// A sink with one thread and a bounded queue of whole blocks before it: ClickHouse, PostgreSQL, file, stdout.
// A block that cannot be written (disk full) is tried again each second and the others wait behind it, while
// the queue has room; what comes then is shed. Only what would fail for ever (a pipe that nobody reads any
// more) fails at once. With a spool, what cannot be written goes there, from the queue too, and comes back
// when a block could be written.
#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <string>
#include <thread>

#include "sink/block_writer.hpp"
#include "sink/books.hpp"
#include "sink/spool/plan.hpp"
#include "util/log_sink.hpp"

namespace sluice::sink {

class QueueSink final : public Sink {
 public:
  QueueSink(std::string name, std::uint64_t queue_bytes, std::unique_ptr<BlockWriter> writer, LogFn log,
            const SpoolPlan& spool = {});
  ~QueueSink() override;

  void send(BlockPtr block, unsigned worker) override;
  void shed(std::span<const Block::ExporterCount> lost) override;
  void leave_out(std::span<const Block::ExporterCount> flows) override { books_.leave_out(flows); }
  void filter_out(std::span<const Block::ExporterCount> flows) override;
  std::shared_ptr<MemoryBudget> budget() const override { return budget_; }
  bool has_room(std::size_t bytes) const override;
  SinkStats stats() const override;
  std::vector<ExporterBook> books() const override { return books_.read(); }
  void forget(std::span<const IpAddress> exporters) override { books_.forget(exporters); }
  void reopen() override;
  bool ready_to_close() const override;
  void close(std::chrono::steady_clock::time_point deadline) override;

 private:
  enum class Woken { block, reopen, tick, end };
  struct Queued {
    BlockPtr block;
    ExporterBooks::Ticket ticket;
  };

  bool put(const BlockPtr& block, ExporterBooks::Ticket (ExporterBooks::*take)(const Block&));
  void run();
  Woken next(Queued& queued);
  void write(const Queued& queued);
  Result<void, WriteError> write_now(const Block& block);
  bool try_once(const Queued& queued);
  void put_away(const Queued& queued);
  bool may_try() const;
  void send_spooled(BlockPtr block);
  void wait_to_try_again();
  bool book_rows(const Queued& queued, const WriteError& error);
  void book_failure(const Queued& queued, FailReason reason);

  const std::string name_;
  const std::uint64_t queue_bytes_;
  const std::shared_ptr<MemoryBudget> budget_;
  const std::unique_ptr<BlockWriter> writer_;
  const LogFn log_;
  Tally tally_;
  mutable ExporterBooks books_;
  GiveUp give_up_;
  std::atomic<std::uint64_t> writing_since_ns_{0};  // monotonic; 0: nothing is being written
  std::atomic<bool> failing_{false};                // a block waits to be tried again
  std::atomic<std::uint64_t> try_again_ns_{0};      // monotonic; where it is failing, and has a spool
  FailReason last_reason_ = FailReason::shutdown;   // the thread's own; shutdown: none

  // Changed under mutex_ alone.
  std::atomic<std::uint64_t> queued_bytes_{0};
  std::atomic<bool> closed_{false};

  // Guarded by mutex_.
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Queued> queue_;
  bool reopen_ = false;

  std::unique_ptr<Spool> spool_;  // may be null
  std::thread thread_;
};

}  // namespace sluice::sink
