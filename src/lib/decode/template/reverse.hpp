#pragma once
// The second flow of a record that speaks of both directions (RFC 5103, firewalls' responder counters).
#include "decode/template/plan.hpp"

namespace sluice::decode {

/// Adds the way back of `flows[index]`: source and destination swapped in everything that has the two, the
/// reverse counters in place of the forward ones. What is only known of the way there (next hops) is left
/// out. Where nothing went there, the way back takes the flow's place; true where a flow was added.
bool add_reverse_flow(std::size_t index, const Scratch& scratch, FlowBatch& batch);

/// Puts into `back`, a flow of add_reverse_flow(), what the record says of the way back. `values` are those
/// of the record by field. Its times are left as they were sent; returns how long it lasted, microseconds, 0
/// where that is not said.
std::uint64_t say_reverse(const ReversePlan& plan, std::span<const Bytes> values, FlowBatch& batch,
                          FlowRecord& back);

}  // namespace sluice::decode
