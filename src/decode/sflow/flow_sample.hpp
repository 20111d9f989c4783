#pragma once
// Flow samples and expanded flow samples: one flow each.
#include <vector>

#include "decode/sflow/flow_records.hpp"
#include "decode/sflow/sample_counters.hpp"
#include "sluice/decode/exporter.hpp"

namespace sluice::decode::sflow {

/// What the samples of one datagram have in common.
struct SampleContext {
  std::uint64_t received_ns;
  Exporter& exporter;
  FlowBatch& batch;
  DecodeReport& report;
  FlowRecords& records;               ///< scratch
  std::vector<SampleCounters>& seen;  ///< one for each sample whose fixed part was whole, records or no
};

/// Appends a flow. False, and no flow, where the sample's fixed part or all of its records are damaged.
bool read_flow_sample(bool expanded, XdrReader& in, const SampleContext& context);

}  // namespace sluice::decode::sflow
