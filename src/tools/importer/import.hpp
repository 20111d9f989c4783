#pragma once
// Archives of nfdump into sinks: `sluice import`.
#include <atomic>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "config/config.hpp"
#include "importer/files.hpp"
#include "importer/progress.hpp"
#include "nfdump/archive.hpp"
#include "sluice/util/result.hpp"
#include "util/log_sink.hpp"

namespace sluice::importer {

struct Request {
  std::vector<ArchiveFile> files;
  std::vector<std::string> sinks;               ///< of the configuration
  std::string state;                            ///< file that keeps what is done
  std::optional<std::uint32_t> retention_days;  ///< of what is older nothing is imported; nothing: no matter
  /// Called a few times a second; may be empty.
  std::function<void(const Progress&)> show;
};

struct Outcome {
  Progress progress;                  ///< of what was done now
  std::uint64_t files_before = 0;     ///< imported earlier, and passed over
  nfdump::Counts counts;              ///< of what was read now
  std::vector<std::string> warnings;  ///< of files that are not whole; what could be read was imported
  std::string error;                  ///< it ended early; "" where it did not
};

/// Throws SetupError where a sink cannot be made. The error is a mistake of the user's, before anything was
/// done: the state is of another import, or files are too old.
Result<Outcome, std::string> import_archives(const config::Config& config, const Request& request,
                                             const LogFn& log, const std::atomic<bool>& stop);

}  // namespace sluice::importer
