#include "sink/queue_bytes.hpp"

#include <algorithm>

#include "setting/text.hpp"
#include "sink/stream.hpp"

namespace sluice::sink {
namespace {

constexpr std::uint64_t kMB = 1ULL << 20;

}  // namespace

std::uint64_t least_queue(const Making& making) {
  return 2 * fresh_block_bytes(stream_spec(making.settings)) * making.workers;
}

std::uint64_t queue_bytes(const Making& making, std::uint64_t set, std::uint64_t usual) {
  return set != 0 && set != usual ? set : std::max(usual, least_queue(making));
}

bool holds_two_blocks(const Making& making, const char* key, std::uint64_t bytes, const OnMistake& mistake) {
  const std::uint64_t least = least_queue(making);
  if (bytes >= least) return true;
  mistake({"sinks." + making.name + '.' + key,
           setting::format_size(bytes) + " hold no two blocks (block_bytes: " +
               setting::format_size(making.settings.block_bytes) + ") of " +
               (making.workers == 1
                    ? "one worker or reader of a source"
                    : "each of " + std::to_string(making.workers) + " workers and readers of sources") +
               "; it takes " + setting::format_size((least + kMB - 1) / kMB * kMB) +
               " or more, or smaller blocks"});
  return false;
}

std::string queue_default(std::uint64_t usual) {
  return setting::format_size(usual) + ", and two blocks at the least of each worker and reader of a source";
}

std::string queue_meaning(const std::string& beyond) {
  return "Memory for blocks not written yet, two of each worker and reader of a source at the least; beyond "
         "it " +
         beyond;
}

}  // namespace sluice::sink
