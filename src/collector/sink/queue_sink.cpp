#include "sink/queue_sink.hpp"

#include <algorithm>
#include <new>
#include <utility>

#include "sink/block_rows.hpp"
#include "sink/say.hpp"
#include "sink/thread.hpp"
#include "util/clock.hpp"

namespace sluice::sink {
namespace {

constexpr std::uint64_t kSlowNs = kNsPerSecond / 4;  // a block that takes longer waits for its reader
constexpr std::chrono::seconds kTryAgain{1};
constexpr std::chrono::seconds kSpoolShare{2};  // of the time to close

}  // namespace

QueueSink::QueueSink(std::string name, std::uint64_t queue_bytes, std::unique_ptr<BlockWriter> writer,
                     LogFn log, const SpoolPlan& spool)
    : name_(std::move(name)),
      queue_bytes_(queue_bytes),
      budget_(std::make_shared<MemoryBudget>(static_cast<std::size_t>(queue_bytes))),
      writer_(std::move(writer)),
      log_(std::move(log)) {
  spool_ = spool.make({name_, tally_, books_, budget_,
                       [this] { return !closed_ && may_try() && queued_bytes_ <= queue_bytes_ / 4; },
                       [this](BlockPtr block) { send_spooled(std::move(block)); }, log_});
  if (spool_) spool_->start();
  thread_ = start_thread("sink." + name_, [this] { run(); });
}

QueueSink::~QueueSink() { close(Clock::now()); }

/// While blocks go to the spool, how much waits in the queue says nothing.
bool QueueSink::has_room(std::size_t bytes) const {
  if (!spool_) return Sink::has_room(bytes);
  return spool_->has_room() && (may_try() ? Sink::has_room(bytes) : budget_->fits(bytes));
}

SinkStats QueueSink::stats() const {
  SinkStats out = tally_.stats();
  if (spool_) spool_->add_to(out.counts);
  return out;
}

void QueueSink::send(BlockPtr block, unsigned) {
  const std::uint64_t flows = block->flows;
  const std::uint64_t bytes = block->bytes.size();
  tally_.produced(flows, bytes);
  // With a spool, before there is no memory for the next block to be opened.
  const bool full = spool_ && budget_->sink_is_behind(bytes);
  if (!full && may_try() && put(block, &ExporterBooks::take)) return wake_.notify_one();
  if (spool_ && !closed_) {
    books_.keep(*block);
    spool_->put(std::move(block));
    return;
  }
  tally_.shed(flows, bytes);
  books_.shed(block->exporters);
}

/// One that came from the spool.
void QueueSink::send_spooled(BlockPtr block) {
  if (put(block, &ExporterBooks::take_kept))
    wake_.notify_one();
  else
    spool_->put(std::move(block));
}

/// False where blocks go to the spool because the last one could not be written.
bool QueueSink::may_try() const {
  return !spool_ || !failing_ || (monotonic_ns() >= try_again_ns_ && queued_bytes_ == 0);
}

/// False: there is no room for it.
bool QueueSink::put(const BlockPtr& block, ExporterBooks::Ticket (ExporterBooks::*take)(const Block&)) {
  const std::uint64_t bytes = block->bytes.size();
  const std::lock_guard lock(mutex_);
  // A block larger than the queue still passes, alone.
  if (closed_ || (!queue_.empty() && queued_bytes_ + bytes > queue_bytes_)) return false;
  const std::size_t before = queue_.size();
  try {
    queue_.push_back({block, {}});
    queue_.back().ticket = (books_.*take)(*block);
  } catch (const std::bad_alloc&) {
    queue_.resize(before);
    return false;
  }
  queued_bytes_ += bytes;
  return true;
}

void QueueSink::shed(std::span<const Block::ExporterCount> lost) {
  const std::uint64_t flows = flows_in(lost);
  tally_.produced(flows, 0);
  tally_.shed(flows, 0);
  books_.shed(lost);
}

void QueueSink::filter_out(std::span<const Block::ExporterCount> flows) {
  tally_.filtered(flows_in(flows));
  books_.filter_out(flows);
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
  if (spool_ && spool_->writes()) return true;
  if (failing_) return false;
  return since == 0 || monotonic_ns() < since + kSlowNs;
}

void QueueSink::close(std::chrono::steady_clock::time_point deadline) {
  const auto now = Clock::now();
  {
    const std::lock_guard lock(mutex_);
    // What cannot be written goes to the spool, which takes its time too.
    const auto share =
        std::min<Clock::duration>(kSpoolShare, std::max(deadline - now, Clock::duration()) / 2);
    if (!closed_) give_up_.set(spool_ ? deadline - share : deadline);
    closed_ = true;
  }
  wake_.notify_one();
  if (thread_.joinable()) thread_.join();
  if (spool_) spool_->close(std::max(deadline, Clock::now() + kSpoolShare));
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
  try {
    writer_->start();
  } catch (const std::bad_alloc&) {
    say(log_, LogLevel::error, name_,
        [] { return "there is no memory to look for what an earlier one left"; });
  }
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
  if (spool_) {
    const bool now = !give_up_.reached() && (!failing_ || monotonic_ns() >= try_again_ns_);
    if (!now || !try_once(queued)) put_away(queued);
    return;
  }
  while (!give_up_.reached()) {
    if (try_once(queued)) return;
    wait_to_try_again();
  }
  book_failure(queued, last_reason_);
}

void QueueSink::put_away(const Queued& queued) {
  books_.keep(queued.ticket);
  spool_->put(queued.block);
}

/// Where there is no memory for it, as where there is no room.
Result<void, WriteError> QueueSink::write_now(const Block& block) {
  try {
    return writer_->write(block, give_up_);
  } catch (const std::bad_alloc&) {
    return failure(WriteError{FailReason::other, {}});
  }
}

/// False: it may be written later.
bool QueueSink::try_once(const Queued& queued) {
  const Block& block = *queued.block;
  writing_since_ns_ = monotonic_ns();
  const auto outcome = write_now(block);
  writing_since_ns_ = 0;
  if (outcome) {
    tally_.delivered(block.flows, block.bytes.size());
    tally_.block_delivered();
    tally_.cut(writer_->cut_values());
    books_.settle(queued.ticket, Fate::delivered);
    if (block.spooled != 0) spool_->settle(block, nullptr);
    if (failing_) say(log_, LogLevel::info, name_, [] { return "writes again"; });
    failing_ = false;
    last_reason_ = FailReason::shutdown;
    return true;
  }
  const WriteError& error = outcome.error();
  if (error.reason == FailReason::shutdown) return false;  // the loop looks at the time
  // Each time: whoever writes the log holds back what is said too often.
  say(log_, LogLevel::error, name_,
      [&] { return error.sentence.empty() ? "there is no memory to write" : error.sentence.c_str(); });
  if (error.lasting) {
    if (!book_rows(queued, error)) book_failure(queued, error.reason);
    return true;
  }
  try_again_ns_ = monotonic_ns() + static_cast<std::uint64_t>(kTryAgain.count()) * kNsPerSecond;
  failing_ = true;
  last_reason_ = error.reason;
  tally_.error();
  return false;
}

/// A second at the most, and files are closed and opened as ever: space may be made so.
void QueueSink::wait_to_try_again() {
  const auto until = std::min(Clock::now() + kTryAgain, give_up_.at());
  std::unique_lock lock(mutex_);
  const bool closing = closed_;
  wake_.wait_until(lock, until, [&] { return reopen_ || closed_ != closing; });
  const bool reopen = std::exchange(reopen_, false);
  lock.unlock();
  if (reopen) writer_->reopen();
  if (const auto tick = writer_->next_tick(); tick && Clock::now() >= *tick) writer_->tick();
}

/// Some of its rows are lost, and the others delivered. False: that cannot be told apart.
bool QueueSink::book_rows(const Queued& queued, const WriteError& error) {
  const Block& block = *queued.block;
  LostRows lost;
  std::uint64_t flows = 0, bytes = 0;
  try {
    for (const BlockRows& rows : error.lost) {
      if (rows.first > block.flows || rows.rows > block.flows - rows.first) return false;
      count_by_exporter(block, rows.first, rows.rows, lost.failed);
      flows += rows.rows;
      bytes += rows.bytes;
    }
  } catch (const std::bad_alloc&) {
    return false;
  }
  if (flows == 0 || flows > block.flows || bytes > block.bytes.size()) return false;
  tally_.failed(error.reason, flows, bytes);
  tally_.delivered(block.flows - flows, block.bytes.size() - bytes);
  books_.settle(queued.ticket, lost);
  if (block.spooled != 0) spool_->settle(block, nullptr);
  return true;
}

void QueueSink::book_failure(const Queued& queued, FailReason reason) {
  tally_.failed(reason, queued.block->flows, queued.block->bytes.size());
  books_.settle(queued.ticket, Fate::failed);
  if (queued.block->spooled != 0) spool_->settle(*queued.block, nullptr);
}

}  // namespace sluice::sink
