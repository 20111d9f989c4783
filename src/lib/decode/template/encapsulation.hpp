#pragma once
// Records that tell of two packets, one in the other (SRv6 of IOS XR and Huawei): the same elements twice,
// first for the tunnel.
#include <span>
#include <vector>

#include "decode/template/plan.hpp"

namespace sluice::decode {

/// Takes the steps of the inner packet out of `steps`, which are in the template's order; none where the
/// template tells of one packet. Elements of the link (MAC addresses, VLANs) that are there once more are
/// dropped.
std::vector<Step> take_inner_steps(std::vector<Step>& steps);

/// What the inner steps left in `inner` goes to the inner fields of its flow, or the two change places. A
/// record that tells of one packet after all, since one of them has no address or both have the same, has
/// what stands once more filled in where it was 0. `scratch` may be empty.
void settle_packets(std::span<FlowRecord> flows, std::span<FlowRecord> inner, std::span<Scratch> scratch,
                    Decapsulate decapsulate, FlowBatch& batch);

}  // namespace sluice::decode
