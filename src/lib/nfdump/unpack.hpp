#pragma once
// Blocks as they were before they were packed.
#include <cstdint>
#include <memory>
#include <optional>

#include "sluice/util/byte_reader.hpp"

namespace sluice::nfdump {

enum class Compression : std::uint8_t { none, lzo, bz2, lz4, zstd };

/// The largest block, packed or not: nfdump's own buffers hold 5 MB.
inline constexpr std::size_t kMostOfBlock = 8U << 20;

/// Belongs to one thread.
class Unpacker {
 public:
  /// The bytes hold until the next call; nothing where the block is damaged or would be too large.
  std::optional<Bytes> unpack(Compression compression, Bytes packed);

 private:
  std::unique_ptr<std::byte[]> out_;  // of kMostOfBlock; pages that no block needs are never touched
};

}  // namespace sluice::nfdump
