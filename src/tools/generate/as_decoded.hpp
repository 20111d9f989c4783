#pragma once
// What a collector makes of a generated flow: the fields that the protocol's writer sends, as the
// flow-message contract reads them. Lets messages be produced without network and decoding, and tests compare
// decoded flows with generated ones field for field.
#include "sluice/flow/batch.hpp"

namespace sluice::generate {

/// Appends the flow to the batch's current origin. `sampling` is the announced rate, 0 for none; for sFlow
/// the flow's times become the origin's time of receipt, as it sends none.
void append_as_decoded(FlowType protocol, const FlowRecord& sent, std::uint32_t sampling, FlowBatch& batch);

}  // namespace sluice::generate
