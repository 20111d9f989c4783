#pragma once
// What is set of a sink that writes files, and its writer. Plain values; read once at start.
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "sluice/encode/rows.hpp"
#include "util/log_sink.hpp"
#include "util/setup_error.hpp"

namespace sluice::sink {

struct FileSettings {
  std::string path = "flows";              ///< directory
  std::string prefix = "flows";            ///< PREFIX-YYYYmmddTHHMMSSZ-N.pb or .jsonl; of counters "counters"
  std::chrono::seconds rotate_every{300};  ///< 0: never by time
  std::uint64_t rotate_bytes = 1ULL << 30;  ///< 0: never by size
  std::uint64_t queue_bytes = 64ULL << 20;
  friend bool operator==(const FileSettings&, const FileSettings&) = default;
};

template <class Own>
struct TypeOf;
TypeOf<FileSettings> describe(const FileSettings&);

/// Nothing where files can be written there, or could be if the directory were made; makes nothing.
std::optional<SetupError> cannot_write(const std::string& sink_name, const FileSettings& settings);

class BlockWriter;
/// Throws SetupError where the directory cannot be written to.
std::unique_ptr<BlockWriter> make_file_writer(const std::string& sink_name, const FileSettings& settings,
                                              encode::Format format, LogFn log);

}  // namespace sluice::sink
