// How a store begins and ends, and hands its blocks out; store_writing.cpp has how they come in.
#include "sink/spool/store.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <limits>
#include <system_error>

#include "sink/spool/files.hpp"

namespace sluice::sink::spool {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kLargestSegment = 64ULL << 20;
constexpr std::uint64_t kSmallestSegment = 256ULL << 10;
constexpr std::uint64_t kSegments = 64;  // a budget is cut into about so many

}  // namespace

Store::Store(fs::path directory, std::string form, std::uint64_t budget, SpoolDrop drop, StoreEvents events)
    : directory_(std::move(directory)),
      form_(form.substr(0, kMaxForm)),
      budget_(budget),
      segment_bytes_(std::clamp(budget / kSegments, kSmallestSegment, kLargestSegment)),
      drop_(drop),
      events_(std::move(events)) {}

Store::~Store() { release(); }

int Store::release() {
  seal();
  remove_finished();
  const int error = lock_ ? sync() : 0;
  lock_.reset();
  return error;
}

/// A directory that is new is one after a loss of power, too.
Result<void, int> Store::make_directory() const {
  std::error_code error;
  fs::path there = directory_;
  while (there.has_relative_path() && !fs::exists(there, error)) there = there.parent_path();
  if (there == directory_) return {};
  fs::create_directories(directory_, error);
  if (error) return failure(int{error.value()});
  for (fs::path made = directory_; made != there && made.has_relative_path();) {
    made = made.parent_path();
    sync_directory(made.empty() ? "." : made);
  }
  return {};
}

Result<bool, std::string> Store::lock() {
  if (const auto made = make_directory(); !made)
    return failure("cannot create " + directory_.string() + ": " + why(made.error()));
  const fs::path path = directory_ / "lock";
  UniqueFd file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640));
  if (!file) return failure("cannot create " + path.string() + ": " + why(errno));
  if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK) return false;
    return failure("cannot lock " + path.string() + ": " + why(errno));
  }
  lock_ = std::move(file);
  return true;
}

Store::Found Store::open(const std::function<void(const Summary&)>& waiting) {
  Found found;
  std::map<std::uint32_t, fs::path> files;
  std::error_code error;
  for (fs::directory_iterator it(directory_, error), end; !error && it != end; it.increment(error))
    if (const auto number = number_in(it->path().filename())) files.emplace(*number, it->path());
  if (error) found.error = "cannot read " + directory_.string() + ": " + error.message();
  for (const auto& [number, path] : files)
    if (!segments_.contains(number)) open_segment(number, path, found, waiting);
  if (!files.empty()) next_number_ = std::max(next_number_, files.rbegin()->first + 1);
  read_number_ = segments_.empty() ? next_number_ : segments_.begin()->first;
  read_at_ = 0;
  remove_finished();
  return found;
}

/// What follows the last whole block is cut off; a segment with nothing to hand out goes. One that cannot be
/// read stays as it is, for the next start.
void Store::open_segment(std::uint32_t number, const fs::path& path, Found& found,
                         const std::function<void(const Summary&)>& waiting) {
  Segments fresh;  // a node of segments_, made before anything is told
  Segment& segment = fresh[number];
  segment.path = path;
  struct stat facts{};
  segment.file.reset(::open(path.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW));
  if (!segment.file || ::fstat(segment.file.get(), &facts) != 0 || !S_ISREG(facts.st_mode)) {
    found.error = "cannot open " + path.string() + ": " + why(errno);
    return;
  }
  const auto cannot_read = [&](int error) {
    found.error = "cannot read " + path.string() + ": " + why(error);
  };
  segment.size = static_cast<std::uint64_t>(facts.st_size);
  Buffer head(kMaxSegmentHead);
  const auto read = read_at(segment.file.get(), head.data(), head.size(), 0);
  if (!read) return cannot_read(read.error());
  head.resize(*read);
  const auto known = read_segment_head(head);
  segment.foreign = !known || known->form != form_;
  if (segment.foreign) {
    // A crash may have left it before its first block.
    if (!known && segment.size < segment_head(form_).size()) {
      ::unlink(path.c_str());
      return;
    }
    ++found.foreign_segments;
  } else {
    segment.head = known->size;
    std::uint64_t torn = 0, at = segment.head, whole = segment.head, last_torn = 0;
    std::vector<Summary> summaries;  // told when all of it was read
    for (;;) {
      auto looked = block_from(segment, at, &last_torn);
      if (!looked) return cannot_read(looked.error());
      if (!*looked) break;
      Parsed& block = **looked;
      torn += std::exchange(last_torn, 0);
      if (segment.first_s == 0) segment.first_s = block.head.written_s;
      if (block.head.state == BlockState::waiting) summaries.push_back(std::move(block.summary));
      whole = at;
    }
    std::ranges::for_each(summaries, waiting);  // nothing throws from here on
    if (torn != 0) events_.torn(torn);
    if (whole < segment.size) {
      events_.torn(segment.size - whole);
      if (::ftruncate(segment.file.get(), static_cast<off_t>(whole)) == 0) segment.size = whole;
    }
  }
  segment.file.reset();
  bytes_ += segment.size;
  segments_.insert(fresh.extract(number));
}

/// The error is errno.
Result<int, int> Store::file_of(Segment& segment) const {
  if (!segment.file) segment.file.reset(::open(segment.path.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW));
  if (!segment.file) return failure(int{errno});
  return segment.file.get();
}

/// Only what is being written, or was read last, needs a file that is open.
void Store::close_file(std::uint32_t number, Segment& segment) const {
  if (number != writing_) segment.file.reset();
}

/// The block that begins exactly there, checked but for its payload.
Store::Looked Store::block_at(int file, std::uint64_t at, std::uint64_t size) const {
  std::array<std::byte, kBlockHead> bytes{};
  if (size - std::min(size, at) < kBlockHead) return std::nullopt;
  const auto head_bytes = read_at(file, bytes.data(), bytes.size(), at);
  if (!head_bytes) return failure(int{head_bytes.error()});
  if (*head_bytes != bytes.size()) return std::nullopt;
  const auto head = read_head(bytes);
  if (!head || head->size() > size - at) return std::nullopt;
  Parsed out{*head, Buffer(head->table_bytes), {}, at};
  const auto table_bytes = read_at(file, out.table.data(), out.table.size(), at + kBlockHead);
  if (!table_bytes) return failure(int{table_bytes.error()});
  if (*table_bytes != out.table.size()) return std::nullopt;
  auto summary = right(bytes, out.table) ? read_summary(*head, out.table) : std::nullopt;
  if (!summary) return std::nullopt;
  out.summary = std::move(*summary);
  return out;
}

/// The next block at `at` or behind it, where `at` is set to its end; `torn`, which may be null, grows by
/// what is no block before it. Nothing where none follows, as where somebody has removed the file.
Store::Looked Store::block_from(Segment& segment, std::uint64_t& at, std::uint64_t* torn) const {
  const auto file = file_of(segment);
  if (!file && file.error() == ENOENT) return std::nullopt;
  if (!file) return failure(int{file.error()});
  for (std::uint64_t look = at; look < segment.size;) {
    auto block = block_at(*file, look, segment.size);
    if (!block) return block;
    if (*block) {
      if (torn) *torn += look - at;
      at = look + (*block)->head.size();
      return block;
    }
    const auto found = find_magic(*file, look + 1, segment.size);
    if (!found) return failure(int{found.error()});
    look = *found;
  }
  return std::nullopt;
}

/// Nothing is taken for lost because it cannot be read now: it stays where it is, to be tried again.
void Store::cannot_read(std::uint32_t number, Segment& segment, int error) {
  close_file(number, segment);
  unreadable_ = "cannot read " + segment.path.string() + ": " + why(error);
}

bool Store::nothing_to_hand_out() const {
  if (!again_.empty()) return false;
  const auto at = segments_.lower_bound(read_number_);
  for (auto it = at; it != segments_.end(); ++it) {
    if (it->second.foreign) continue;
    const std::uint64_t from =
        it->first == read_number_ ? std::max(read_at_, it->second.head) : it->second.head;
    if (from < it->second.size) return false;
  }
  return true;
}

std::shared_ptr<Block> Store::next() {
  unreadable_.clear();
  if (auto block = read_again(); block || !unreadable_.empty()) return block;
  for (auto it = segments_.lower_bound(read_number_); it != segments_.end();) {
    auto& [number, segment] = *it;
    if (number != read_number_) {
      read_number_ = number;
      read_at_ = 0;
    }
    if (!segment.foreign) {
      if (auto block = next_of(number, segment); block || !unreadable_.empty()) return block;
    }
    close_file(number, segment);
    if (number == writing_) break;
    ++it;
    read_number_ = number + 1;
    read_at_ = 0;
  }
  remove_finished();
  return nullptr;
}

/// Null at the end of the segment, or where it cannot be read, from where it goes on then.
std::shared_ptr<Block> Store::next_of(std::uint32_t number, Segment& segment) {
  read_at_ = std::max(read_at_, segment.head);
  for (;;) {
    std::uint64_t torn = 0, end = read_at_;
    const auto looked = block_from(segment, end, &torn);
    if (!looked) return cannot_read(number, segment, looked.error()), nullptr;
    if (!*looked) break;
    if (torn != 0) {
      read_at_ = (*looked)->at;
      events_.torn(torn);
    }
    if ((*looked)->head.state == BlockState::waiting) {
      auto block = read(number, segment, **looked);
      if (!unreadable_.empty()) return nullptr;
      read_at_ = end;
      if (block) return block;
    }
    read_at_ = end;
  }
  if (read_at_ < segment.size) events_.torn(segment.size - std::exchange(read_at_, segment.size));
  return nullptr;
}

std::shared_ptr<Block> Store::read_again() {
  while (!again_.empty()) {
    const std::uint64_t id = *again_.begin();
    const auto number = static_cast<std::uint32_t>(id >> 32);
    const auto found = segments_.find(number);
    std::shared_ptr<Block> block;
    if (found != segments_.end()) {
      Segment& segment = found->second;
      std::uint64_t at = id & UINT32_MAX;
      const auto looked = block_from(segment, at, nullptr);
      if (!looked) return cannot_read(number, segment, looked.error()), nullptr;
      if (!*looked || (*looked)->at != (id & UINT32_MAX))
        events_.torn(0);
      else
        block = read(number, segment, **looked);
      if (!unreadable_.empty()) return nullptr;
    }
    again_.erase(id);
    if (block) return block;
  }
  return nullptr;
}

/// Null where it cannot be read, or the payload is not what was written, which is told.
std::shared_ptr<Block> Store::read(std::uint32_t number, Segment& segment, const Parsed& parsed) {
  Buffer payload(parsed.head.payload_bytes);
  const auto file = file_of(segment);
  if (!file) return cannot_read(number, segment, file.error()), nullptr;
  const auto n = read_at(*file, payload.data(), payload.size(), parsed.at + kBlockHead + parsed.table.size());
  if (!n) return cannot_read(number, segment, n.error()), nullptr;
  payload.resize(*n);
  const std::uint64_t id = id_of(number, parsed.at);
  auto block = read_block(parsed.head, parsed.table, payload);
  if (!block) {
    events_.damaged(parsed.summary);
    mark_done(id);
    return nullptr;
  }
  block->spooled = id;
  out_.insert(id);
  return block;
}

void Store::mark_done(std::uint64_t id) {
  const auto found = segments_.find(static_cast<std::uint32_t>(id >> 32));
  if (found == segments_.end()) return;
  const auto done = static_cast<std::byte>(BlockState::done);
  // Where it cannot be written, the next start sends the block once more.
  if (const auto file = file_of(found->second))
    found->second.marked |= write_at(*file, (id & UINT32_MAX) + kStateAt, {Bytes(&done, 1), {}, {}}) == 0;
}

void Store::done(std::uint64_t spooled) {
  if (out_.erase(spooled) == 0) return;
  mark_done(spooled);
  remove_finished();
}

bool Store::again(std::uint64_t spooled) {
  auto handed_out = out_.extract(spooled);
  if (!handed_out || !segments_.contains(static_cast<std::uint32_t>(spooled >> 32))) return false;
  again_.insert(std::move(handed_out));
  return true;
}

bool Store::wanted(std::uint64_t id, const BlockHead& head) const {
  return head.state == BlockState::waiting && !out_.contains(id);
}

bool Store::each_waiting(const std::function<void(const Summary&)>& each) {
  unreadable_.clear();
  for (auto& [number, segment] : segments_)
    if (!segment.foreign && !each_waiting_in(number, segment, each)) return false;
  return true;
}

/// False where it cannot be read.
bool Store::each_waiting_in(std::uint32_t number, Segment& segment,
                            const std::function<void(const Summary&)>& each) {
  for (std::uint64_t at = segment.head;;) {
    const auto looked = block_from(segment, at, nullptr);
    if (!looked) return cannot_read(number, segment, looked.error()), false;
    if (!*looked) break;
    if (wanted(id_of(number, (*looked)->at), (*looked)->head)) each((*looked)->summary);
  }
  close_file(number, segment);
  return true;
}

/// All of it was handed out and nothing of it is still to come back.
bool Store::finished(std::uint32_t number) const {
  const Segment& segment = segments_.at(number);
  if (segment.foreign || read_number_ < number) return false;
  if (read_number_ == number && read_at_ < segment.size) return false;
  const auto none_in = [&](const std::set<std::uint64_t>& ids) {
    const auto first = ids.lower_bound(id_of(number, 0));
    return first == ids.end() || *first >> 32 != number;
  };
  return none_in(out_) && none_in(again_);
}

void Store::remove_finished() {
  for (auto it = segments_.begin(); it != segments_.end() && it->first <= read_number_;) {
    const auto here = it++;
    if (!finished(here->first)) continue;
    if (here->first == writing_) {
      writing_ = 0;
      dirty_ = false;
    }
    remove(here);
  }
}

void Store::remove(Segments::iterator segment) {
  ::unlink(segment->second.path.c_str());
  names_dirty_ = true;
  bytes_ -= segment->second.size;
  segments_.erase(segment);
}

std::uint64_t Store::oldest_s() const {
  for (const auto& [number, segment] : segments_)
    if (!segment.foreign && segment.first_s != 0) return segment.first_s;
  return 0;
}

}  // namespace sluice::sink::spool
