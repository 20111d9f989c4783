#pragma once
// Flow samples, expanded flow samples and discarded-packet samples: one flow each.
#include "decode/sflow/flow_records.hpp"
#include "sluice/decode/exporter.hpp"

namespace sluice::decode::sflow {

/// What the samples of one datagram have in common.
struct SampleContext {
  std::uint64_t received_ns;
  Exporter& exporter;
  FlowBatch& batch;
  DecodeReport& report;
  FlowRecords& records;     ///< scratch
  std::uint32_t sub_agent;  ///< of the datagram's header
  std::uint32_t uptime_ms;
  SequenceVerdict verdict;  ///< on the datagram's own number
};

/// Appends a flow. False, and no flow, where the sample's fixed part or all of its records are damaged.
bool read_flow_sample(bool expanded, XdrReader& in, const SampleContext& context);
/// The same for a discarded packet. The agent reports each one that it can, up to a rate: not a sample of
/// many, so its sampling rate is 1, whatever is configured for the exporter's samples.
bool read_discard_sample(XdrReader& in, const SampleContext& context);

}  // namespace sluice::decode::sflow
