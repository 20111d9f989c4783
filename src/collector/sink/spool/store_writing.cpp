// How blocks come into a store: where there is room for them, and what has to make it; and when they are on
// the disk.
#include <fcntl.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "sink/spool/files.hpp"
#include "sink/spool/store.hpp"
#include "util/clock.hpp"

namespace sluice::sink::spool {
namespace {

constexpr std::uint64_t kReserve = 10;  // one part of so many of a file system is not ours

}  // namespace

/// Once all of it is known: what was told is gone. False: it cannot be read now.
bool Store::tell_dropped(std::uint32_t number, Segment& segment) {
  const auto file = file_of(segment);
  if (!file && file.error() != ENOENT) return cannot_read(number, segment, file.error()), false;
  std::vector<Summary> blocks;
  std::uint64_t at = segment.head;
  const auto next = [&] { return block_from(segment, at, nullptr); };
  auto looked = next();
  for (; looked && *looked; looked = next())
    if (wanted(id_of(number, (*looked)->at), (*looked)->head))
      blocks.push_back(std::move((*looked)->summary));
  if (!file || !looked) events_.torn(segment.size - at);
  std::ranges::for_each(blocks, events_.dropped);
  return true;
}

/// Blocks that are handed out stay with whoever has them. False: whose flows are in it cannot be read now;
/// where the disk has lost some of it, the rest goes all the same.
bool Store::drop(Segments::iterator segment) {
  const std::uint32_t number = segment->first;
  Segment& it = segment->second;
  if (number == writing_) seal();
  if (!it.foreign && !tell_dropped(number, it)) return false;
  again_.erase(again_.lower_bound(id_of(number, 0)), again_.lower_bound((std::uint64_t{number} + 1) << 32));
  freed_ += it.size;
  remove(segment);
  return true;
}

/// Bytes that may still be written. What was dropped may be written again wherever the file system ends, as
/// others may have filled it: the spool grows no more, and keeps what it has.
std::uint64_t Store::room() const {
  std::uint64_t out = budget_ - std::min(budget_, bytes_);
  struct statvfs facts{};
  if (::statvfs(directory_.c_str(), &facts) == 0) {
    const std::uint64_t all = std::uint64_t{facts.f_blocks} * facts.f_frsize;
    const std::uint64_t free = std::uint64_t{facts.f_bavail} * facts.f_frsize;
    const std::uint64_t reserve = all / kReserve;
    out = std::min(out, std::max(free - std::min(free, reserve), freed_));
  }
  return out;
}

Result<void, Store::Failure> Store::make_room(std::uint64_t bytes) {
  while (room() < bytes) {
    if (drop_ == SpoolDrop::newest || segments_.empty())
      return failure(Failure{Trouble::no_room,
                             "no room in " + directory_.string() +
                                 ": its budget is full, or only the last tenth of the file system is free"});
    if (!drop(segments_.begin())) return failure(Failure{Trouble::io_error, unreadable_});
  }
  return {};
}

Store::Failure Store::failure_of(int error, const std::string& what) const {
  const bool full = error == ENOSPC || error == EDQUOT || error == EFBIG;
  return {full ? Trouble::no_space : Trouble::io_error,
          what + " in " + directory_.string() + ": " + why(error)};
}

/// The segment that grows, or a new one.
Result<Store::Segment*, Store::Failure> Store::writable(std::uint64_t bytes) {
  if (writing_ != 0) {
    Segment& segment = segments_.at(writing_);
    if (segment.size < segment_bytes_ && segment.size + bytes <= UINT32_MAX) return &segment;
    seal();
  }
  const Buffer head = segment_head(form_);
  Segments one;
  Segment& fresh = one[next_number_];
  fresh.path = directory_ / name_of(next_number_);
  fresh.file.reset(::open(fresh.path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0640));
  if (!fresh.file) {
    const int error = errno;
    if (error == EEXIST) ++next_number_;
    return failure(failure_of(error, "cannot create a file"));
  }
  if (const int error = write_at(fresh.file.get(), 0, {Bytes(head), {}, {}}); error != 0) {
    ::unlink(fresh.path.c_str());
    return failure(failure_of(error, "cannot write"));
  }
  fresh.head = fresh.size = head.size();
  bytes_ += fresh.size;
  names_dirty_ = true;
  writing_ = next_number_++;
  return &segments_.insert(one.extract(writing_)).position->second;
}

Result<void, Store::Failure> Store::append(const Block& block) {
  const std::uint64_t now_s = unix_ns() / kNsPerSecond;
  const auto head = head_and_table(block, now_s);
  if (!head) return failure(Failure{Trouble::too_large, "a block is too large for a spool"});
  const std::uint64_t size = head->size() + block.bytes.size() + block.keys.size();
  if (size + kMaxSegmentHead > budget_)
    return failure(Failure{Trouble::too_large, "a block is larger than the spool's budget"});
  if (auto made = make_room(size + kMaxSegmentHead); !made) return made;
  const auto segment = writable(size);
  if (!segment) return failure(segment.error());
  Segment& to = **segment;
  const int error = write_at(to.file.get(), to.size, {Bytes(*head), Bytes(block.bytes), Bytes(block.keys)});
  if (error != 0) {
    // What is half there is cut off, or it is the end of this segment, where it is found to be torn.
    if (::ftruncate(to.file.get(), static_cast<off_t>(to.size)) != 0) seal();
    return failure(failure_of(error, "cannot write"));
  }
  if (to.first_s == 0) to.first_s = now_s;
  to.size += size;
  bytes_ += size;
  freed_ -= std::min(freed_, size);
  dirty_ = true;
  return {};
}

int Store::sync() {
  int error = sync_marks();
  if (dirty_ && writing_ != 0) {
    if (::fdatasync(segments_.at(writing_).file.get()) == 0)
      dirty_ = false;
    else
      error = errno;
  }
  if (names_dirty_) {
    const int names = sync_directory(directory_);
    names_dirty_ = names != 0;
    if (names != 0) error = names;
  }
  return error;
}

int Store::sync_marks() {
  int error = 0;
  for (auto& [number, segment] : segments_) {
    if (!segment.marked) continue;
    const auto file = file_of(segment);
    segment.marked = !file || ::fdatasync(*file) != 0;
    if (segment.marked) error = file ? errno : file.error();
    if (number != read_number_) close_file(number, segment);
  }
  return error;
}

void Store::seal() {
  if (writing_ == 0) return;
  sync();
  Segment& sealed = segments_.at(writing_);
  sealed.marked |= dirty_;  // the next sync() tries again
  sealed.file.reset();
  writing_ = 0;
  dirty_ = false;
}

}  // namespace sluice::sink::spool
