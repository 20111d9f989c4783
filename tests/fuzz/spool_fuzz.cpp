// A block of a spool's segment, from any bytes. Even first bytes stand for one whose lengths and checksums
// are right, so that the fuzzer works on what is between them.
#include <zlib.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>

#include "sink/spool/format.hpp"

namespace {

using namespace sluice;
using namespace sluice::sink;

std::uint32_t crc(Bytes bytes, std::uint32_t before = 0) {
  if (bytes.empty()) return before;
  return static_cast<std::uint32_t>(
      ::crc32_z(before, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size()));
}

void put(spool::Buffer& out, std::size_t at, std::uint32_t value) {
  for (std::size_t i = 0; i < 4; ++i) out[at + i] = static_cast<std::byte>(value >> (24 - 8 * i));
}

/// The input is cut into table and payload where its own head says so, as far as it goes.
void seal(spool::Buffer& bytes) {
  if (bytes.size() < spool::kBlockHead) return;
  const auto magic = spool::block_magic();
  std::ranges::copy(magic, bytes.begin());
  const Bytes all(bytes);
  ByteReader in(all.subspan(8));
  const std::size_t rest = bytes.size() - spool::kBlockHead;
  const std::size_t table = std::min<std::size_t>(in.be<std::uint32_t>() % 4096, rest);
  put(bytes, 8, static_cast<std::uint32_t>(table));
  put(bytes, 12, static_cast<std::uint32_t>(rest - table));
  put(bytes, 36, crc(all.subspan(spool::kBlockHead + table)));
  bytes[spool::kStateAt] = std::byte{0};
  put(bytes, 40, crc(all.subspan(spool::kBlockHead, table), crc(all.first(40))));
}

bool same(const Block& a, const Block& b) {
  const auto counts = [](const auto& x, const auto& y) {
    return x.exporter == y.exporter && x.flows == y.flows;
  };
  return a.bucket == b.bucket && a.flows == b.flows && a.bytes == b.bytes && a.keys == b.keys &&
         a.row_ends == b.row_ends && a.key_ends == b.key_ends && a.row_exporters == b.row_exporters &&
         std::ranges::equal(a.exporters, b.exporters, counts) && std::ranges::equal(a.runs, b.runs, counts);
}

std::shared_ptr<Block> read(Bytes bytes) {
  const auto head = spool::read_head(bytes);
  if (!head || head->size() > bytes.size()) return nullptr;
  const Bytes table = bytes.subspan(spool::kBlockHead, head->table_bytes);
  if (!spool::right(bytes, table)) return nullptr;
  const auto summary = spool::read_summary(*head, table);
  auto block = spool::read_block(*head, table,
                                 bytes.subspan(spool::kBlockHead + head->table_bytes, head->payload_bytes));
  if (block && (!summary || summary->flows != block->flows || summary->bytes != block->bytes.size()))
    std::abort();
  return block;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const auto* const first = reinterpret_cast<const std::byte*>(data + 1);
  spool::Buffer bytes(first, first + size - 1);
  spool::read_segment_head(bytes);
  if (data[0] % 2 == 0) seal(bytes);
  const auto block = read(bytes);
  if (!block) return 0;
  // What was taken is written and read again as it was.
  auto written = spool::head_and_table(*block, 2);
  if (!written) std::abort();
  written->insert(written->end(), block->bytes.begin(), block->bytes.end());
  written->insert(written->end(), block->keys.begin(), block->keys.end());
  const auto again = read(*written);
  if (!again || !same(*again, *block)) std::abort();
  return 0;
}
