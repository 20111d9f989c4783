// Layouts: sFlow version 5, section 5, flow_sample and flow_sample_expanded; sFlow dropped packet
// notification structures, discarded_packet.
#include "decode/sflow/flow_sample.hpp"

#include "decode/rates.hpp"
#include "decode/sflow/drop_reason.hpp"
#include "decode/sflow/sample_source.hpp"

namespace sluice::decode::sflow {
namespace {

/// What the value of an interface field means.
enum InterfaceFormat : std::uint32_t { kIfIndex = 0, kDiscarded = 1, kMultiple = 2 };

struct Interface {
  std::uint32_t format = 0;
  std::uint32_t value = 0;
};

struct FlowSample {
  SampleSource source;
  std::uint32_t drops = 0;  ///< running sum of samples that the agent did not send; wraps
  std::uint32_t sampling_rate = 0;
  Interface input;
  Interface output;
  std::uint32_t records = 0;
};

// Expanded samples carry the format in a word of its own, the others in the top two bits.
Interface read_interface(bool expanded, std::string_view format_name, std::string_view name, XdrReader& in) {
  if (expanded) {
    const std::uint32_t format = in.u32(format_name);
    return {format, in.u32(name)};
  }
  const std::uint32_t word = in.u32(name);
  return {word >> 30, word & 0x3fffffff};
}

FlowSample read_fixed_part(bool expanded, XdrReader& in) {
  FlowSample out;
  out.source = read_source(expanded, in);
  out.sampling_rate = in.u32("sampling_rate");
  in.u32("sample_pool");
  out.drops = in.u32("drops");
  out.input = read_interface(expanded, "input_format", "input", in);
  out.output = read_interface(expanded, "output_format", "output", in);
  out.records = in.u32("records");
  return out;
}

void apply_interfaces(const FlowSample& sample, FlowBatch& batch, FlowRecord& flow) {
  if (sample.input.format == kIfIndex) flow.in_if = sample.input.value;
  switch (sample.output.format) {
    case kIfIndex:
      flow.out_if = sample.output.value;
      break;
    case kDiscarded:
      batch.extras(flow).set(ExtraScalar::out_if_discard_reason, sample.output.value);
      flow.forwarding_status = forwarding_status(sample.output.value);
      break;
    case kMultiple:
      batch.extras(flow).set(ExtraScalar::out_if_multiple, sample.output.value);
      break;
    default:
      break;
  }
}

// The sample's own rate, unless configuration overrides it or has to stand in for it.
void apply_sampling_rate(std::uint32_t rate, Exporter& exporter, FlowRecord& flow, DecodeReport& report) {
  const ResolvedRate resolved = resolve_rate(exporter.settings, {rate, SamplingRateSource::header});
  flow.sampling_rate = resolved.rate;
  flow.sampling_rate_source = resolved.source;
  if (resolved.rate == 0) {
    report.add(DecodeCount::rates_unknown);
    return;
  }
  exporter.counters_of(Protocol::sflow5).sampling_rate = flow.sampling_rate;
}

void account(const FlowSample& sample, const SampleContext& context) {
  context.exporter.sequences.step_sample(
      static_cast<std::uint64_t>(sample.source.type) << 32 | sample.source.index, sample.source.sequence,
      sample.drops, context.verdict, context.exporter.counters_of(Protocol::sflow5).samples);
}

// The records of a sample, and the flow that they make with its fixed part; nullptr where all are damaged.
FlowRecord* read_flow(std::uint32_t records, XdrReader& in, const SampleContext& context) {
  context.records.reset();
  const std::uint32_t good = context.records.read(in, records, context.report);
  if (good == 0 && records > 0) return nullptr;
  FlowRecord& flow = context.batch.append_one();
  flow.packets = 1;
  flow.time_flow_start_ns = flow.time_flow_end_ns = context.received_ns;
  context.report.add(DecodeCount::flow_records);
  context.report.add(DecodeCount::flows);
  return &flow;
}

}  // namespace

bool read_flow_sample(bool expanded, XdrReader& in, const SampleContext& context) {
  const FlowSample sample = read_fixed_part(expanded, in);
  if (!in.ok()) return false;
  account(sample, context);
  FlowRecord* const flow = read_flow(sample.records, in, context);
  if (flow == nullptr) return false;
  apply_interfaces(sample, context.batch, *flow);
  apply_sampling_rate(sample.sampling_rate, context.exporter, *flow, context.report);
  context.records.apply(context.batch, *flow, context.exporter.user_fields.get());
  return true;
}

bool read_discard_sample(XdrReader& in, const SampleContext& context) {
  read_source(true, in);
  in.u32("drops");
  const std::uint32_t input = in.u32("input");
  const std::uint32_t output = in.u32("output");
  const std::uint32_t reason = in.u32("reason");
  const std::uint32_t records = in.u32("records");
  if (!in.ok()) return false;
  context.report.add(DecodeCount::discard_samples);
  FlowRecord* const flow = read_flow(records, in, context);
  if (flow == nullptr) return false;
  flow->in_if = input;
  flow->out_if = output;
  flow->sampling_rate = 1;
  flow->sampling_rate_source = SamplingRateSource::header;
  flow->forwarding_status = forwarding_status(reason);
  context.batch.extras(*flow).set(ExtraScalar::drop_reason, reason);
  context.records.apply(context.batch, *flow, context.exporter.user_fields.get());
  return true;
}

}  // namespace sluice::decode::sflow
