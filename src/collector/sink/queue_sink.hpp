#pragma once
// A sink with one thread and a bounded queue of whole blocks before it: file, stdout.
#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <string>
#include <thread>

#include "sink/block_writer.hpp"
#include "sink/books.hpp"
#include "util/log_sink.hpp"

namespace sluice::sink {

class QueueSink final : public Sink {
 public:
  QueueSink(std::string name, std::uint64_t queue_bytes, std::unique_ptr<BlockWriter> writer, LogFn log);
  ~QueueSink() override;

  void send(BlockPtr block, unsigned worker) override;
  void shed(std::span<const Block::ExporterCount> lost) override;
  void leave_out(std::span<const Block::ExporterCount> flows) override { books_.leave_out(flows); }
  std::shared_ptr<MemoryBudget> budget() const override { return budget_; }
  SinkStats stats() const override { return tally_.stats(); }
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

  void run();
  Woken next(Queued& queued);
  void write(const Queued& queued);
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
  std::string last_error_;                          // the thread's own

  // Guarded by mutex_.
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Queued> queue_;
  std::uint64_t queued_bytes_ = 0;
  bool reopen_ = false;
  bool closed_ = false;

  std::thread thread_;
};

}  // namespace sluice::sink
