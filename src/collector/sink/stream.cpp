#include "sink/stream.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <new>
#include <stdexcept>
#include <utility>

#include "filter/evaluate.hpp"
#include "sink/buffer_pool.hpp"
#include "sink/exporter_index.hpp"

namespace sluice::sink {
namespace {

// What a block costs beside its bytes: the header, its references, and the queue entry of whoever holds it.
constexpr std::size_t kBlockOverhead = 1024;
// Buffers kept by one stream of one worker.
constexpr std::size_t kPoolBytes = 4 << 20;
// Exporters whose flows are noted as shed or left out before the sinks are told.
constexpr std::size_t kMaxNotes = 4096;
// What a row takes, whatever its format, to say beforehand how much rows will.
constexpr std::size_t kRowBytes = 1024;

/// One sink's reference to a block, with what it pays for it.
struct Lease {
  Charge charge;
  BlockPtr block;  // declared last: the memory goes before the charge is given back
};

BlockPtr lease(BlockPtr block, Charge charge) {
  const Block* const raw = block.get();
  return {std::make_shared<Lease>(Lease{std::move(charge), std::move(block)}), raw};
}

std::size_t footprint(const Block& block) {
  return kBlockOverhead + block.bytes.capacity() + block.keys.capacity() +
         (block.row_ends.capacity() + block.key_ends.capacity() + block.row_exporters.capacity()) *
             sizeof(std::uint32_t) +
         block.exporters.capacity() * sizeof(Block::ExporterCount) +
         block.runs.capacity() * sizeof(Block::Run);
}

/// Flows that trickle in end in blocks much smaller than their buffer, and many of them may wait for a
/// broker: they must not hold 64 KB each.
void fit_memory(Block& block) {
  if (block.bytes.size() < block.bytes.capacity() / 2) try {
      std::vector<std::byte> small(block.bytes);
      block.bytes.swap(small);
      if (block.pool) block.pool->put(std::move(small));
    } catch (const std::bad_alloc&) {  // it stays as large as it is
    }
  block.row_ends.shrink_to_fit();
  block.row_exporters.shrink_to_fit();
  block.key_ends.shrink_to_fit();
  block.keys.shrink_to_fit();
  block.exporters.shrink_to_fit();
}

std::uint32_t rows_in(const encode::RowBuffer& rows, std::size_t first, std::size_t last) {
  std::uint32_t n = 0;
  for (std::size_t i = first; i < last; ++i) n += !rows.row(i).empty();
  return n;
}

void append_bytes(std::vector<std::byte>& out, Bytes bytes) {
  out.insert(out.end(), bytes.begin(), bytes.end());
}

Bytes as_bytes_of(std::string_view text) { return std::as_bytes(std::span(text.data(), text.size())); }

}  // namespace

Block::~Block() {
  if (pool) pool->put(std::move(bytes));
}

/// Half of its memory is room enough for what is under way. Blocks that are open are not: they need not fill
/// up for a long time, and whose they are may well wait here.
bool Sink::has_room(std::size_t bytes) const {
  const auto memory = budget();
  return !memory || (memory->handed_over() <= memory->limit() / 2 && memory->fits(bytes));
}

struct StreamWriter::OpenBlock {
  std::shared_ptr<Block> block;                // null: not open
  std::vector<std::optional<Charge>> charges;  // of each sink; nothing where its budget was empty
  ExporterIndex index;
};

/// Rows of one exporter and one key.
struct StreamWriter::Run {
  std::size_t first;
  std::size_t last;
  const IpAddress& exporter;
  std::string_view key;  // empty: records have no key
};

/// Flows by exporter, and what of the sinks is to be told of them.
struct StreamWriter::Note {
  void (Sink::*tell)(std::span<const Block::ExporterCount>);
  std::vector<Block::ExporterCount> counts{};
  ExporterIndex index{};
};

StreamWriter::StreamWriter(StreamSpec spec, std::vector<Sink*> sinks, unsigned worker)
    : spec_(std::move(spec)),
      sinks_(std::move(sinks)),
      worker_(worker),
      pool_(std::make_shared<BufferPool>(spec_.block_bytes,
                                         std::max<std::size_t>(1, kPoolBytes / spec_.block_bytes))),
      next_bucket_(worker),
      shed_(std::make_unique<Note>(&Sink::shed)),
      left_out_(std::make_unique<Note>(&Sink::leave_out)),
      filtered_(std::make_unique<Note>(
          &Sink::filter_out)) {  // workers that start together do not all fill the same partition
  for (const std::string& name : spec_.key_fields) {
    const FieldInfo* const field = find_field(name);
    if (!field) throw std::invalid_argument("key field " + name + ": there is no such field");
    if (field->kind == FieldKind::uint32_list || field->kind == FieldKind::layer_list ||
        field->kind == FieldKind::address_list)
      throw std::invalid_argument("key field " + name + ": a list cannot be a key");
    key_fields_.push_back(field);
  }
  resize_buckets();
}

StreamWriter::~StreamWriter() { flush_all(); }

std::uint32_t StreamWriter::wanted_buckets() const {
  std::uint32_t out = 1;
  for (const Sink* sink : sinks_) out = std::max(out, sink->buckets());
  return out;
}

/// Keys and row ends come to about a third of the rows they belong to.
std::size_t fresh_block_bytes(const StreamSpec& spec) {
  return kBlockOverhead + spec.block_bytes + (spec.framing == Framing::batch ? 0 : spec.block_bytes / 3);
}

std::size_t StreamWriter::fresh_bytes() const { return fresh_block_bytes(spec_); }

std::size_t StreamWriter::slots() const {
  return spec_.key == PartitionBy::round_robin ? 1 : std::max<std::size_t>(slots_.size(), wanted_buckets());
}

/// A quarter of a sink's memory for blocks that they open, and an eighth for what they fill.
std::size_t StreamWriter::flows_at_once() const {
  std::size_t out = SIZE_MAX;
  for (const Sink* sink : sinks_) {
    const auto memory = sink->budget();
    if (!memory) continue;
    out = std::min(out, memory->limit() / 8 / kRowBytes);
    if (slots() > memory->limit() / 4 / fresh_bytes())
      out = std::min(out, memory->limit() / 4 / fresh_bytes());
  }
  return std::max<std::size_t>(out, 1);
}

/// More than flows_at_once() come to is not waited for: it would be for ever.
bool StreamWriter::sinks_have_room(std::size_t bytes) const {
  return std::ranges::all_of(sinks_, [&](const Sink* sink) {
    const auto memory = sink->budget();
    return sink->has_room(memory ? std::min(bytes, memory->limit() / 2) : 0);
  });
}

bool StreamWriter::has_room(std::size_t flows) const {
  return sinks_have_room(std::min(slots() - std::min(slots(), open_), flows) * fresh_bytes() +
                         flows * kRowBytes);
}

void StreamWriter::make_room(std::size_t flows) {
  if (open_ != 0 && sinks_have_room(0) && !has_room(flows)) flush_all();
}

void StreamWriter::resize_buckets() {
  const std::uint32_t wanted = wanted_buckets();
  if (wanted == buckets_) return;
  flush_all();
  slots_.resize(spec_.key == PartitionBy::round_robin ? 1 : wanted);
  buckets_ = wanted;
}

void StreamWriter::write(const FlowBatch& batch, const encode::RowBuffer& rows, std::uint64_t now_ns) {
  now_ns_ = now_ns;
  try {
    resize_buckets();
  } catch (const std::bad_alloc&) {  // the former ones will do
  }
  if (spec_.format.stream == encode::Stream::counters) return write_counters(batch, rows);
  wanted_.empty() ? write_flows(batch, rows) : write_wanted(batch, rows);
}

bool StreamWriter::ask_filter(const FlowBatch& batch) {
  const auto flows = batch.flows();
  wanted_.clear();
  wanted_.resize(flows.size());
  wants_some_ = false;
  for (std::size_t i = 0; i < flows.size(); ++i) {
    const bool wanted = flows[i].dropped == 0 && filter::matches(spec_.wanted, batch, flows[i]);
    wanted_[i] = wanted;
    wants_some_ |= wanted;
  }
  return wants_some_;
}

/// The wanted rows are gathered back to back, since a run of rows is copied as one: those between have none,
/// and are no flows to whoever writes them.
void StreamWriter::write_wanted(const FlowBatch& batch, const encode::RowBuffer& rows) {
  const auto flows = batch.flows();
  std::uint32_t unwanted = 0;
  for (std::size_t i = 0; i < flows.size(); ++i) {
    unwanted += wanted_[i] == 0;
    if (i + 1 < flows.size() && flows[i + 1].origin == flows[i].origin) continue;
    note(*filtered_, batch.origin_of(flows[i]).exporter_address, std::exchange(unwanted, 0));
  }
  if (!wants_some_) return;
  try {
    picked_.clear();
    for (std::size_t i = 0; i < flows.size(); ++i) {
      const Bytes row = wanted_[i] ? rows.row(i) : Bytes{};
      if (!row.empty()) std::memcpy(picked_.reserve(row.size()), row.data(), row.size());
      picked_.commit(row.size());
      picked_.end_row();
    }
  } catch (const std::bad_alloc&) {
    for (std::size_t i = 0; i < flows.size(); ++i)
      if (wanted_[i]) note(*shed_, batch.origin_of(flows[i]).exporter_address, 1);
    return;
  }
  write_flows(batch, picked_);
}

void StreamWriter::write_flows(const FlowBatch& batch, const encode::RowBuffer& rows) {
  if (spec_.format.kflow_drop_ipv6) count_left_out(batch, rows);
  spec_.key == PartitionBy::fields ? write_by_fields(batch, rows) : write_by_exporter(batch, rows);
}

void StreamWriter::write_by_exporter(const FlowBatch& batch, const encode::RowBuffer& rows) {
  const auto flows = batch.flows();
  for (std::size_t first = 0; first < flows.size();) {
    const std::uint32_t origin = flows[first].origin;
    std::size_t last = first + 1;
    while (last < flows.size() && flows[last].origin == origin) ++last;
    append_exporter(rows, first, last, batch.origin(origin).exporter_address);
    first = last;
  }
}

void StreamWriter::append_exporter(const encode::RowBuffer& rows, std::size_t first, std::size_t last,
                                   const IpAddress& exporter) {
  std::size_t slot = 0;
  std::string_view key;
  if (spec_.key == PartitionBy::exporter) {
    slot = hash_value(exporter) % buckets_;
    key = {reinterpret_cast<const char*>(exporter.bytes.data()), exporter.size};
  }
  append(slot, rows, {first, last, exporter, key});
}

void StreamWriter::write_counters(const FlowBatch& batch, const encode::RowBuffer& rows) {
  for (std::size_t i = 0; i < rows.rows(); ++i)
    append_exporter(rows, i, i + 1, batch.origin(batch.counters()->record(i).origin).exporter_address);
}

void StreamWriter::write_by_fields(const FlowBatch& batch, const encode::RowBuffer& rows) {
  const auto flows = batch.flows();
  for (std::size_t i = 0; i < flows.size(); ++i) {
    try {
      append_key(key_fields_, batch, flows[i], key_);
    } catch (const std::bad_alloc&) {
      note(*shed_, batch.origin_of(flows[i]).exporter_address, !rows.row(i).empty());
      continue;
    }
    append(key_hash(key_) % buckets_, rows, {i, i + 1, batch.origin_of(flows[i]).exporter_address, key_});
  }
}

void StreamWriter::append(std::size_t slot, const encode::RowBuffer& rows, const Run& run) {
  for (std::size_t first = run.first; first < run.last;) {
    if (rows.row(first).empty()) {
      ++first;
      continue;
    }
    OpenBlock* const open_block = open(slot);
    if (!open_block) return note(*shed_, run.exporter, rows_in(rows, first, run.last));
    Block& block = *open_block->block;
    // The rows that still fit: all of them as a rule.
    const std::byte* const begin = rows.row(first).data();
    const std::size_t used = block.bytes.size();
    const std::size_t room = spec_.block_bytes - std::min(spec_.block_bytes, used);
    const auto end_of = [&](std::size_t i) {
      const Bytes row = rows.row(i);
      return static_cast<std::size_t>(row.data() + row.size() - begin);
    };
    std::size_t last = run.last;
    if (end_of(last - 1) > room) {
      last = first;
      while (end_of(last) <= room) ++last;
      if (last == first && used != 0) {
        finish(slot);
        continue;
      }
      last = std::max(last, first + 1);  // a row longer than a block goes alone
    }
    const std::uint32_t flows = rows_in(rows, first, last);
    if (!put_rows(*open_block, rows, first, last, run, flows)) note(*shed_, run.exporter, flows);
    if (block.bytes.size() >= spec_.block_bytes) finish(slot);
    first = last;
  }
}

/// False: memory ran out, and nothing of them is in the block.
bool StreamWriter::put_rows(OpenBlock& into, const encode::RowBuffer& rows, std::size_t first,
                            std::size_t last, const Run& run, std::uint32_t flows) const {
  Block& block = *into.block;
  const std::size_t bytes = block.bytes.size(), keys = block.keys.size(), before = block.row_exporters.size();
  try {
    copy_rows(block, rows, first, last, run.key);
    const std::uint32_t whose = into.index.count(block.exporters, run.exporter, 0);
    if (spec_.framing != Framing::batch)
      block.row_exporters.insert(block.row_exporters.end(), flows, whose);
    else if (!block.runs.empty() && block.runs.back().exporter == whose)
      block.runs.back().flows += flows;
    else
      block.runs.push_back({whose, flows});
    block.exporters[whose].flows += flows;
    block.flows += flows;
    return true;
  } catch (const std::bad_alloc&) {
    block.bytes.resize(bytes);
    block.keys.resize(keys);
    block.row_exporters.resize(before);
    block.row_ends.resize(std::min(block.row_ends.size(), before));
    block.key_ends.resize(std::min(block.key_ends.size(), before));
    return false;
  }
}

void StreamWriter::copy_rows(Block& block, const encode::RowBuffer& rows, std::size_t first, std::size_t last,
                             std::string_view key) const {
  if (spec_.framing == Framing::batch) {
    const Bytes end = rows.row(last - 1);
    const std::byte* const begin = rows.row(first).data();
    append_bytes(block.bytes, {begin, static_cast<std::size_t>(end.data() + end.size() - begin)});
    return;
  }
  const bool protobuf = spec_.format.format == encode::Format::protobuf;
  for (std::size_t i = first; i < last; ++i) {
    Bytes row = rows.row(i);
    if (row.empty()) continue;
    if (!protobuf)
      row = row.first(row.size() - 1);  // the newline
    else if (spec_.framing == Framing::plain)
      row = encode::strip_length_prefix(row);
    append_bytes(block.bytes, row);
    block.row_ends.push_back(static_cast<std::uint32_t>(block.bytes.size()));
    if (spec_.key == PartitionBy::round_robin) continue;
    append_bytes(block.keys, as_bytes_of(key));
    block.key_ends.push_back(static_cast<std::uint32_t>(block.keys.size()));
  }
}

/// Null where no sink has room for a block, or there is no memory.
StreamWriter::OpenBlock* StreamWriter::open(std::size_t slot) {
  if (slots_[slot] && slots_[slot]->block) return slots_[slot].get();
  try {
    return open_fresh(slot);
  } catch (const std::bad_alloc&) {
    if (slots_[slot]) slots_[slot]->charges.clear();
    return nullptr;
  }
}

StreamWriter::OpenBlock* StreamWriter::open_fresh(std::size_t slot) {
  if (!slots_[slot]) slots_[slot] = std::make_unique<OpenBlock>();
  OpenBlock& fresh = *slots_[slot];

  const std::size_t bytes = fresh_bytes();
  fresh.charges.clear();
  bool any = false;
  for (const Sink* sink : sinks_) {
    fresh.charges.push_back(Charge::take(sink->budget(), bytes));
    any |= fresh.charges.back().has_value();
  }
  if (!any) return nullptr;

  auto block = std::make_shared<Block>();
  block->bucket = static_cast<std::uint32_t>(slot);
  block->opened_ns = now_ns_;
  block->pool = pool_;
  block->bytes = pool_->take();
  block->mark = mark_;
  fresh.index.clear();
  fresh.block = std::move(block);
  oldest_ns_ = open_ == 0 ? now_ns_ : std::min(oldest_ns_, now_ns_);
  ++open_;
  return &fresh;
}

void StreamWriter::finish(std::size_t slot) {
  OpenBlock& done = *slots_[slot];
  const bool was_oldest = done.block->opened_ns == oldest_ns_;
  if (spec_.key == PartitionBy::round_robin) done.block->bucket = next_bucket_++ % buckets_;
  hand_over(done);
  --open_;
  if (!was_oldest || open_ == 0) return;
  oldest_ns_ = UINT64_MAX;
  for (const auto& other : slots_)
    if (other && other->block) oldest_ns_ = std::min(oldest_ns_, other->block->opened_ns);
}

void StreamWriter::hand_over(OpenBlock& done) {
  tell_notes();
  fit_memory(*done.block);
  const std::size_t bytes = footprint(*done.block);
  const BlockPtr block = std::move(done.block);
  for (std::size_t i = 0; i < sinks_.size(); ++i) {
    std::optional<Charge>& charge = done.charges[i];
    if (!charge) charge = Charge::take(sinks_[i]->budget(), bytes);
    if (!charge) {
      sinks_[i]->shed(block->exporters);
      continue;
    }
    charge->settle(bytes);
    charge->hand_over();
    try {
      BlockPtr leased = lease(block, std::move(*charge));
      sinks_[i]->send(std::move(leased), worker_);
    } catch (const std::bad_alloc&) {  // lease(): send() does not throw
      sinks_[i]->shed(block->exporters);
    }
  }
  done.charges.clear();
}

void StreamWriter::flush_due(std::uint64_t now_ns) {
  const auto interval = static_cast<std::uint64_t>(spec_.flush_interval.count());
  if (noted_ns_ != UINT64_MAX && noted_ns_ + interval <= now_ns) tell_notes();
  for (std::size_t slot = 0; open_ != 0 && slot < slots_.size(); ++slot) {
    if (now_ns < oldest_ns_ + interval) return;
    if (slots_[slot] && slots_[slot]->block && slots_[slot]->block->opened_ns + interval <= now_ns)
      finish(slot);
  }
}

std::optional<std::uint64_t> StreamWriter::next_deadline() const {
  const std::uint64_t oldest = open_ == 0 ? noted_ns_ : std::min(oldest_ns_, noted_ns_);
  if (oldest == UINT64_MAX) return std::nullopt;
  return oldest + static_cast<std::uint64_t>(spec_.flush_interval.count());
}

void StreamWriter::flush_all() {
  for (std::size_t slot = 0; open_ != 0 && slot < slots_.size(); ++slot)
    if (slots_[slot] && slots_[slot]->block) finish(slot);
  tell_notes();
}

void StreamWriter::count_left_out(const FlowBatch& batch, const encode::RowBuffer& rows) {
  for (std::size_t i = 0; i < rows.rows(); ++i)
    if (rows.row(i).empty() && is_wanted(i))
      note(*left_out_, batch.origin_of(batch.flows()[i]).exporter_address, 1);
}

void StreamWriter::note(Note& note, const IpAddress& exporter, std::uint32_t flows) {
  if (flows == 0) return;
  if (note.counts.size() >= kMaxNotes) tell_notes();
  try {
    note.index.count(note.counts, exporter, flows);
    noted_ns_ = std::min(noted_ns_, now_ns_);
  } catch (const std::bad_alloc&) {
    const Block::ExporterCount one{exporter, flows};
    for (Sink* sink : sinks_) (sink->*note.tell)({&one, 1});
  }
}

void StreamWriter::lose(const FlowBatch& batch, std::uint64_t now_ns) {
  now_ns_ = now_ns;
  if (spec_.format.stream == encode::Stream::counters) {
    for (std::size_t i = 0; batch.counters() && i < batch.counters()->size(); ++i)
      note(*shed_, batch.origin(batch.counters()->record(i).origin).exporter_address, 1);
    return;
  }
  for (const FlowRecord& flow : batch.flows()) {
    const bool wanted = flow.dropped == 0 && filter::matches(spec_.wanted, batch, flow);
    note(wanted ? *shed_ : *filtered_, batch.origin_of(flow).exporter_address, 1);
  }
}

void StreamWriter::tell_notes() {
  if (noted_ns_ == UINT64_MAX) return;
  for (Note* told : {shed_.get(), left_out_.get(), filtered_.get()}) {
    if (told->counts.empty()) continue;
    for (Sink* sink : sinks_) (sink->*told->tell)(told->counts);
    told->counts.clear();
    told->index.clear();
  }
  noted_ns_ = UINT64_MAX;
}

}  // namespace sluice::sink
