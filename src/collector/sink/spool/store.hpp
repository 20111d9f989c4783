#pragma once
// The files of a spool: blocks in the order in which they were put away, in segments of which the oldest goes
// as a whole, within a budget and never in the last tenth of the file system. What became of flows is told to
// whoever owns it; nothing is counted here. One thread at a time.
//
// A block that was handed out stays on disk until it is done with, so that a crash costs nothing, and at the
// most doubles what was delivered while its mark was not written. write() alone outlives SIGKILL; sync() is
// for the loss of power: of blocks, of marks, and of the names of files that came and went.
//
// Where memory runs out (std::bad_alloc), nothing has changed, and it may be tried again; events do not
// throw.
#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "sink/spool/format.hpp"
#include "sink/spool/settings.hpp"
#include "sluice/util/result.hpp"
#include "util/unique_fd.hpp"

namespace sluice::sink::spool {

struct StoreEvents {
  std::function<void(const Summary&)> dropped;  ///< a block that had to make room
  std::function<void(const Summary&)> damaged;  ///< a block whose payload is not what was written
  /// Bytes that are no block: whose flows were in it is not known.
  std::function<void(std::uint64_t bytes)> torn;
};

class Store {
 public:
  /// `form`: of the rows. Blocks of another form are neither read nor counted, but for the budget, where they
  /// are as old as the others.
  Store(std::filesystem::path directory, std::string form, std::uint64_t budget, SpoolDrop drop,
        StoreEvents events);
  ~Store();

  /// Makes the directory, and takes its lock: no other store has it until this one ends. False: another has
  /// it. The error is a sentence.
  Result<bool, std::string> lock();
  struct Found {
    std::uint64_t foreign_segments = 0;  ///< of another form, or unreadable
    std::string error;                   ///< "": all was looked at
  };
  /// What a process before this one left: `waiting` is told of each block that will be handed out, oldest
  /// first. After lock(), before all else.
  Found open(const std::function<void(const Summary&)>& waiting);

  enum class Trouble : std::uint8_t { no_room, no_space, io_error, too_large };
  struct Failure {
    Trouble trouble;
    std::string sentence;
  };
  /// Puts a block behind all others, after it has made room where the oldest may go for it.
  Result<void, Failure> append(const Block& block);
  /// The oldest that is not handed out; null where there is none, or unreadable() says why it cannot be read
  /// now: it stays the next one. Its `spooled` is for the two below.
  std::shared_ptr<Block> next();
  /// Why next() or each_waiting() could not read what is there, as where no file can be opened; "": they
  /// could.
  const std::string& unreadable() const { return unreadable_; }
  /// It will not be needed again.
  void done(std::uint64_t spooled);
  /// Hands it out again, before all younger ones. False: it had to make room meanwhile.
  bool again(std::uint64_t spooled);
  /// What is known of blocks that are on disk and not handed out, read from there. False: not all could be
  /// read.
  bool each_waiting(const std::function<void(const Summary&)>& each);
  /// What was written is on the disk. 0 or errno: what is not is tried again the next time.
  int sync();
  /// The last of all: another may have the lock. As sync().
  int release();

  /// For some time yet: a quarter of the budget, or 64 MB of it.
  bool has_room() const { return room() >= std::min<std::uint64_t>(budget_ / 4, 64U << 20); }
  bool nothing_to_hand_out() const;
  std::size_t handed_out() const { return out_.size(); }  ///< and not settled
  std::uint64_t bytes() const { return bytes_; }          ///< of all files
  std::uint64_t oldest_s() const;                         ///< Unix time; 0: there is nothing
  bool drops_newest() const { return drop_ == SpoolDrop::newest; }
  const std::filesystem::path& directory() const { return directory_; }

 private:
  struct Segment {
    std::filesystem::path path;
    UniqueFd file;  // open only while somebody reads or writes it
    std::uint64_t head = 0;
    std::uint64_t size = 0;
    std::uint64_t first_s = 0;
    bool foreign = false;
    bool marked = false;  // blocks are done with, or were written, and that is not on the disk for sure
  };
  using Segments = std::map<std::uint32_t, Segment>;
  struct Parsed {
    BlockHead head;
    Buffer table;
    Summary summary;
    std::uint64_t at = 0;
  };
  static std::uint64_t id_of(std::uint32_t number, std::uint64_t at) {
    return std::uint64_t{number} << 32 | at;
  }

  Result<void, int> make_directory() const;
  void open_segment(std::uint32_t number, const std::filesystem::path& path, Found& found,
                    const std::function<void(const Summary&)>& waiting);
  /// Nothing where no block is; the error is errno: what is there could not be read.
  using Looked = Result<std::optional<Parsed>, int>;
  Result<int, int> file_of(Segment& segment) const;
  void close_file(std::uint32_t number, Segment& segment) const;
  Looked block_at(int file, std::uint64_t at, std::uint64_t size) const;
  Looked block_from(Segment& segment, std::uint64_t& at, std::uint64_t* torn) const;
  void cannot_read(std::uint32_t number, Segment& segment, int error);
  std::shared_ptr<Block> next_of(std::uint32_t number, Segment& segment);
  bool each_waiting_in(std::uint32_t number, Segment& segment,
                       const std::function<void(const Summary&)>& each);
  std::shared_ptr<Block> read(std::uint32_t number, Segment& segment, const Parsed& parsed);
  std::shared_ptr<Block> read_again();
  void mark_done(std::uint64_t id);
  bool wanted(std::uint64_t id, const BlockHead& head) const;
  bool finished(std::uint32_t number) const;
  void remove_finished();
  void remove(Segments::iterator segment);
  bool drop(Segments::iterator segment);
  std::uint64_t room() const;
  Result<void, Failure> make_room(std::uint64_t bytes);
  Result<Segment*, Failure> writable(std::uint64_t bytes);
  Failure failure_of(int error, const std::string& what) const;
  bool tell_dropped(std::uint32_t number, Segment& segment);
  int sync_marks();
  void seal();

  const std::filesystem::path directory_;
  const std::string form_;
  const std::uint64_t budget_;
  const std::uint64_t segment_bytes_;
  const SpoolDrop drop_;
  const StoreEvents events_;
  UniqueFd lock_;
  Segments segments_;
  std::uint32_t next_number_ = 1;
  std::uint32_t writing_ = 0;      // the segment that grows; 0: none
  bool dirty_ = false;             // so is what was written there
  bool names_dirty_ = false;       // so are files that came or went
  std::uint32_t read_number_ = 0;  // the next block to hand out is there, or behind
  std::uint64_t read_at_ = 0;
  std::set<std::uint64_t> out_;    // handed out, and not settled
  std::set<std::uint64_t> again_;  // to be handed out once more
  std::uint64_t bytes_ = 0;
  std::uint64_t freed_ = 0;  // by dropping, and not written again
  std::string unreadable_;
};

}  // namespace sluice::sink::spool
