#pragma once
// Blocks for the tests of the spool.
#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "sink_support.hpp"

namespace sluice::test {

/// While it is true, no file can be synced.
extern std::atomic<bool> sync_fails;

/// Rows of batch framing, of two exporters in turns where there are several.
inline std::shared_ptr<sink::Block> batch_block(std::uint32_t rows, std::string_view body) {
  auto out = std::make_shared<sink::Block>();
  out->bucket = 5;
  for (std::uint32_t i = 0; i < rows; ++i) {
    const std::uint32_t whose = i % 2;
    if (out->exporters.size() <= whose) out->exporters.push_back({exporter(whose + 1), 0});
    ++out->exporters[whose].flows;
    out->runs.push_back({whose, 1});
    ++out->flows;
    const std::string row = framed(body);
    const auto bytes = std::as_bytes(std::span(row));
    out->bytes.insert(out->bytes.end(), bytes.begin(), bytes.end());
  }
  return out;
}

/// Rows with keys.
inline std::shared_ptr<sink::Block> row_block(const std::vector<std::string>& rows) {
  auto out = std::make_shared<sink::Block>();
  out->exporters = {{exporter(1), 1}, {exporter(2), static_cast<std::uint32_t>(rows.size() - 1)}};
  for (const std::string& row : rows) {
    const auto bytes = std::as_bytes(std::span(row));
    out->bytes.insert(out->bytes.end(), bytes.begin(), bytes.end());
    out->row_ends.push_back(static_cast<std::uint32_t>(out->bytes.size()));
    out->row_exporters.push_back(out->flows++ == 0 ? 0 : 1);
    const std::string named = "key of " + row;
    const auto key = std::as_bytes(std::span(named));
    out->keys.insert(out->keys.end(), key.begin(), key.end());
    out->key_ends.push_back(static_cast<std::uint32_t>(out->keys.size()));
  }
  return out;
}

/// All that is kept of a block on disk.
inline bool same(const sink::Block& a, const sink::Block& b) {
  const auto counts = [](const auto& x, const auto& y) {
    return x.exporter == y.exporter && x.flows == y.flows;
  };
  return a.bucket == b.bucket && a.flows == b.flows && a.bytes == b.bytes && a.keys == b.keys &&
         a.row_ends == b.row_ends && a.key_ends == b.key_ends && a.row_exporters == b.row_exporters &&
         std::ranges::equal(a.exporters, b.exporters, counts) && std::ranges::equal(a.runs, b.runs, counts);
}

}  // namespace sluice::test
