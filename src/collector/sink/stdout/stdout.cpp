#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "sink/block_writer.hpp"
#include "sink/queue_bytes.hpp"
#include "sink/queue_sink.hpp"
#include "sink/spool/plan.hpp"
#include "sink/stdout/settings.hpp"
#include "sink/type.hpp"
#include "util/unique_fd.hpp"

namespace sluice::sink {
namespace {

/// A pipe or a terminal may make a write wait for ever, and O_NONBLOCK set on it would be set for every
/// process that shares it (the shell, for one). Opened once more through /proc it is a description of our
/// own.
int nonblocking_twin(int fd) {
  const std::string path = "/proc/self/fd/" + std::to_string(fd);
  return ::open(path.c_str(), O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

SetupError is_closed(const std::string& sink_name) {
  return {"sinks." + sink_name, "standard output is closed; redirect it, or use a sink of type file"};
}

class StdoutWriter final : public BlockWriter {
 public:
  StdoutWriter(const std::string& sink_name, int fd) : fd_(fd) {
    struct stat what{};
    if (::fstat(fd, &what) != 0) throw is_closed(sink_name);
    regular_ = S_ISREG(what.st_mode);
    if (S_ISFIFO(what.st_mode) || ::isatty(fd)) twin_.reset(nonblocking_twin(fd));
  }

  Result<void, WriteError> write(const Block& block, const GiveUp& give_up) override {
    const int fd = twin_ ? twin_.get() : fd_;
    const off_t before = regular_ ? end_of_file() : 0;
    const auto written = write_all(fd, block.bytes, give_up);
    if (written) return {};
    if (regular_ && ::ftruncate(fd_, before) == 0) ::lseek(fd_, before, SEEK_SET);
    const int error = written.error();
    return failure(
        write_error(error, "cannot write to standard output: " + std::generic_category().message(error)));
  }

 private:
  /// Where the next write goes: others may append to the same file.
  off_t end_of_file() const {
    const int flags = ::fcntl(fd_, F_GETFL);
    return ::lseek(fd_, 0, flags >= 0 && (flags & O_APPEND) ? SEEK_END : SEEK_CUR);
  }

  const int fd_;
  bool regular_ = false;
  UniqueFd twin_;
};

void look_at_queue(const Making& making, const StdoutSettings& settings, const OnMistake& mistake) {
  holds_two_blocks(making, "queue_bytes",
                   queue_bytes(making, settings.queue_bytes, StdoutSettings{}.queue_bytes), mistake);
}

std::unique_ptr<Sink> make(const Making& making, const StdoutSettings& settings) {
  look_at_queue(making, settings, [](SetupError mistake) { throw SetupError(mistake); });
  return std::make_unique<QueueSink>(
      making.name, queue_bytes(making, settings.queue_bytes, StdoutSettings{}.queue_bytes),
      make_stdout_writer(making.name, STDOUT_FILENO), making.log, spool_plan(making.name, making.settings));
}

void try_out(const Making& making, const StdoutSettings& settings, const OnMistake& mistake) {
  struct stat what{};
  if (::fstat(STDOUT_FILENO, &what) != 0) mistake(is_closed(making.name));
  look_at_queue(making, settings, mistake);
}

}  // namespace

std::unique_ptr<BlockWriter> make_stdout_writer(const std::string& sink_name, int fd) {
  return std::make_unique<StdoutWriter>(sink_name, fd);
}

TypeOf<StdoutSettings> describe(const StdoutSettings&) {
  TypeOf<StdoutSettings> type;
  type.name = "stdout";
  type.format = encode::Format::json;
  type.spools = false;  // whoever reads it has gone with the process
  type.rows = {setting::row<StdoutSettings, &StdoutSettings::queue_bytes>(
                   "queue_bytes", setting::size(1ULL << 20, 1ULL << 40), "bytes",
                   queue_meaning("flows are shed and counted"))
                   .defaults_to(queue_default(StdoutSettings{}.queue_bytes))};
  type.make = make;
  type.try_out = try_out;
  return type;
}

}  // namespace sluice::sink
