#include "sink/kafka/pieces.hpp"

#include <algorithm>

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

}  // namespace

std::vector<Bytes> cut(Bytes rows, encode::Format format, std::size_t most) {
  std::vector<Bytes> out;
  std::size_t begin = 0;
  for (std::size_t end = 0; end < rows.size();) {
    const std::size_t row = first_row(rows.subspan(end), format);
    if (end > begin && end + row - begin > most) {
      out.push_back(rows.subspan(begin, end - begin));
      begin = end;
    }
    end += row;
  }
  if (begin < rows.size()) out.push_back(rows.subspan(begin));
  return out;
}

std::uint32_t count_rows(Bytes rows, encode::Format format) {
  std::uint32_t n = 0;
  for (; !rows.empty(); ++n) rows = rows.subspan(first_row(rows, format));
  return n;
}

void count_by_exporter(const Block& block, std::size_t first, std::size_t n,
                       std::vector<std::uint32_t>& lost) {
  lost.resize(block.exporters.size());
  if (lost.size() == 1) {
    lost[0] += static_cast<std::uint32_t>(n);
    return;
  }
  if (!block.row_exporters.empty()) {
    for (std::size_t row = first; row < first + n; ++row) ++lost[block.row_exporters[row]];
    return;
  }
  std::size_t begin = 0;
  for (const Block::Run& run : block.runs) {
    const std::size_t from = std::max(begin, first);
    const std::size_t to = std::min(begin + run.flows, first + n);
    if (from < to) lost[run.exporter] += static_cast<std::uint32_t>(to - from);
    begin += run.flows;
  }
}

}  // namespace sluice::sink
