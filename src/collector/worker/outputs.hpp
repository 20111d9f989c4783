#pragma once
// Where one worker's flows go: every format is encoded once a batch, then each stream of that format copies
// the rows into its own blocks. Belongs to one thread.
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "sink/stream.hpp"
#include "sluice/encode/rows.hpp"
#include "sluice/flow/batch.hpp"

namespace sluice::worker {

/// A sink and the stream it wants. The sink outlives all workers.
struct OutputTo {
  sink::StreamSpec spec;
  sink::Sink* sink = nullptr;
};

class Outputs {
 public:
  /// Sinks of equal spec share one stream, streams of equal format share one encoder.
  Outputs(const std::vector<OutputTo>& targets, unsigned worker);

  /// `now_ns` is monotonic here and below. False: there was no memory to encode them all; those flows are
  /// shed (as are those that a stream has no memory for), and sinks count them.
  bool write(const FlowBatch& batch, std::uint64_t now_ns);
  /// All streams shed these.
  void lose(const FlowBatch& batch, std::uint64_t now_ns);
  void flush_due(std::uint64_t now_ns);
  void flush_all();
  std::optional<std::uint64_t> next_deadline() const;
  /// Blocks that are opened from now on carry this mark (Block::mark).
  void mark(const std::shared_ptr<const void>& mark);

  // For who can wait before it writes more: as of StreamWriter, for all streams.

  std::size_t flows_at_once() const;
  bool have_room(std::size_t flows) const;
  void make_room(std::size_t flows);

  /// Flows that an encoder left out because its format cannot hold them (kflow without IPv6). Any thread.
  std::uint64_t left_out() const;
  /// Whether a sink wants the counters stream; batches carry counters then (FlowBatch::want_counters()).
  bool wants_counters() const { return wants_counters_; }

 private:
  struct FormatGroup {
    encode::FormatSpec format;
    std::unique_ptr<encode::RowEncoder> encoder;
    encode::RowBuffer rows;
    std::vector<std::unique_ptr<sink::StreamWriter>> streams;
  };
  static bool wants_some(const FormatGroup& group, const FlowBatch& batch);
  FormatGroup& group_of(const encode::FormatSpec& format);

  std::vector<FormatGroup> groups_;
  bool wants_counters_ = false;
};

}  // namespace sluice::worker
