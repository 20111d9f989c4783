#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <system_error>

#include "sink/block_writer.hpp"
#include "sink/factory.hpp"
#include "sink/file/left_over.hpp"
#include "sink/file/settings.hpp"
#include "sink/say.hpp"
#include "util/unique_fd.hpp"
#include "util/writable.hpp"

namespace sluice::sink {
namespace {

namespace fs = std::filesystem;

std::string why(int error) { return std::generic_category().message(error); }

std::string utc_now() {
  const std::time_t now = std::time(nullptr);
  std::tm utc{};
  gmtime_r(&now, &utc);
  char text[32];
  const std::size_t n = std::strftime(text, sizeof text, "%Y%m%dT%H%M%SZ", &utc);
  return {text, n};
}

SetupError refused(const std::string& sink_name, const std::string& what, int error) {
  return {"sinks." + sink_name + ".path",
          what + ": " + why(error) + "; name a directory that the user sluice runs as may write to"};
}

std::string count_of(std::uint64_t n, const std::string& what) {
  return std::to_string(n) + " " + what + (n == 1 ? "" : "s");
}

/// Locks a file that was made just now. False: who looked for files that were left took it for one of them.
bool hold(int file) {
  struct stat now{};
  ::flock(file, LOCK_EX);  // where there are no locks, nobody looks for them either
  return ::fstat(file, &now) != 0 || now.st_nlink != 0;
}

/// One file at a time: NAME.part while it is written, NAME when it is whole. What a writer that was killed
/// left is finished first; the lock on a file says that it is being written.
class FileWriter final : public BlockWriter {
 public:
  FileWriter(const std::string& sink_name, const FileSettings& settings, encode::Format format, LogFn log);
  ~FileWriter() override { finish(); }

  void start() override;
  Result<void, WriteError> write(const Block& block, const GiveUp& give_up) override;
  std::optional<Clock::time_point> next_tick() const override;
  void tick() override { finish(); }
  void reopen() override { finish(); }
  void finish() override;

 private:
  Result<void, WriteError> write_in_one_file(const Block& block, const GiveUp& give_up);
  Result<void, WriteError> open_next();
  Result<void, WriteError> roll_back(int error);

  const std::string sink_name_;
  const FileSettings settings_;
  const fs::path directory_;
  const encode::Format format_;
  const LogFn log_;
  UniqueFd file_;
  fs::path final_, part_;
  std::uint64_t size_ = 0;  // whole blocks only
  Clock::time_point opened_{};
  std::uint64_t number_ = 0;
};

FileWriter::FileWriter(const std::string& sink_name, const FileSettings& settings, encode::Format format,
                       LogFn log)
    : sink_name_(sink_name),
      settings_(settings),
      directory_(settings.path),
      format_(format),
      log_(std::move(log)) {
  if (const auto mistake = cannot_write(sink_name, settings_)) throw SetupError(*mistake);
  std::error_code error;
  fs::create_directories(directory_, error);
  if (error) throw refused(sink_name, "cannot create " + settings_.path, error.value());
}

void FileWriter::start() {
  const LeftOver left = finish_left_over(directory_, settings_.prefix, format_);
  for (const std::string& sentence : left.failed)
    log_(LogLevel::warning, "sink " + sink_name_ + ": " + sentence);
  if (left.finished.empty() && left.empty == 0) return;
  std::string line = "sink " + sink_name_ + ": a collector was killed; ";
  line += left.finished.size() == 1 ? left.finished.front() + " is finished"
                                    : count_of(left.finished.size(), "file") + " finished";
  if (left.cut_bytes) line += ", " + count_of(left.cut_bytes, "byte") + " of broken rows cut off";
  if (left.empty) line += ", " + count_of(left.empty, "file") + " without a whole row removed";
  log_(LogLevel::info, line);
}

std::optional<Clock::time_point> FileWriter::next_tick() const {
  if (!file_ || settings_.rotate_every.count() == 0) return std::nullopt;
  return opened_ + settings_.rotate_every;
}

Result<void, WriteError> FileWriter::write(const Block& block, const GiveUp& give_up) {
  if (file_ && settings_.rotate_bytes != 0 && size_ != 0 &&
      size_ + block.bytes.size() > settings_.rotate_bytes)
    finish();
  auto written = write_in_one_file(block, give_up);
  // A limit for the size of files is not the end, only of this file.
  if (!written && written.error().error == EFBIG && size_ != 0) {
    finish();
    written = write_in_one_file(block, give_up);
  }
  if (!written && written.error().error == EFBIG) written.error().lasting = true;
  return written;
}

Result<void, WriteError> FileWriter::write_in_one_file(const Block& block, const GiveUp& give_up) {
  if (!file_)
    if (auto opened = open_next(); !opened) return opened;
  if (const auto written = write_all(file_.get(), block.bytes, give_up); !written)
    return roll_back(written.error());
  size_ += block.bytes.size();
  return {};
}

/// Takes what was written of a block out again, so that the file ends with a whole one.
Result<void, WriteError> FileWriter::roll_back(int error) {
  const auto whole = static_cast<off_t>(size_);
  const bool right = ::ftruncate(file_.get(), whole) == 0 && ::lseek(file_.get(), whole, SEEK_SET) == whole;
  const int damage = errno;
  if (!right) finish();
  WriteError out = write_error(error, "cannot write in " + settings_.path + ": " + why(error));
  if (!right) out.sentence += "; the end of " + part_.string() + " is damaged: " + why(damage);
  return failure(std::move(out));
}

Result<void, WriteError> FileWriter::open_next() {
  const std::string stem = settings_.prefix + "-" + utc_now() + "-";
  int error = EEXIST;
  // A restart within the same second finds the names of the process before it.
  for (int tries = 0; tries < 10000 && error == EEXIST; ++tries) {
    final_ = directory_ / (stem + std::to_string(number_++) + std::string(file_extension(format_)));
    struct stat found{};
    if (::lstat(final_.c_str(), &found) == 0) continue;
    part_ = final_.string().append(kPartSuffix);
    file_.reset(::open(part_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
    error = file_ ? 0 : errno;
    if (file_ && !hold(file_.get())) {
      file_.reset();
      error = EEXIST;
    }
    if (error == ENOENT) {
      // Somebody removed the directory; put it back once.
      std::error_code ignored;
      if (fs::create_directories(directory_, ignored)) error = EEXIST;
    }
  }
  if (error != 0)
    return failure(write_error(error, "cannot create a file in " + settings_.path + ": " + why(error)));
  size_ = 0;
  opened_ = Clock::now();
  return {};
}

void FileWriter::finish() {
  if (!file_) return;
  file_.reset();
  if (size_ == 0) {
    ::unlink(part_.c_str());
    return;
  }
  if (::rename(part_.c_str(), final_.c_str()) == 0) return;
  const int error = errno;
  say(log_, LogLevel::error, sink_name_,
      [&] { return "cannot rename " + part_.string() + " to its final name: " + why(error); });
}

}  // namespace

std::optional<SetupError> cannot_write(const std::string& sink_name, const FileSettings& settings) {
  const Room room = room_in(settings.path);
  if (room.error == 0) return std::nullopt;
  const bool in_it = room.there && room.error != ENOTDIR;
  return refused(sink_name, (in_it ? "cannot write in " : "cannot create ") + settings.path, room.error);
}

std::unique_ptr<BlockWriter> make_file_writer(const std::string& sink_name, const FileSettings& settings,
                                              encode::Format format, LogFn log) {
  return std::make_unique<FileWriter>(sink_name, settings, format, std::move(log));
}

}  // namespace sluice::sink
