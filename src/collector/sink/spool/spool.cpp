#include "sink/spool/spool.hpp"

#include <algorithm>
#include <new>
#include <system_error>
#include <utility>

#include "sink/thread.hpp"
#include "util/clock.hpp"
#include "util/guarded.hpp"

namespace sluice::sink {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kUnderWay = 32;  // blocks from the disk that the sink has at a time
constexpr std::size_t kSpare = 2 * kUnderWay;
constexpr auto kLook = 100ms;   // how often a sink that is not ready is asked again
constexpr auto kTryAgain = 1s;  // after a write that failed
constexpr auto kSyncEach = 5s;
constexpr auto kSyncMarked = 1s;  // where somebody waits for it
constexpr auto kLockAgain = 100ms;
constexpr auto kTellAfter = 3s;  // a sink that is replaced ends sooner as a rule

std::uint64_t bytes_of(const Block& block) {
  return block.bytes.size() + block.keys.size() +
         (block.row_ends.size() + block.row_exporters.size() + block.key_ends.size()) * sizeof(std::uint32_t);
}

/// Marks of what no disk has for sure, and nobody tries to write again: they do not end, so that whoever
/// waits for them reads the flows again after the next start.
void never_on_disk(std::vector<std::shared_ptr<const void>> marks) {
  static Guarded<std::vector<std::shared_ptr<const void>>> all;
  try {
    all.with([&](auto& kept) { kept.insert(kept.end(), marks.begin(), marks.end()); });
  } catch (const std::bad_alloc&) {  // they end
  }
}

/// A block from the disk, with what it is charged to the sink's memory.
struct Paid {
  Charge charge;
  BlockPtr block;  // goes before the charge is given back
};

}  // namespace

Spool::Spool(Owner owner, const SpoolSettings& settings, const std::string& directory, std::string form)
    : owner_(std::move(owner)),
      store_(directory, std::move(form), settings.bytes, settings.drop,
             {[this](const spool::Summary& lost) {
                holdings_.take(lost.exporters, lost.bytes);
                shed(lost.bytes, lost.exporters);
              },
              [this](const spool::Summary& lost) { is_damaged(lost); },
              [this](std::uint64_t bytes) { is_torn(bytes); }}),
      spare_(kSpare) {}

Spool::~Spool() { close(Clock::now()); }

void Spool::start() {
  // Here and not by the thread: the directory is made as whoever makes the sink.
  const auto locked = store_.lock();
  locked_ = locked && *locked;
  writes_ = locked_;
  thread_ = start_thread("spool." + owner_.name, [this] { run(); });
}

void Spool::put(BlockPtr block) { push({std::move(block), 0}); }

void Spool::settle(const Block& sent, BlockPtr rest) { push({std::move(rest), sent.spooled}); }

void Spool::push(Item item) {
  const bool was_handed_out = item.settled != 0 || (item.block && item.block->spooled != 0);
  {
    const std::lock_guard lock(mutex_);
    Items one;
    try {
      one.push_back(std::move(item));
    } catch (const std::bad_alloc&) {
      if (!was_handed_out || spare_.empty()) {
        if (item.block) shed(item.block->bytes.size(), item.block->exporters);
        return;
      }
      one.splice(one.begin(), spare_, spare_.begin());
      one.front() = std::move(item);
    }
    queue_.splice(queue_.end(), one);
  }
  wake_.notify_one();
}

/// Items that are done with.
void Spool::recycle(Items& done) {
  for (Item& item : done) item = {};
  const std::lock_guard lock(mutex_);
  while (!done.empty() && spare_.size() < kSpare) spare_.splice(spare_.end(), done, done.begin());
  done.clear();
}

void Spool::add_to(Counts<SinkCount>& counts) const {
  counts[SinkCount::spooled_flows] += flows_.load(std::memory_order_relaxed);
  counts[SinkCount::spool_bytes] += disk_bytes_.load(std::memory_order_relaxed);
  counts[SinkCount::spool_shed_flows] += shed_.load(std::memory_order_relaxed);
  const std::uint64_t oldest = oldest_s_.load(std::memory_order_relaxed);
  const std::uint64_t now = unix_ns() / kNsPerSecond;
  if (oldest != 0 && now > oldest) counts[SinkCount::spool_oldest_seconds] += now - oldest;
}

void Spool::close(Clock::time_point deadline) {
  {
    const std::lock_guard lock(mutex_);
    if (!closed_) deadline_ = deadline;
    closed_ = true;
  }
  wake_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void Spool::run() {
  if (wait_for_lock() && look_what_was_left()) work();
  end();
}

/// False: there was no memory for it; once there is, it goes on from where it was.
template <class Work>
bool Spool::attempt(Work&& work) {
  try {
    work();
    return true;
  } catch (const std::bad_alloc&) {
    say(LogLevel::error, [] { return "the spool has no memory to go on; it is tried again"; });
    std::this_thread::sleep_for(kLook);
    return false;
  }
}

/// False: closed before the directory was to be had.
bool Spool::wait_for_lock() {
  const auto tell_at = Clock::now() + kTellAfter;
  for (;;) {
    attempt([&] { try_to_lock(tell_at); });
    if (locked_) return true;
    if (!wait(kLockAgain, Closing::waits)) return false;
    send_from_memory();
  }
}

void Spool::try_to_lock(Clock::time_point tell_at) {
  const auto now = Clock::now();
  if (locked_ || now < lock_again_) return;
  lock_again_ = now + kLockAgain;
  const auto locked = store_.lock();
  writes_ = locked_ = locked && *locked;
  if (locked_ || (locked && now < tell_at)) return;
  say(LogLevel::warning, [&] {
    return locked ? store_.directory().string() +
                        " is used by another process or by the sink as it was before; blocks "
                        "wait in memory until that ends"
                  : locked.error() + "; blocks wait in memory";
  });
}

/// False: closed before there was memory to look.
bool Spool::look_what_was_left() {
  while (!attempt([&] { resume(); }))
    if (!wait(kTryAgain, Closing::waits)) return false;
  return true;
}

/// What a process before this one left.
void Spool::resume() {
  std::uint64_t blocks = 0;
  const auto found = store_.open([&](const spool::Summary& block) {
    ++blocks;
    holdings_.add(block.exporters, block.bytes);
    owner_.tally.resumed(block.flows, block.bytes);
    owner_.books.resume(block.exporters);
  });
  torn_ = false;  // whose that was is not known
  publish();
  if (!found.error.empty()) say(LogLevel::error, [&] { return found.error; });
  const auto in = [this] { return " in " + store_.directory().string(); };
  if (found.foreign_segments != 0)
    say(LogLevel::warning, [&] {
      return std::to_string(found.foreign_segments) + " files" + in() +
             " hold flows of another form than this sink's; they stay there until a sink of "
             "that form has this spool, or they make room";
    });
  if (blocks != 0)
    say(LogLevel::info, [&] {
      return std::to_string(holdings_.flows()) + " flows in " + std::to_string(blocks) + " blocks were left" +
             in() + ", and are sent now";
    });
}

void Spool::work() {
  for (;;) {
    const bool more = !pending_.empty() || !unsynced_.empty() || !store_.nothing_to_hand_out();
    // At the end, what cannot be written is tried until the deadline.
    if (!wait(more ? kLook : kSyncEach, stuck_ && more ? Closing::waits : Closing::wakes)) return;
    attempt([&] {
      store_pending();
      feed();
      if (torn_ && Clock::now() >= read_again_) recount();
    });
    publish();
    if (Clock::now() >= next_sync_) sync();
  }
}

/// For what comes, or the end. False: closed, and all is stored or it is too late.
bool Spool::wait(Clock::duration time, Closing closing) {
  Items fresh;
  std::unique_lock lock(mutex_);
  wake_.wait_for(lock, time, [&] { return (closed_ && closing == Closing::wakes) || !queue_.empty(); });
  fresh.swap(queue_);
  const bool closed = closed_;
  const auto deadline = deadline_;
  lock.unlock();
  take_in(fresh);
  return !closed || (!pending_.empty() && Clock::now() < deadline);
}

/// What became of blocks from the disk is noted at once, whatever cannot be written: it makes room for
/// others.
void Spool::take_in(Items& fresh) {
  Items done;
  while (!fresh.empty()) {
    Items& to = needs_no_writing(fresh.front()) ? done : pending_;
    to.splice(to.end(), fresh, fresh.begin());
  }
  if (!done.empty()) recycle(done);
}

bool Spool::needs_no_writing(const Item& item) {
  if (!item.block) return store_.done(item.settled), true;
  if (item.settled != 0 || item.block->spooled == 0 || !store_.again(item.block->spooled)) return false;
  holdings_.add(item.block->exporters, item.block->bytes.size());
  return true;
}

void Spool::store_pending() {
  while (!pending_.empty() && Clock::now() >= try_again_) {
    if (!append(pending_.front().block)) return;
    Items done;
    done.splice(done.begin(), pending_, pending_.begin());
    if (done.front().settled != 0) store_.done(done.front().settled);
    recycle(done);
  }
}

/// False: not now.
bool Spool::append(const BlockPtr& block) {
  using Trouble = spool::Store::Trouble;
  if (block->mark) is_waited_for(block->mark);
  const auto stored = store_.append(*block);
  if (stored) {
    holdings_.add(block->exporters, block->bytes.size());
    if (std::exchange(stuck_, false)) say(LogLevel::info, [] { return "the spool writes again"; });
    return true;
  }
  say(LogLevel::error, [&] { return "the spool cannot take flows: " + stored.error().sentence; });
  const Trouble trouble = stored.error().trouble;
  if (trouble == Trouble::too_large || (trouble == Trouble::no_room && store_.drops_newest())) {
    shed(block->bytes.size(), block->exporters);
    return true;
  }
  stuck_ = true;
  try_again_ = Clock::now() + kTryAgain;
  return false;
}

/// The write alone is not enough for whoever would not read the flows again.
void Spool::is_waited_for(const std::shared_ptr<const void>& mark) {
  next_sync_ = std::min(next_sync_, Clock::now() + kSyncMarked);
  if (unsynced_.empty() || unsynced_.back() != mark) unsynced_.push_back(mark);
}

void Spool::feed() {
  const auto behind = [this] { return owner_.budget && owner_.budget->sink_is_behind(); };
  while (store_.handed_out() < kUnderWay && owner_.ready() && !behind() && send_next()) {
  }
  // The memory may be full of what cannot be written: that goes whatever there is on the disk.
  if (stuck_) send_from_memory();
}

/// The oldest on the disk. False: there is none, or it cannot be had now.
bool Spool::send_next() {
  const std::shared_ptr<Block> block = Clock::now() >= read_again_ ? store_.next() : nullptr;
  if (!store_.unreadable().empty()) cannot_read();
  if (!block) return false;
  holdings_.take(block->exporters, block->bytes.size());
  std::shared_ptr<Paid> paid;
  try {
    if (auto charge = Charge::take(owner_.budget, bytes_of(*block))) {
      charge->hand_over();
      paid = std::make_shared<Paid>(Paid{std::move(*charge), block});
    }
  } catch (const std::bad_alloc&) {  // it is handed out later
  }
  if (!paid) {
    if (store_.again(block->spooled)) holdings_.add(block->exporters, block->bytes.size());
    return false;
  }
  owner_.send({std::move(paid), block.get()});
  return true;
}

/// What could not be written either may be taken now.
void Spool::send_from_memory() {
  for (std::size_t n = 0; n < kUnderWay && !pending_.empty() && owner_.ready(); ++n) {
    Items one;
    one.splice(one.begin(), pending_, pending_.begin());
    BlockPtr block = std::move(one.front().block);
    if (one.front().settled != 0) store_.done(one.front().settled);
    recycle(one);
    owner_.send(std::move(block));
  }
}

/// Nothing is lost: it is tried again.
void Spool::cannot_read() {
  if (Clock::now() < read_again_) return;
  read_again_ = Clock::now() + kTryAgain;
  say(LogLevel::error, [this] { return store_.unreadable() + "; it stays, and is tried again"; });
}

/// Damage has taken blocks of whom nothing is known: what is left is counted, and the difference is lost.
void Spool::recount() {
  spool::Holdings found;
  if (!store_.each_waiting([&](const spool::Summary& block) { found.add(block.exporters, block.bytes); }))
    return cannot_read();
  const auto missing = holdings_.missing(found);
  torn_ = false;
  const std::uint64_t bytes = holdings_.bytes() - std::min(holdings_.bytes(), found.bytes());
  std::uint64_t flows = 0;
  for (const auto& [exporter, lost] : missing) {
    flows += lost;
    owner_.books.settle_kept(exporter, lost, Fate::failed);
  }
  if (flows != 0) owner_.tally.failed(FailReason::damaged, flows, bytes);
  holdings_ = std::move(found);
}

void Spool::sync() {
  next_sync_ = Clock::now() + kSyncEach;
  const int error = store_.sync();
  if (error == 0) return unsynced_.clear();
  cannot_sync(error);
}

void Spool::cannot_sync(int error) {
  owner_.tally.error();
  say(LogLevel::warning, [&] {
    return "cannot sync " + store_.directory().string() + ": " + std::generic_category().message(error) +
           "; a loss of power would cost what was spooled since then";
  });
}

/// No sink any more. What stays on the disk is nobody's until the next one has it.
void Spool::end() {
  locked_ = false;
  (void)wait({}, Closing::wakes);
  for (const Item& item : pending_) {
    if (item.settled != 0) store_.done(item.settled);
    give_up(*item.block, stuck_ ? FailReason::no_space : FailReason::shutdown);
  }
  pending_.clear();
  if (const int error = store_.release(); error != 0) {
    cannot_sync(error);
    never_on_disk(std::move(unsynced_));
  }
  unsynced_.clear();
  const std::uint64_t left = holdings_.flows(), bytes = holdings_.bytes();
  holdings_ = {};
  publish();
  disk_bytes_ = 0;
  owner_.tally.leave(left, bytes);
  owner_.books.leave();
  if (left != 0)
    say(LogLevel::info, [&] {
      return std::to_string(left) + " flows stay in " + store_.directory().string() + " for the next start";
    });
}

void Spool::is_damaged(const spool::Summary& lost) {
  holdings_.take(lost.exporters, lost.bytes);
  owner_.tally.failed(FailReason::damaged, lost.flows, lost.bytes);
  owner_.books.settle_kept(lost.exporters, Fate::failed);
  say(LogLevel::error,
      [this] { return "a block in " + store_.directory().string() + " is damaged, and lost"; });
}

void Spool::is_torn(std::uint64_t bytes) {
  torn_ = true;
  say(LogLevel::error, [&] {
    return std::to_string(bytes) + " bytes in " + store_.directory().string() +
           " are no whole block, as after a crash; what was in them is lost";
  });
}

void Spool::give_up(const Block& block, FailReason reason) {
  owner_.tally.failed(reason, block.flows, block.bytes.size());
  owner_.books.settle_kept(block.exporters, Fate::failed);
}

void Spool::shed(std::uint64_t bytes, std::span<const Block::ExporterCount> lost) {
  const std::uint64_t flows = flows_in(lost);
  owner_.tally.shed(flows, bytes);
  owner_.books.settle_kept(lost, Fate::shed);
  shed_.fetch_add(flows, std::memory_order_relaxed);
}

void Spool::publish() {
  flows_.store(holdings_.flows(), std::memory_order_relaxed);
  disk_bytes_.store(store_.bytes(), std::memory_order_relaxed);
  oldest_s_.store(holdings_.flows() ? store_.oldest_s() : 0, std::memory_order_relaxed);
  room_.store(!stuck_ && (holdings_.flows() == 0 || store_.has_room()), std::memory_order_relaxed);
  writes_.store(locked_ && !stuck_, std::memory_order_relaxed);
}

}  // namespace sluice::sink
