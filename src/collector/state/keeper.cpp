#include "state/keeper.hpp"

#include <pthread.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <new>

#include "state/file.hpp"
#include "state/message.hpp"
#include "util/clock.hpp"
#include "util/writable.hpp"

namespace sluice::state {
namespace {

constexpr std::uint64_t kNsPerMs = 1000000;
constexpr auto kLook = std::chrono::milliseconds(100);  ///< how often the thread asks whether to write
/// Without a change the file is written now and then for the times at which templates were last seen.
constexpr std::uint64_t kRefreshNs = 600000 * kNsPerMs;
constexpr std::uint64_t kAfterErrorNs = 5000 * kNsPerMs;
/// Where a large file changes all the time, the disk rests for so many times what a write took.
constexpr std::uint64_t kRest = 4;
constexpr std::size_t kChunk = 1 << 20;

std::string why(int error) {
  return error == EFBIG ? "it is larger than 1 GB" : std::string(std::strerror(error));
}

std::string amounts(const Restored& r) {
  std::string out = std::to_string(r.templates) + " templates, " + std::to_string(r.rates) +
                    " sampling rates and " + std::to_string(r.names) + " names of " +
                    std::to_string(r.exporters) + " exporters";
  if (r.refused > 0) out += "; " + std::to_string(r.refused) + " were too old or over a limit";
  return out;
}

/// A full disk may be emptied; a directory that is not there or not ours stays so.
bool may_pass(int error) { return error == 0 || error == ENOSPC || error == EDQUOT || error == EIO; }

SetupError not_writable(const std::string& path, int error) {
  return {"state.file", "cannot write " + path + ".tmp: " + why(error) +
                            "; name a file in a directory that sluice may write in"};
}

SetupError is_directory(const std::string& path) {
  return {"state.file", path + " is a directory; name a file in it"};
}

}  // namespace

void try_out(const std::string& path) {
  if (const int error = cannot_write_file(path + ".tmp"); !may_pass(error)) throw not_writable(path, error);
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) throw is_directory(path);
}

Keeper::Keeper(std::string path, decode::ExporterTable& exporters, LogFn log, std::vector<Section> sections)
    : path_(std::move(path)), exporters_(exporters), log_(std::move(log)), sections_(std::move(sections)) {
  try_out(path_);
  if (const NewFile trial(path_); !may_pass(trial.error())) throw not_writable(path_, trial.error());
  try {
    read();
  } catch (const std::bad_alloc&) {
    log_(LogLevel::warning,
         "state.file " + path_ +
             " needs more memory than there is; what was read of it is used, and exporters "
             "have to send the rest again");
  }
  written_changes_ = changes();
  written_ns_ = monotonic_ns();
}

Keeper::~Keeper() { stop(); }

/// Of all that is kept.
std::uint64_t Keeper::changes() const {
  std::uint64_t sum = exporters_.changes();
  for (const Section& section : sections_) sum += section.changes();
  return sum;
}

void Keeper::read() {
  if (const auto bytes = read_file(path_); bytes)
    load(*bytes);
  else if (bytes.error() == EISDIR)
    throw is_directory(path_);
  else if (bytes.error() != ENOENT)
    set_aside_file("cannot be read: " + why(bytes.error()));
}

void Keeper::load(Bytes file) {
  const auto restored = restore(file, unix_ns(), exporters_, sections_);
  if (!restored) return set_aside_file(restored.error());
  counts_[StateCount::bytes] = file.size();
  counts_[StateCount::restored_exporters] = restored->exporters;
  counts_[StateCount::refused] = restored->refused;
  restored_[StateKind::templates] = restored->templates;
  restored_[StateKind::rates] = restored->rates;
  restored_[StateKind::names] = restored->names;
  rewrite_ = restored->streams > 0;
  log_(LogLevel::info, "state.file " + path_ + ": " + amounts(*restored) + " restored");
}

void Keeper::set_aside_file(const std::string& reason) {
  ++counts_[StateCount::set_aside];
  const int error = set_aside(path_);
  log_(LogLevel::warning,
       "state.file " + path_ + " " + reason + "; it is " +
           (error ? "left where it is (" + why(error) + ") and not used" : "set aside as " + path_ + ".bad") +
           ", and exporters have to send their templates again");
}

void Keeper::start() {
  thread_ = std::thread([this] { run(); });
  pthread_setname_np(thread_.native_handle(), "state");
}

void Keeper::run() {
  std::unique_lock lock(mutex_);
  while (!stop_) {
    wake_.wait_for(lock, kLook, [this] { return stop_; });
    if (stop_) return;
    lock.unlock();
    if (due(monotonic_ns())) write();
    lock.lock();
  }
}

bool Keeper::due(std::uint64_t now) const {
  if (now < next_write_ns_) return false;
  if (rewrite_ || changes() != written_changes_.load(std::memory_order_relaxed)) return true;
  return now - written_ns_ >= kRefreshNs && exporters_.size() > 0;
}

void Keeper::write(bool stopped) {
  try {
    write_file(stopped);
  } catch (const std::bad_alloc&) {  // the old file stands
    failed(ENOMEM, monotonic_ns());
  }
}

void Keeper::failed(int error, std::uint64_t now_ns) {
  counts_[StateCount::write_errors].fetch_add(1, std::memory_order_relaxed);
  next_write_ns_ = now_ns + kAfterErrorNs;
  log_(LogLevel::warning, "state.file " + path_ + " cannot be written: " + why(error));
}

void Keeper::write_file(bool stopped) {
  const std::uint64_t changed = changes();  // what changes from here on is written next time
  const std::uint64_t began = monotonic_ns();
  const std::uint64_t time = unix_ns();
  NewFile file(path_);
  std::string chunk = file_head(time, stopped);
  for (const auto& exporter : exporters_.all()) {
    {
      const std::lock_guard lock(exporter->mutex);
      append(*exporter, chunk, stopped);
    }
    if (chunk.size() < kChunk) continue;
    file.write(chunk);
    chunk.clear();
  }
  for (const Section& section : sections_)
    section.write([&](const std::string& message) {
      file.write(chunk);
      chunk.clear();
      append(section.field, message, chunk);
    });
  file.write(chunk);
  file.write(file_tail(file.crc()));
  const int error = file.commit();
  const std::uint64_t ended = monotonic_ns();
  if (error != 0) return failed(error, ended);
  next_write_ns_ = ended + kRest * (ended - began);
  written_ns_ = ended;
  rewrite_ = false;
  counts_[StateCount::bytes].store(file.size(), std::memory_order_relaxed);
  counts_[StateCount::writes].fetch_add(1, std::memory_order_relaxed);
  last_write_ns_.store(time, std::memory_order_relaxed);
  written_changes_.store(changed, std::memory_order_release);
}

void Keeper::stop() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  wake_.notify_one();
  thread_.join();
  if (exporters_.size() > 0 || changes() != written_changes_) write(true);
}

Stats Keeper::stats() const {
  Stats out;
  out.restored = restored_;
  for (const auto& info : kStateCounts)
    out.counts[info.count] = counts_[info.count].load(std::memory_order_relaxed);
  out.last_write_ns = last_write_ns_.load(std::memory_order_relaxed);
  out.counts[StateCount::unwritten_changes] = changes() - written_changes_.load(std::memory_order_acquire);
  return out;
}

}  // namespace sluice::state
