#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <system_error>

#include "sink/block_writer.hpp"
#include "sink/factory.hpp"
#include "sink/file/settings.hpp"
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

/// One file at a time: NAME.part while it is written, NAME when it is whole.
class FileWriter final : public BlockWriter {
 public:
  FileWriter(const std::string& sink_name, const FileSettings& settings, encode::Format format, LogFn log);
  ~FileWriter() override { finish(); }

  Result<void, WriteError> write(const Block& block, const GiveUp& give_up) override;
  std::optional<Clock::time_point> next_tick() const override;
  void tick() override { finish(); }
  void reopen() override { finish(); }
  void finish() override;

 private:
  Result<void, WriteError> open_next();
  Result<void, WriteError> roll_back(int error);
  fs::path part() const { return final_.string() + ".part"; }

  const std::string sink_name_;
  const FileSettings settings_;
  const fs::path directory_;
  const std::string extension_;
  const LogFn log_;
  UniqueFd file_;
  fs::path final_;
  std::uint64_t size_ = 0;  // whole blocks only
  Clock::time_point opened_{};
  std::uint64_t number_ = 0;
};

FileWriter::FileWriter(const std::string& sink_name, const FileSettings& settings, encode::Format format,
                       LogFn log)
    : sink_name_(sink_name),
      settings_(settings),
      directory_(settings.path),
      extension_(format == encode::Format::json ? ".jsonl" : ".pb"),
      log_(std::move(log)) {
  if (const auto mistake = cannot_write(sink_name, settings_)) throw SetupError(*mistake);
  std::error_code error;
  fs::create_directories(directory_, error);
  if (error) throw refused(sink_name, "cannot create " + settings_.path, error.value());
}

std::optional<Clock::time_point> FileWriter::next_tick() const {
  if (!file_ || settings_.rotate_every.count() == 0) return std::nullopt;
  return opened_ + settings_.rotate_every;
}

Result<void, WriteError> FileWriter::write(const Block& block, const GiveUp& give_up) {
  if (file_ && settings_.rotate_bytes != 0 && size_ != 0 &&
      size_ + block.bytes.size() > settings_.rotate_bytes)
    finish();
  if (!file_)
    if (auto opened = open_next(); !opened) return opened;
  if (const auto written = write_all(file_.get(), block.bytes, give_up); !written)
    return roll_back(written.error());
  size_ += block.bytes.size();
  return {};
}

/// Takes what was written of a block out again, so that the file ends with a whole one.
Result<void, WriteError> FileWriter::roll_back(int error) {
  WriteError out{write_fail_reason(error), "cannot write in " + settings_.path + ": " + why(error)};
  const auto whole = static_cast<off_t>(size_);
  if (::ftruncate(file_.get(), whole) != 0 || ::lseek(file_.get(), whole, SEEK_SET) != whole) {
    out.sentence += "; the end of " + part().string() + " is damaged: " + why(errno);
    finish();
  }
  return failure(std::move(out));
}

Result<void, WriteError> FileWriter::open_next() {
  const std::string stem = settings_.prefix + "-" + utc_now() + "-";
  int error = EEXIST;
  // A restart within the same second finds the names of the process before it.
  for (int tries = 0; tries < 10000 && error == EEXIST; ++tries) {
    final_ = directory_ / (stem + std::to_string(number_++) + extension_);
    struct stat found{};
    if (::lstat(final_.c_str(), &found) == 0) continue;
    file_.reset(::open(part().c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
    error = file_ ? 0 : errno;
    if (error == ENOENT) {
      // Somebody removed the directory; put it back once.
      std::error_code ignored;
      if (fs::create_directories(directory_, ignored)) error = EEXIST;
    }
  }
  if (!file_)
    return failure(WriteError{write_fail_reason(error),
                              "cannot create a file in " + settings_.path + ": " + why(error)});
  size_ = 0;
  opened_ = Clock::now();
  return {};
}

void FileWriter::finish() {
  if (!file_) return;
  file_.reset();
  if (size_ == 0) {
    ::unlink(part().c_str());
    return;
  }
  if (::rename(part().c_str(), final_.c_str()) != 0)
    log_(LogLevel::error,
         "sink " + sink_name_ + ": cannot rename " + part().string() + " to its final name: " + why(errno));
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
