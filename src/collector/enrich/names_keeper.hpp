#pragma once
// Reads the files of names and keeps them as they change: a thread of its own looks at each file now and
// then, and what has changed is read and put in force whole, or, where it is wrong, not at all and told.
// Without a file there is no thread.
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "enrich/counts.hpp"
#include "enrich/current_names.hpp"
#include "util/log_sink.hpp"
#include "util/setup_error.hpp"

namespace sluice::enrich {

class NamesKeeper {
 public:
  explicit NamesKeeper(LogFn log);
  ~NamesKeeper();
  NamesKeeper(const NamesKeeper&) = delete;
  NamesKeeper& operator=(const NamesKeeper&) = delete;

  /// Reads what these settings name and puts it in force; files that have not changed are not read again.
  /// Throws SetupError with the first mistake; what was in force stays then.
  void take(const SourceSettings& settings);
  /// In force; what enrichers take their names from. Lives as long as any of them.
  std::shared_ptr<const CurrentNames> names() const { return names_; }
  /// Of all that are configured. Any thread.
  std::vector<NamesSource> sources() const {
    return shown_.with([](const auto& shown) { return shown; });
  }

 private:
  struct Stamp;
  struct File;
  struct Files;
  void watch();
  void look();
  void show();
  static std::shared_ptr<const Names> names_of(const SourceSettings& settings, const NamesFiles& content);
  void publish(std::shared_ptr<const Names> names);

  const LogFn log_;
  const std::shared_ptr<CurrentNames> names_ = std::make_shared<CurrentNames>();
  Guarded<std::vector<NamesSource>> shown_;  // so that nobody who asks waits for a reading
  std::mutex mutex_;                         // of what follows
  SourceSettings settings_;
  std::unique_ptr<Files> files_;
  std::condition_variable wake_;
  bool stop_ = false;
  bool unpublished_ = false;  // a file was read whose names are not in force
  std::uint64_t settings_taken_ = 0;
  std::thread thread_;
};

/// Tells each mistake in the files that the settings name.
void try_out(const SourceSettings& settings, const OnMistake& mistake);

}  // namespace sluice::enrich
