#pragma once
// Counter samples: checked, counted, shown; no flow comes of them.
#include "decode/sflow/flow_sample.hpp"

namespace sluice::decode::sflow {

/// False where the sample's fixed part is not whole. Records that do not fit go to the report.
bool read_counter_sample(bool expanded, XdrReader& in, const SampleContext& context);

}  // namespace sluice::decode::sflow
