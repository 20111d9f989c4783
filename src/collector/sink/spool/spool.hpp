#pragma once
// The disk behind a sink: blocks that it cannot get rid of are put away by a thread of the spool and handed
// to the sink again, the oldest first, when it takes blocks. Live blocks go past those: only a few that come
// from the disk are under way at a time, and none more while the sink does not keep up.
//
// The sink and its spool share the counts: what is in the spool is queued in the tally and in the books,
// which is what the sink makes of a block (ExporterBooks::keep()) before it puts it here. Where nothing can
// be written either, blocks wait in memory, which the sink's budget bounds; they are tried again, and sent
// from there as soon as the sink takes them.
//
// A directory is one spool's at a time. Who comes second (a takeover, a reload that changes the sink) waits
// until the first ends, and then sends what that left; until then its blocks wait in memory, or are sent from
// there.
//
// Memory that runs out costs time: what it was wanted for is tried again.
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "sink/books.hpp"
#include "sink/counts.hpp"
#include "sink/say.hpp"
#include "sink/spool/holdings.hpp"
#include "sink/spool/store.hpp"
#include "sink/tally.hpp"
#include "util/log_sink.hpp"

namespace sluice::sink {

class Spool {
 public:
  using Clock = std::chrono::steady_clock;

  /// Whose spool it is. All of it outlives the spool, and is called from the spool's thread.
  struct Owner {
    std::string name;
    Tally& tally;
    ExporterBooks& books;
    std::shared_ptr<MemoryBudget> budget;
    std::function<bool()> ready;  ///< takes blocks just now
    /// Takes one of the spool's, whose flows are kept in the books. Does not throw.
    std::function<void(BlockPtr)> send;
    LogFn log;
  };

  /// `form`: of the sink's rows, so that nobody gets what was made for somebody else.
  Spool(Owner owner, const SpoolSettings& settings, const std::string& directory, std::string form);
  ~Spool();

  /// From now on the owner is called. Once.
  void start();

  // Any thread; never wait for the disk and do not throw.

  /// A block of kept flows, whole. One that came from the spool is handed out again later.
  void put(BlockPtr block);
  /// One that came from the spool is settled but for these of its flows, which are kept; null: all are.
  void settle(const Block& sent, BlockPtr rest);
  /// Adds what is counted of a spool.
  void add_to(Counts<SinkCount>& counts) const;
  /// More can be put here, and nothing that is there has to make room for it.
  bool has_room() const { return room_.load(std::memory_order_relaxed); }
  /// What is put here will be on disk in a moment.
  bool writes() const { return writes_.load(std::memory_order_relaxed); }

  /// The sink has ended, and put what it had: it is written until the deadline. What is in the spool then is
  /// left for the next start. Called once.
  void close(Clock::time_point deadline);

 private:
  struct Item {
    BlockPtr block;             // null: only the other
    std::uint64_t settled = 0;  // a block that came from the spool and is not needed any more
  };
  using Items = std::list<Item>;  // moved from one to the other without memory
  enum class Closing : std::uint8_t { wakes, waits };

  void push(Item item);
  void recycle(Items& done);
  void run();
  template <class Work>
  bool attempt(Work&& work);
  bool wait_for_lock();
  void try_to_lock(Clock::time_point tell_at);
  bool look_what_was_left();
  void resume();
  void work();
  bool wait(Clock::duration time, Closing closing);
  void take_in(Items& fresh);
  bool needs_no_writing(const Item& item);
  void store_pending();
  bool append(const BlockPtr& block);
  void is_waited_for(const std::shared_ptr<const void>& mark);
  void feed();
  bool send_next();
  void send_from_memory();
  void cannot_read();
  void recount();
  void sync();
  void cannot_sync(int error);
  void end();
  void give_up(const Block& block, FailReason reason);
  void shed(std::uint64_t bytes, std::span<const Block::ExporterCount> lost);
  void is_damaged(const spool::Summary& lost);
  void is_torn(std::uint64_t bytes);
  void publish();
  template <class Sentence>
  void say(LogLevel level, Sentence&& sentence) const {
    sink::say(owner_.log, level, owner_.name, std::forward<Sentence>(sentence));
  }

  const Owner owner_;
  spool::Store store_;
  spool::Holdings holdings_;  // on disk, and not handed out

  Items pending_;                   // the thread's: taken from the queue, not written yet
  Clock::time_point lock_again_{};  // where another has the directory
  Clock::time_point try_again_{};   // to write
  Clock::time_point read_again_{};  // what could not be read
  Clock::time_point next_sync_{};
  bool locked_ = false;
  bool torn_ = false;
  bool stuck_ = false;  // the last write failed
  std::vector<std::shared_ptr<const void>>
      unsynced_;  // marks of blocks that were written since the last sync
  std::atomic<bool> room_{true};
  std::atomic<bool> writes_{false};
  std::atomic<std::uint64_t> flows_{0}, disk_bytes_{0}, oldest_s_{0};
  std::atomic<std::uint64_t> shed_{0};

  // Guarded by mutex_.
  std::mutex mutex_;
  std::condition_variable wake_;
  Items queue_;
  Items spare_;  // without memory, what became of blocks that were handed out goes there
  bool closed_ = false;
  Clock::time_point deadline_ = Clock::time_point::max();

  std::thread thread_;
};

}  // namespace sluice::sink
