#pragma once
// How a spool lies on disk: segment files, each a head that tells the form of its rows and then blocks, one
// after the other, numbers big-endian:
//
//     segment: "SLSPOOL1"  u16 length of the form  form  u32 CRC-32 of all before
//     block:   u32 "SLBK"  u8 state  3 x 0  u32 bytes of the table  u32 bytes of the payload
//              u64 nothing (whatever it is, it is covered by the checksum)  u64 Unix time of writing
//              u32 flows  u32 CRC-32 of the payload  u32 CRC-32 of what is before (with state 0) and of the
//              table  table  payload
//     table:   bucket, exporters with their flows, runs, ends of rows and of keys (Block in sink/sink.hpp)
//     payload: rows, then keys
//
// The state is outside of the checksums, so that one byte written says that a block is done with. Bytes of a
// file are hostile: read by ByteReader, no count sizes an allocation that the bytes do not bear out.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sink/sink.hpp"
#include "sluice/util/byte_reader.hpp"

namespace sluice::sink::spool {

inline constexpr std::size_t kBlockHead = 44;
inline constexpr std::size_t kStateAt = 4;  ///< where in a block its state is
/// Longer tables and payloads are damage: settings allow blocks of 1 MB, and single rows are below that.
inline constexpr std::uint32_t kMaxPart = 64U << 20;
inline constexpr std::size_t kMaxForm = 1024;
inline constexpr std::size_t kMaxSegmentHead = 8 + 2 + kMaxForm + 4;

enum class BlockState : std::uint8_t { waiting = 'W', done = 'D' };

struct BlockHead {
  BlockState state = BlockState::waiting;
  std::uint32_t table_bytes = 0;
  std::uint32_t payload_bytes = 0;
  std::uint64_t written_s = 0;
  std::uint32_t flows = 0;
  std::uint32_t payload_crc = 0;
  std::uint32_t head_crc = 0;

  std::uint64_t size() const { return std::uint64_t{kBlockHead} + table_bytes + payload_bytes; }
};

using Buffer = std::vector<std::byte>;

Buffer segment_head(std::string_view form);
struct SegmentHead {
  std::string form;
  std::size_t size = 0;
};
/// Nothing where no segment begins there.
std::optional<SegmentHead> read_segment_head(Bytes bytes);

/// Head and table; the payload is the block's rows and its keys. Nothing where a part is too large.
std::optional<Buffer> head_and_table(const Block& block, std::uint64_t written_s);

/// Of the first kBlockHead bytes; nothing where no block begins there. Its checksum is not looked at.
std::optional<BlockHead> read_head(Bytes bytes);
/// Whether the checksum over head and table is right.
bool right(Bytes head, Bytes table);
/// What is told of a block without its payload.
struct Summary {
  std::uint32_t flows = 0;
  std::uint64_t bytes = 0;  ///< of its rows
  std::vector<Block::ExporterCount> exporters;
};
/// Nothing where the table is broken.
std::optional<Summary> read_summary(const BlockHead& head, Bytes table);
/// Null where table and payload are no block, or the payload's checksum is wrong.
std::shared_ptr<Block> read_block(const BlockHead& head, Bytes table, Bytes payload);

/// Bytes that begin a block, to look for the next one behind damage.
Bytes block_magic();

}  // namespace sluice::sink::spool
