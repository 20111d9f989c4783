#pragma once
// From rows to blocks: one output stream of one worker. Rows are made once for each format; every stream
// copies them into open blocks by its own key and framing, and hands finished blocks to all sinks that want
// the same stream, by reference.
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sink/sink.hpp"
#include "sink/spec.hpp"
#include "sluice/encode/rows.hpp"
#include "sluice/flow/batch.hpp"
#include "sluice/flow/fields.hpp"

namespace sluice::sink {

/// What the values of the chosen fields of a flow amount to as a record key: integers in decimal, addresses
/// and MAC addresses as text, texts and raw bytes as they are, joined by '|'. An absent value is 0 or
/// nothing. Replaces `out`. Fields that are lists give nothing.
void append_key(const std::vector<const FieldInfo*>& fields, const FlowBatch& batch, const FlowRecord& flow,
                std::string& out);
/// Stable over runs and versions, as partitions follow from it.
std::uint64_t key_hash(std::string_view key);

/// What the memory of a sink is charged for a block that is opened.
std::size_t fresh_block_bytes(const StreamSpec& spec);

/// Keeps a few buffers of one size, so that a block does not cost a page fault for every 4 KB. Any thread.
class BufferPool;

/// One stream of one worker; used by that worker's thread alone.
///
/// A flow's bucket is the hash of its key modulo the most buckets any of the sinks asks for; round robin
/// fills one block at a time and counts its bucket up. A block is open only where flows wait: it is handed
/// over when the next row would not fit, when its first row is `flush_interval` old, or at flush_all(). Empty
/// rows (flows that the encoder left out) are no flows here.
///
/// Rows of single and plain framing have row_ends, and keys where the key is the exporter (its raw address
/// bytes) or chosen fields.
///
/// Memory: each sink's budget is charged for a block before it is opened. A sink whose budget is empty then
/// is asked again when the block is finished; if it still is, the flows are counted by its shed() and the
/// other sinks get the block all the same.
///
/// Memory that runs out costs the rows that it was wanted for: they are shed, whole, and nothing throws.
///
/// What is shed before there is a block, what the encoder left out and what the filter does not want is told
/// to the sinks once for each block or flush_interval, and at flush_all().
class StreamWriter {
 public:
  /// The sinks outlive the writer; `worker` is passed to their send(). Throws std::invalid_argument where a
  /// key field is unknown or a list.
  StreamWriter(StreamSpec spec, std::vector<Sink*> sinks, unsigned worker);
  ~StreamWriter();  ///< hands over what is open
  StreamWriter(const StreamWriter&) = delete;
  StreamWriter& operator=(const StreamWriter&) = delete;

  /// Asks the filter about each flow of the batch, which write() is to be handed next; what was dropped
  /// nobody wants. False: it wants none, and write() looks at no row. Throws std::bad_alloc; the batch can be
  /// lost then.
  bool wants_some(const FlowBatch& batch) {
    const bool all = spec_.wanted.kind == filter::Expression::Kind::any && !batch.any_dropped();
    if (!all && spec_.format.stream == encode::Stream::flows) return ask_filter(batch);
    wanted_.clear();
    return true;
  }
  /// Row i is flow i of the batch, or in the counters stream record i of its counters. `now_ns` is monotonic
  /// time, the same clock as below.
  void write(const FlowBatch& batch, const encode::RowBuffer& rows, std::uint64_t now_ns);
  /// There are no rows for these: all that the filter wants are shed.
  void lose(const FlowBatch& batch, std::uint64_t now_ns);
  /// Hands over blocks whose first row is flush_interval old.
  void flush_due(std::uint64_t now_ns);
  /// Blocks that are opened from now on carry this mark (Block::mark).
  void mark(std::shared_ptr<const void> mark) { mark_ = std::move(mark); }
  /// When flush_due() will have something to do; nothing while no block is open.
  std::optional<std::uint64_t> next_deadline() const;
  void flush_all();
  const StreamSpec& spec() const { return spec_; }

  // For who can wait before it writes, so that nothing is shed.

  /// So many flows fit into the memory of each sink at a time, whatever exporters they are of.
  std::size_t flows_at_once() const;
  /// Each sink keeps up, and has memory for the blocks that so many flows open.
  bool has_room(std::size_t flows) const;
  /// Where the blocks that are open here are in their way, they are handed over.
  void make_room(std::size_t flows);

 private:
  struct OpenBlock;
  struct Run;
  struct Note;

  void resize_buckets();
  std::uint32_t wanted_buckets() const;
  std::size_t fresh_bytes() const;
  std::size_t slots() const;
  bool sinks_have_room(std::size_t bytes) const;
  bool ask_filter(const FlowBatch& batch);
  bool is_wanted(std::size_t i) const { return wanted_.empty() || wanted_[i] != 0; }
  void write_wanted(const FlowBatch& batch, const encode::RowBuffer& rows);
  void write_flows(const FlowBatch& batch, const encode::RowBuffer& rows);
  void write_by_exporter(const FlowBatch& batch, const encode::RowBuffer& rows);
  void write_by_fields(const FlowBatch& batch, const encode::RowBuffer& rows);
  void write_counters(const FlowBatch& batch, const encode::RowBuffer& rows);
  void append_exporter(const encode::RowBuffer& rows, std::size_t first, std::size_t last,
                       const IpAddress& exporter);
  void append(std::size_t slot, const encode::RowBuffer& rows, const Run& run);
  bool put_rows(OpenBlock& into, const encode::RowBuffer& rows, std::size_t first, std::size_t last,
                const Run& run, std::uint32_t flows) const;
  void copy_rows(Block& block, const encode::RowBuffer& rows, std::size_t first, std::size_t last,
                 std::string_view key) const;
  OpenBlock* open(std::size_t slot);
  OpenBlock* open_fresh(std::size_t slot);
  void finish(std::size_t slot);
  void hand_over(OpenBlock& done);
  void count_left_out(const FlowBatch& batch, const encode::RowBuffer& rows);
  void note(Note& note, const IpAddress& exporter, std::uint32_t flows);
  void tell_notes();

  const StreamSpec spec_;
  const std::vector<Sink*> sinks_;
  const unsigned worker_;
  std::vector<const FieldInfo*> key_fields_;
  std::shared_ptr<BufferPool> pool_;
  std::shared_ptr<const void> mark_;
  std::uint32_t buckets_ = 0;
  std::uint32_t next_bucket_ = 0;  // round robin
  std::vector<std::unique_ptr<OpenBlock>> slots_;
  std::size_t open_ = 0;
  std::uint64_t oldest_ns_ = 0;  // first row of the oldest open block
  std::uint64_t now_ns_ = 0;
  std::vector<std::uint8_t> wanted_;  // of each flow of the batch; empty without a filter
  bool wants_some_ = true;
  encode::RowBuffer picked_;                          // the rows of those
  std::unique_ptr<Note> shed_, left_out_, filtered_;  // flows without a block, not told yet
  std::uint64_t noted_ns_ = UINT64_MAX;               // the oldest of them; UINT64_MAX: none
  std::string key_;
};

}  // namespace sluice::sink
