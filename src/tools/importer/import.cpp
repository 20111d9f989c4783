#include "importer/import.hpp"

#include <algorithm>
#include <ctime>

#include "importer/done.hpp"
#include "importer/feed.hpp"
#include "util/clock.hpp"

namespace sluice::importer {
namespace {

constexpr std::uint64_t kSettleEveryNs = 2 * kNsPerSecond;
constexpr std::uint64_t kShowEveryNs = kNsPerSecond / 4;

/// Files that are not imported to their present ends, in the order of the request.
std::vector<const ArchiveFile*> pending(const Request& request, const Done& done) {
  std::vector<const ArchiveFile*> out;
  for (const ArchiveFile& file : request.files)
    if (const FileDone so_far = done.of(file.path); !so_far.whole || so_far.size != file.size)
      out.push_back(&file);
  return out;
}

std::string day_of(std::uint64_t time_ns) {
  const auto seconds = static_cast<std::time_t>(time_ns / kNsPerSecond);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  char text[32];
  return {text, std::strftime(text, sizeof text, "%Y-%m-%d", &parts)};
}

/// "" where all that is to be imported is young enough.
std::string too_old(const Request& request, const Done& done) {
  if (!request.retention_days) return {};
  const std::uint64_t kept = *request.retention_days * std::uint64_t{86'400} * kNsPerSecond;
  const std::uint64_t now = unix_ns();
  const std::uint64_t oldest = now - std::min(kept, now);
  const ArchiveFile* first = nullptr;
  std::size_t files = 0;
  for (const ArchiveFile* file : pending(request, done)) {
    if (file->time_ns.value_or(oldest) >= oldest) continue;
    if (!first) first = file;
    ++files;
  }
  if (!first) return {};
  return std::to_string(files) + (files == 1 ? " file is" : " files are") + " older than " +
         std::to_string(*request.retention_days) +
         " days, so ClickHouse would throw the flows away, or give them the time of their import; the oldest "
         "is of " +
         day_of(first->time_ns.value_or(0)) + ": " + first->path +
         ". Say --retention DAYS once the tables keep more (apply.sh --retention-days, --days-before), or "
         "--yes";
}

/// At points where all is delivered, it says so in the state; in between, flows may come twice after a kill.
class Import {
 public:
  Import(const Request& request, Done done, Feed& feed, const std::atomic<bool>& stop)
      : request_(request), done_(std::move(done)), feed_(feed), stop_(stop), begin_ns_(monotonic_ns()) {}

  Outcome run() {
    const auto todo = pending(request_, done_);
    for (const ArchiveFile* file : todo) out_.progress.bytes_in_all += file->size;
    out_.progress.files_in_all = todo.size();
    out_.files_before = request_.files.size() - todo.size();
    for (const ArchiveFile* file : todo) {
      if (stop_ || !out_.error.empty()) break;
      bring_in(*file);
    }
    if (out_.error.empty()) settle();
    if (out_.error.empty() && stop_ && out_.progress.files < out_.progress.files_in_all)
      out_.error = "was stopped";
    show(true);
    return std::move(out_);
  }

 private:
  void bring_in(const ArchiveFile& file) {
    auto archive = nfdump::Archive::open(file.path);
    if (!archive) {
      out_.warnings.push_back(archive.error());
      count_file(file);
      return;
    }
    const FileDone before = done_.of(file.path);
    FileDone now;
    now.size = archive->size();
    while (!stop_ && out_.error.empty() && archive->next(batch_)) {
      now.flows += batch_.size();
      if (now.flows <= before.flows) continue;
      leave_out(now.flows - before.flows);
      write();
      if (!out_.error.empty()) return;  // nothing of the batch counts as brought in
      if (monotonic_ns() > settled_ns_ + kSettleEveryNs) {
        done_.note(file.path, now);
        settle();
      }
      show_at(archive->position());
    }
    if (stop_ || !out_.error.empty()) {
      if (now.flows > before.flows) done_.note(file.path, now);
      return;
    }
    out_.counts += archive->counts();
    if (!archive->warning().empty()) out_.warnings.push_back(archive->warning());
    now.whole = true;
    done_.note(file.path, now);
    count_file(file);
  }

  /// Of a batch the first ones, all but `wanted`: an earlier import brought them.
  void leave_out(std::uint64_t wanted) {
    if (wanted >= batch_.size()) return;
    const std::size_t first = batch_.size() - static_cast<std::size_t>(wanted);
    batch_.filter([first](std::size_t i) { return i >= first; });
  }

  void write() {
    if (auto wrong = feed_.write(batch_))
      out_.error = std::move(*wrong);
    else
      out_.progress.flows += batch_.size();
  }

  void settle() {
    if (auto wrong = feed_.settle()) {
      out_.error = std::move(*wrong);
      return;
    }
    if (auto saved = done_.save(); !saved) out_.error = std::move(saved.error());
    settled_ns_ = monotonic_ns();
  }

  void count_file(const ArchiveFile& file) {
    ++out_.progress.files;
    bytes_of_files_ += file.size;
    show_at(0);
  }

  void show_at(std::uint64_t position) {
    out_.progress.bytes = bytes_of_files_ + position;
    show(false);
  }
  void show(bool now) {
    const std::uint64_t at = monotonic_ns();
    out_.progress.seconds = static_cast<double>(at - begin_ns_) / 1e9;
    if (!request_.show || (!now && at < shown_ns_ + kShowEveryNs)) return;
    shown_ns_ = at;
    request_.show(out_.progress);
  }

  const Request& request_;
  Done done_;
  Feed& feed_;
  const std::atomic<bool>& stop_;
  const std::uint64_t begin_ns_;
  FlowBatch batch_;
  Outcome out_;
  std::uint64_t bytes_of_files_ = 0;
  std::uint64_t settled_ns_ = monotonic_ns(), shown_ns_ = 0;
};

std::string joined(const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& name : names) out += (out.empty() ? "" : ", ") + name;
  return out;
}

}  // namespace

Result<Outcome, std::string> import_archives(const config::Config& config, const Request& request,
                                             const LogFn& log, const std::atomic<bool>& stop) {
  auto done = Done::open(request.state, joined(request.sinks));
  if (!done) return failure(std::move(done.error()));
  if (std::string wrong = too_old(request, *done); !wrong.empty()) return failure(std::move(wrong));
  Feed feed(config, request.sinks, log, stop);
  Outcome outcome = Import(request, std::move(*done), feed, stop).run();
  feed.close();
  return outcome;
}

}  // namespace sluice::importer
