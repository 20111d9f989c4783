// Layouts: sFlow version 5, section 5, counters_sample and counters_sample_expanded; of the structures in
// them the table of flow/counters.cpp.
#include "decode/sflow/counter_samples.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>

#include "decode/sflow/sample_source.hpp"

namespace sluice::decode::sflow {
namespace {

/// Of a float as sent; 0 for what is below 0 or no number, at most what 32 bits hold.
std::uint64_t hundredths(std::uint32_t sent) {
  constexpr float kMost = 4e7F;
  const float value = std::bit_cast<float>(sent);
  return value > 0 ? static_cast<std::uint64_t>(std::lround(std::min(value, kMost) * 100.0F)) : 0;
}

/// Reads one structure; where somebody wants the counters, appends it to their latest record.
class StructureReader {
 public:
  explicit StructureReader(CounterBatch* counters) : counters_(counters) {}

  bool operator()(DataFormat format, XdrReader& in) {
    const CounterLayout* const layout = find_counter_layout(format.enterprise, format.format);
    if (layout) return read_values(*layout, in);
    const Bytes data = in.opaque("data", in.remaining());
    if (counters_) counters_->add_raw(format.enterprise, format.format, data);
    return true;
  }

 private:
  static constexpr std::size_t kMostFields = 19;

  bool read_values(const CounterLayout& layout, XdrReader& in) {
    std::array<std::uint64_t, kMostFields> values;
    std::size_t n = 0;
    for (const CounterField& field : layout.fields) {
      const std::uint64_t value = field.wide ? in.u64(field.shown) : in.u32(field.shown);
      values[n++] = field.real ? hundredths(static_cast<std::uint32_t>(value)) : value;
    }
    if (!in.ok()) return false;
    if (counters_) counters_->add_values(layout, std::span(values).first(n));
    if (in.remaining() > 0) in.opaque("data", in.remaining());  // fields that a later version appended
    return true;
  }

  CounterBatch* counters_;
};

}  // namespace

bool read_counter_sample(bool expanded, XdrReader& in, const SampleContext& context) {
  const SampleSource source = read_source(expanded, in);
  const std::uint32_t count = in.u32("records");
  if (!in.ok()) return false;
  context.report.add(DecodeCount::counter_samples);
  CounterBatch* const counters = context.batch.counters();
  if (counters) {
    CounterRecord& record = counters->add();
    record.origin = static_cast<std::uint32_t>(context.batch.origin_count() - 1);
    record.sub_agent_id = context.sub_agent;
    record.uptime_ms = context.uptime_ms;
    record.sample_sequence = source.sequence;
    record.source_id_type = source.type;
    record.source_id_index = source.index;
  }
  read_records(in, count, context.report, StructureReader(counters));
  return true;
}

}  // namespace sluice::decode::sflow
