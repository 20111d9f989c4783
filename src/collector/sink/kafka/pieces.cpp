#include "sink/kafka/pieces.hpp"

#include <algorithm>
#include <functional>
#include <memory>

namespace sluice::sink {
namespace {

/// Bytes of the first row with its length prefix; all of them where no whole row follows.
std::size_t first_row(Bytes rows, encode::Format format) {
  if (format != encode::Format::protobuf) {
    const auto newline = std::ranges::find(rows, std::byte{'\n'});
    return newline == rows.end() ? rows.size() : static_cast<std::size_t>(newline - rows.begin()) + 1;
  }
  std::uint64_t length = 0;
  for (std::size_t i = 0; i < rows.size() && i < 5; ++i) {
    const auto byte = std::to_integer<std::uint64_t>(rows[i]);
    length |= (byte & 0x7F) << (7 * i);
    if ((byte & 0x80) == 0)
      return static_cast<std::size_t>(std::min<std::uint64_t>(i + 1 + length, rows.size()));
  }
  return rows.size();
}

/// Whose the rows [first, first + n) are.
void append_runs(const Block& block, std::size_t first, std::size_t n, std::vector<Block::Run>& out) {
  std::size_t begin = 0;
  for (const Block::Run& run : block.runs) {
    const std::size_t from = std::max(begin, first);
    const std::size_t to = std::min(begin + run.flows, first + n);
    if (from < to) out.push_back({run.exporter, static_cast<std::uint32_t>(to - from)});
    begin += run.flows;
  }
}

}  // namespace

std::vector<Bytes> cut(Bytes rows, encode::Format format, std::size_t most, std::size_t most_rows) {
  std::vector<Bytes> out;
  std::size_t begin = 0, together = 0;
  for (std::size_t end = 0; end < rows.size();) {
    const std::size_t row = first_row(rows.subspan(end), format);
    if (end > begin && (end + row - begin > most || together == most_rows)) {
      out.push_back(rows.subspan(begin, end - begin));
      begin = end;
      together = 0;
    }
    end += row;
    ++together;
  }
  if (begin < rows.size()) out.push_back(rows.subspan(begin));
  return out;
}

std::uint32_t count_rows(Bytes rows, encode::Format format) {
  std::uint32_t n = 0;
  for (; !rows.empty(); ++n) rows = rows.subspan(first_row(rows, format));
  return n;
}

BlockPtr rest_of(const BlockPtr& block, std::vector<Bytes> records, encode::Format format) {
  std::size_t bytes = 0;
  for (const Bytes record : records) bytes += record.size();
  if (bytes == block->bytes.size() && records.size() >= block->row_ends.size()) return block;
  std::ranges::sort(records, std::less{}, [](Bytes record) { return record.data(); });

  auto out = std::make_shared<Block>();
  out->bucket = block->bucket;
  out->opened_ns = block->opened_ns;
  out->mark = block->mark;
  std::vector<std::uint32_t> flows;  // by the index of their exporter
  for (const Bytes record : records) {
    const auto begin = static_cast<std::uint32_t>(record.data() - block->bytes.data());
    out->bytes.insert(out->bytes.end(), record.begin(), record.end());
    if (block->row_ends.empty()) {
      const std::uint32_t before = count_rows(Bytes(block->bytes).first(begin), format);
      const std::uint32_t rows = count_rows(record, format);
      std::vector<std::uint32_t> here;
      count_by_exporter(*block, before, rows, here);
      flows.resize(here.size());
      for (std::size_t i = 0; i < here.size(); ++i) flows[i] += here[i];
      append_runs(*block, before, rows, out->runs);
      continue;
    }
    const auto row =
        static_cast<std::size_t>(std::ranges::upper_bound(block->row_ends, begin) - block->row_ends.begin());
    count_by_exporter(*block, row, 1, flows);
    out->row_ends.push_back(static_cast<std::uint32_t>(out->bytes.size()));
    out->row_exporters.push_back(block->row_exporters.empty() ? 0 : block->row_exporters[row]);
    if (block->key_ends.empty()) continue;
    const std::uint32_t key_begin = row > 0 ? block->key_ends[row - 1] : 0;
    const Bytes key = Bytes(block->keys).subspan(key_begin, block->key_ends[row] - key_begin);
    out->keys.insert(out->keys.end(), key.begin(), key.end());
    out->key_ends.push_back(static_cast<std::uint32_t>(out->keys.size()));
  }
  // The same indexes, so exporters of whom nothing is left stay with no flows.
  for (std::size_t i = 0; i < flows.size(); ++i) {
    out->exporters.push_back({block->exporters[i].exporter, flows[i]});
    out->flows += flows[i];
  }
  return out;
}

}  // namespace sluice::sink
