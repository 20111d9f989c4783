#include "sink/queue_sink.hpp"

#include "sink/thread.hpp"
#include "util/clock.hpp"

namespace sluice::sink {
namespace {

constexpr std::uint64_t kSlowNs = kNsPerSecond / 4;  // a block that takes longer waits for its reader

}  // namespace

QueueSink::QueueSink(std::string name, std::uint64_t queue_bytes, std::unique_ptr<BlockWriter> writer,
                     LogFn log)
    : name_(std::move(name)),
      queue_bytes_(queue_bytes),
      budget_(std::make_shared<MemoryBudget>(static_cast<std::size_t>(queue_bytes))),
      writer_(std::move(writer)),
      log_(std::move(log)) {
  thread_ = start_thread("sink." + name_, [this] { run(); });
}

QueueSink::~QueueSink() { close(Clock::now()); }

void QueueSink::send(BlockPtr block, unsigned) {
  const std::uint64_t flows = block->flows;
  const std::uint64_t bytes = block->bytes.size();
  tally_.produced(flows, bytes);
  const ExporterBooks::Ticket ticket = books_.take(*block);
  {
    const std::lock_guard lock(mutex_);
    // A block larger than the queue still passes, alone.
    if (!closed_ && (queue_.empty() || queued_bytes_ + bytes <= queue_bytes_)) {
      queued_bytes_ += bytes;
      queue_.push_back({std::move(block), ticket});
    }
  }
  if (block) {
    tally_.shed(flows, bytes);
    books_.settle(ticket, Fate::shed);
    return;
  }
  wake_.notify_one();
}

void QueueSink::shed(std::span<const Block::ExporterCount> lost) {
  const std::uint64_t flows = flows_in(lost);
  tally_.produced(flows, 0);
  tally_.shed(flows, 0);
  books_.shed(lost);
}

void QueueSink::reopen() {
  {
    const std::lock_guard lock(mutex_);
    reopen_ = true;
  }
  wake_.notify_one();
}

bool QueueSink::ready_to_close() const {
  const std::uint64_t since = writing_since_ns_;
  return since == 0 || monotonic_ns() < since + kSlowNs;
}

void QueueSink::close(std::chrono::steady_clock::time_point deadline) {
  {
    const std::lock_guard lock(mutex_);
    if (!closed_) give_up_.set(deadline);
    closed_ = true;
  }
  wake_.notify_one();
  if (thread_.joinable()) thread_.join();
}

QueueSink::Woken QueueSink::next(Queued& queued) {
  std::unique_lock lock(mutex_);
  const auto has_work = [&] { return reopen_ || closed_ || !queue_.empty(); };
  if (const auto at = writer_->next_tick()) {
    if (Clock::now() >= *at || !wake_.wait_until(lock, *at, has_work)) return Woken::tick;
  } else {
    wake_.wait(lock, has_work);
  }
  // Blocks that were taken before the reopening may well go to the next file: nothing tells them apart.
  if (std::exchange(reopen_, false)) return Woken::reopen;
  if (queue_.empty()) return Woken::end;
  queued = std::move(queue_.front());
  queue_.pop_front();
  queued_bytes_ -= queued.block->bytes.size();
  return Woken::block;
}

void QueueSink::run() {
  for (;;) {
    Queued queued;
    switch (next(queued)) {
      case Woken::block:
        write(queued);
        break;
      case Woken::reopen:
        writer_->reopen();
        break;
      case Woken::tick:
        writer_->tick();
        break;
      case Woken::end:
        return writer_->finish();
    }
  }
}

void QueueSink::write(const Queued& queued) {
  if (give_up_.reached()) return book_failure(queued, FailReason::shutdown);
  const Block& block = *queued.block;
  writing_since_ns_ = monotonic_ns();
  const auto outcome = writer_->write(block, give_up_);
  writing_since_ns_ = 0;
  if (outcome) {
    tally_.delivered(block.flows, block.bytes.size());
    tally_.block_delivered();
    books_.settle(queued.ticket, Fate::delivered);
    if (!last_error_.empty()) log_(LogLevel::info, "sink " + name_ + ": writes again");
    last_error_.clear();
    return;
  }
  book_failure(queued, outcome.error().reason);
  if (outcome.error().reason == FailReason::shutdown || outcome.error().sentence == last_error_) return;
  last_error_ = outcome.error().sentence;
  log_(LogLevel::error, "sink " + name_ + ": " + last_error_);
}

void QueueSink::book_failure(const Queued& queued, FailReason reason) {
  tally_.failed(reason, queued.block->flows, queued.block->bytes.size());
  books_.settle(queued.ticket, Fate::failed);
}

}  // namespace sluice::sink
