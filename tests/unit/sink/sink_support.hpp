#pragma once
// Batches, rows and blocks for the tests of sinks, and waiting for what a sink's thread will do.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <numeric>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "sink/sink.hpp"
#include "sluice/encode/rows.hpp"
#include "sluice/flow/batch.hpp"
#include "util/log_sink.hpp"

namespace sluice::test {

inline IpAddress exporter(std::uint32_t n) { return IpAddress::v4(0xC0000200U + n); }  // 192.0.2.n

/// A batch and its rows, built flow by flow.
struct Flows {
  FlowBatch batch;
  encode::RowBuffer rows;

  /// n flows of one datagram; every row is `row` as it is.
  Flows& datagram(const IpAddress& from, std::size_t n, std::string_view row) {
    batch.add_origin().exporter_address = from;
    for (std::size_t i = 0; i < n; ++i) {
      batch.append_one();
      std::ranges::copy(std::as_bytes(std::span(row.data(), row.size())), rows.reserve(row.size()));
      rows.commit(row.size());
      rows.end_row();
    }
    return *this;
  }
};

/// A protobuf row: a length of one byte and that many bytes of body.
inline std::string framed(std::string_view body) {
  std::string row(body.size() + 1, static_cast<char>(body.size()));
  body.copy(row.data() + 1, body.size());
  return row;
}

/// Bodies of rows whose lengths fit one byte; a torn end shows as "TORN".
inline std::vector<std::string> bodies(std::string_view bytes) {
  std::vector<std::string> out;
  while (!bytes.empty()) {
    const auto length = static_cast<unsigned char>(bytes[0]);
    if (bytes.size() < length + 1U) {
      out.emplace_back("TORN");
      break;
    }
    out.emplace_back(bytes.substr(1, length));
    bytes.remove_prefix(length + 1U);
  }
  return out;
}

inline std::string text(Bytes bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

/// A block of batch framing with n equal rows.
inline sink::BlockPtr block_of(std::size_t n, std::string_view row, const IpAddress& from = exporter(1)) {
  auto block = std::make_shared<sink::Block>();
  block->flows = static_cast<std::uint32_t>(n);
  block->exporters = {{from, block->flows}};
  for (std::size_t i = 0; i < n; ++i) {
    const auto bytes = std::as_bytes(std::span(row.data(), row.size()));
    block->bytes.insert(block->bytes.end(), bytes.begin(), bytes.end());
  }
  return block;
}

/// Delivered, failed, shed and queued together.
inline std::uint64_t accounted(const sink::SinkStats& stats) {
  std::uint64_t sum = stats.counts[sink::SinkCount::delivered_flows] +
                      stats.counts[sink::SinkCount::shed_flows] + stats.counts[sink::SinkCount::queued_flows];
  for (const auto& [reason, flows] : stats.failed_flows) sum += flows;
  return sum;
}

inline std::uint64_t failed(const sink::SinkStats& stats, const std::string& reason) {
  const auto it = stats.failed_flows.find(reason);
  return it == stats.failed_flows.end() ? 0 : it->second;
}

/// Looks until it holds; false after `within`.
template <class Condition>
bool eventually(Condition&& condition, std::chrono::seconds within = std::chrono::seconds(30)) {
  const auto end = std::chrono::steady_clock::now() + within;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return true;
}

inline std::chrono::steady_clock::time_point in(std::chrono::milliseconds time) {
  return std::chrono::steady_clock::now() + time;
}

/// Log lines, from any thread.
class Lines {
 public:
  LogFn callback() {
    return [this](LogLevel level, std::string line) {
      const std::lock_guard lock(mutex_);
      if (level != LogLevel::debug) lines_.push_back(std::move(line));
    };
  }
  std::vector<std::string> all() const {
    const std::lock_guard lock(mutex_);
    return lines_;
  }
  std::size_t containing(std::string_view part) const {
    std::size_t n = 0;
    for (const std::string& line : all()) n += line.find(part) != std::string::npos;
    return n;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> lines_;
};

/// A directory of its own, removed at the end.
class TempDirectory {
 public:
  TempDirectory() {
    std::string name = (std::filesystem::temp_directory_path() / "sluice-sink-XXXXXX").string();
    if (!mkdtemp(name.data())) throw std::runtime_error("mkdtemp failed");
    path_ = name;
  }
  ~TempDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

inline std::string content(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

}  // namespace sluice::test
