#pragma once
// What is set of a sink that writes to standard output, and its writer.
#include <cstdint>
#include <memory>
#include <string>

namespace sluice::sink {

struct StdoutSettings {
  std::uint64_t queue_bytes = 16ULL << 20;
  friend bool operator==(const StdoutSettings&, const StdoutSettings&) = default;
};

template <class Own>
struct TypeOf;
TypeOf<StdoutSettings> describe(const StdoutSettings&);

class BlockWriter;
/// Writes to a descriptor that it does not own. Throws SetupError where the descriptor is not open.
std::unique_ptr<BlockWriter> make_stdout_writer(const std::string& sink_name, int fd);

}  // namespace sluice::sink
