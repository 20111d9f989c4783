#include "sink/spool/format.hpp"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <boost/endian/conversion.hpp>
#include <concepts>
#include <cstring>
#include <limits>

namespace sluice::sink::spool {
namespace {

constexpr std::string_view kSegmentMagic = "SLSPOOL1";
constexpr std::uint32_t kBlockMagic = 0x534C424B;  // SLBK
constexpr std::size_t kCrcAt = kBlockHead - 4;
constexpr std::size_t kExporterBytes = 1 + 16 + 4;

std::uint32_t crc(Bytes bytes, std::uint32_t before = 0) {
  if (bytes.empty()) return before;  // to zlib a null pointer means: begin anew
  return static_cast<std::uint32_t>(
      ::crc32_z(before, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size()));
}

/// Not insert(), in which g++ 12 sees an overflow that is none.
void put(Buffer& out, Bytes bytes) {
  const std::size_t at = out.size();
  out.resize(at + bytes.size());
  if (!bytes.empty()) std::memcpy(out.data() + at, bytes.data(), bytes.size());
}

template <std::unsigned_integral T>
void put(Buffer& out, T value) {
  const T big = boost::endian::native_to_big(value);
  put(out, std::as_bytes(std::span(&big, 1)));
}

template <std::unsigned_integral T>
void put_at(Buffer& out, std::size_t at, T value) {
  const T big = boost::endian::native_to_big(value);
  std::ranges::copy(std::as_bytes(std::span(&big, 1)), out.begin() + static_cast<std::ptrdiff_t>(at));
}

void put_list(Buffer& out, const std::vector<std::uint32_t>& list) {
  put(out, static_cast<std::uint32_t>(list.size()));
  for (const std::uint32_t value : list) put(out, value);
}

/// What a count says follows is there, or the reader has failed.
std::uint32_t count(ByteReader& in, std::size_t bytes_each) {
  const auto n = in.be<std::uint32_t>();
  if (n <= in.remaining() / bytes_each) return n;
  in.skip(std::numeric_limits<std::size_t>::max());
  return 0;
}

std::vector<std::uint32_t> list(ByteReader& in) {
  std::vector<std::uint32_t> out(count(in, 4));
  for (std::uint32_t& value : out) value = in.be<std::uint32_t>();
  return out;
}

std::vector<Block::ExporterCount> exporters(ByteReader& in) {
  std::vector<Block::ExporterCount> out(count(in, kExporterBytes));
  for (Block::ExporterCount& one : out) {
    const std::size_t size = in.be<std::uint8_t>();
    const Bytes address = in.take(16);
    one.exporter = IpAddress::from_bytes(address.first(std::min(size, address.size())));
    one.flows = in.be<std::uint32_t>();
  }
  return out;
}

/// Where each of a number of pieces ends: never before the one before it, and the last at the end.
bool are_ends(const std::vector<std::uint32_t>& ends, std::size_t bytes) {
  return std::ranges::is_sorted(ends) && (ends.empty() ? bytes == 0 : ends.back() == bytes);
}

std::uint64_t flows_of(const std::vector<Block::ExporterCount>& counts) {
  std::uint64_t sum = 0;
  for (const auto& one : counts) sum += one.flows;
  return sum;
}

bool fits_together(const Block& block) {
  const auto is_exporter = [&](std::uint32_t index) { return index < block.exporters.size(); };
  if (block.flows == 0 || flows_of(block.exporters) != block.flows) return false;
  if (block.row_ends.empty()) {
    std::uint64_t flows = 0;
    for (const Block::Run& run : block.runs) {
      if (!is_exporter(run.exporter)) return false;
      flows += run.flows;
    }
    return block.row_exporters.empty() && block.key_ends.empty() && block.keys.empty() &&
           (block.runs.empty() || flows == block.flows);
  }
  return block.runs.empty() && block.row_ends.size() == block.flows &&
         are_ends(block.row_ends, block.bytes.size()) && block.row_exporters.size() == block.flows &&
         std::ranges::all_of(block.row_exporters, is_exporter) &&
         (block.key_ends.empty() || block.key_ends.size() == block.flows) &&
         are_ends(block.key_ends, block.keys.size());
}

}  // namespace

Buffer segment_head(std::string_view form) {
  form = form.substr(0, kMaxForm);
  Buffer out;
  put(out, std::as_bytes(std::span(kSegmentMagic)));
  put(out, static_cast<std::uint16_t>(form.size()));
  put(out, std::as_bytes(std::span(form)));
  put(out, crc(out));
  return out;
}

std::optional<SegmentHead> read_segment_head(Bytes bytes) {
  ByteReader in(bytes);
  if (!std::ranges::equal(in.take(kSegmentMagic.size()), std::as_bytes(std::span(kSegmentMagic))))
    return std::nullopt;
  const std::size_t length = in.be<std::uint16_t>();
  if (length > kMaxForm) return std::nullopt;
  const Bytes form = in.take(length);
  const std::size_t covered = bytes.size() - in.remaining();
  const auto sum = in.be<std::uint32_t>();
  if (!in.ok() || sum != crc(bytes.first(covered))) return std::nullopt;
  return SegmentHead{{reinterpret_cast<const char*>(form.data()), form.size()}, covered + 4};
}

std::optional<Buffer> head_and_table(const Block& block, std::uint64_t written_s) {
  const std::uint64_t payload = std::uint64_t{block.bytes.size()} + block.keys.size();
  if (payload > kMaxPart) return std::nullopt;
  Buffer out;
  put(out, kBlockMagic);
  put(out, static_cast<std::uint32_t>(0));  // the state, and zeros
  put(out, static_cast<std::uint32_t>(0));  // of the table, below
  put(out, static_cast<std::uint32_t>(payload));
  put(out, static_cast<std::uint64_t>(0));
  put(out, written_s);
  put(out, block.flows);
  put(out, crc(block.keys, crc(block.bytes)));
  put(out, static_cast<std::uint32_t>(0));  // the checksum, below
  put(out, block.bucket);
  put(out, static_cast<std::uint32_t>(block.exporters.size()));
  for (const auto& [exporter, flows] : block.exporters) {
    put(out, exporter.size);
    put(out, std::as_bytes(std::span(exporter.bytes)));
    put(out, flows);
  }
  put(out, static_cast<std::uint32_t>(block.runs.size()));
  for (const Block::Run& run : block.runs) {
    put(out, run.exporter);
    put(out, run.flows);
  }
  put(out, static_cast<std::uint32_t>(block.keys.size()));
  put_list(out, block.row_ends);
  put_list(out, block.row_exporters);
  put_list(out, block.key_ends);
  const std::size_t table = out.size() - kBlockHead;
  if (table > kMaxPart) return std::nullopt;
  put_at(out, 8, static_cast<std::uint32_t>(table));
  const Bytes all(out);
  put_at(out, kCrcAt, crc(all.subspan(kBlockHead), crc(all.first(kCrcAt))));
  out[kStateAt] = static_cast<std::byte>(BlockState::waiting);
  return out;
}

std::optional<BlockHead> read_head(Bytes bytes) {
  ByteReader in(bytes);
  BlockHead out;
  const auto magic = in.be<std::uint32_t>();
  // Whatever is not done is sent: twice is better than never.
  if (in.be<std::uint8_t>() == static_cast<std::uint8_t>(BlockState::done)) out.state = BlockState::done;
  in.skip(3);
  out.table_bytes = in.be<std::uint32_t>();
  out.payload_bytes = in.be<std::uint32_t>();
  in.skip(8);
  out.written_s = in.be<std::uint64_t>();
  out.flows = in.be<std::uint32_t>();
  out.payload_crc = in.be<std::uint32_t>();
  out.head_crc = in.be<std::uint32_t>();
  if (!in.ok() || magic != kBlockMagic || out.table_bytes > kMaxPart || out.payload_bytes > kMaxPart)
    return std::nullopt;
  return out;
}

bool right(Bytes head, Bytes table) {
  std::array<std::byte, kBlockHead> plain{};
  if (head.size() < kBlockHead) return false;
  std::ranges::copy(head.first(kBlockHead), plain.begin());
  plain[kStateAt] = std::byte{0};
  const Bytes covered(plain);
  ByteReader sum(covered.subspan(kCrcAt));
  return sum.be<std::uint32_t>() == crc(table, crc(covered.first(kCrcAt)));
}

std::optional<Summary> read_summary(const BlockHead& head, Bytes table) {
  ByteReader in(table);
  in.skip(4);
  Summary out;
  out.flows = head.flows;
  out.exporters = exporters(in);
  in.skip(std::size_t{count(in, 8)} * 8);
  const std::uint32_t keys = in.be<std::uint32_t>();
  if (!in.ok() || flows_of(out.exporters) != head.flows || keys > head.payload_bytes) return std::nullopt;
  out.bytes = head.payload_bytes - keys;
  return out;
}

std::shared_ptr<Block> read_block(const BlockHead& head, Bytes table, Bytes payload) {
  if (payload.size() != head.payload_bytes || crc(payload) != head.payload_crc) return nullptr;
  auto out = std::make_shared<Block>();
  ByteReader in(table);
  out->bucket = in.be<std::uint32_t>();
  out->flows = head.flows;
  out->exporters = exporters(in);
  out->runs.resize(count(in, 8));
  for (Block::Run& run : out->runs) {
    run.exporter = in.be<std::uint32_t>();
    run.flows = in.be<std::uint32_t>();
  }
  const std::size_t keys = in.be<std::uint32_t>();
  out->row_ends = list(in);
  out->row_exporters = list(in);
  out->key_ends = list(in);
  if (!in.ok() || in.remaining() != 0 || keys > payload.size()) return nullptr;
  const Bytes rows = payload.first(payload.size() - keys);
  const Bytes key_bytes = payload.last(keys);
  out->bytes.assign(rows.begin(), rows.end());
  out->keys.assign(key_bytes.begin(), key_bytes.end());
  return fits_together(*out) ? out : nullptr;
}

Bytes block_magic() {
  static constexpr std::array kMagic{std::byte{0x53}, std::byte{0x4C}, std::byte{0x42}, std::byte{0x4B}};
  return kMagic;
}

}  // namespace sluice::sink::spool
