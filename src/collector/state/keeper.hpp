#pragma once
// What a restart must not lose: templates, sampling rates and names of all exporters, in one file. The file
// is read when the keeper is made and from then on written by a thread of its own: whole, to a temporary file
// that is renamed, within a second of a change. An exporter's lock is held while its part is put into memory
// and never while anything is written.
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "sluice/decode/exporter.hpp"
#include "state/counts.hpp"
#include "util/log_sink.hpp"
#include "util/setup_error.hpp"

namespace sluice::state {

/// Throws SetupError where a Keeper of this file would, and touches nothing.
void try_out(const std::string& path);

/// What somebody else keeps in the file beside the exporters: messages of one field of State.
struct Section {
  unsigned field = 0;
  /// How often it changed; any thread.
  std::function<std::uint64_t()> changes;
  /// Gives each message to `put`; on the keeper's thread, and at the end on that of stop().
  std::function<void(const std::function<void(const std::string&)>& put)> write;
  /// A message of the file, while the keeper is made; false where it is refused.
  std::function<bool(Bytes)> restore;
};

/// What was read at the start.
struct Restored {
  std::uint64_t exporters = 0;
  std::uint64_t templates = 0;
  std::uint64_t rates = 0;  ///< sampling rates and system init times
  std::uint64_t names = 0;
  std::uint64_t streams = 0;  ///< of sequence numbers, from a file that was written at the end
  std::uint64_t others = 0;   ///< messages of sections
  std::uint64_t refused = 0;  ///< of all these: over a limit, too old, or not to be understood
};

struct Stats {
  Counts<StateCount> counts;
  Counts<StateKind> restored;
  std::uint64_t last_write_ns = 0;  ///< Unix time; 0: none since the start
};

class Keeper {
 public:
  /// Reads `path`, if it is there, into the table. A file that is damaged, cut short or not ours is renamed
  /// to PATH.bad and costs one warning. Throws SetupError where nothing can be written beside `path`. The
  /// table, and what the sections are of, outlive the keeper; `log` is called from the caller's thread and
  /// the keeper's.
  Keeper(std::string path, decode::ExporterTable& exporters, LogFn log, std::vector<Section> sections = {});
  /// stop(), where it was not called.
  ~Keeper();

  void start();
  /// Ends the thread and writes once more, for the times that templates were last seen. After the workers.
  void stop();
  /// Any thread.
  Stats stats() const;

 private:
  void run();
  bool due(std::uint64_t now_ns) const;
  std::uint64_t changes() const;
  void read();
  void write(bool stopped = false);
  void write_file(bool stopped);
  void failed(int error, std::uint64_t now_ns);
  void load(Bytes file);
  void set_aside_file(const std::string& reason);

  const std::string path_;
  decode::ExporterTable& exporters_;
  const LogFn log_;
  const std::vector<Section> sections_;
  Counts<StateKind> restored_;
  std::uint64_t next_write_ns_ = 0;  // monotonic; the disk is left alone until then
  bool rewrite_ = false;             // where streams stood is true once: the file must not tell it again
  std::uint64_t written_ns_ = 0;     // monotonic; the last whole write, or the start
  std::atomic<std::uint64_t> written_changes_{0};
  Counts<StateCount, std::atomic<std::uint64_t>> counts_;
  std::atomic<std::uint64_t> last_write_ns_{0};
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stop_ = false;
  std::thread thread_;
};

}  // namespace sluice::state
