#pragma once
// What an exporter's settings change in the flows of a data set, and firewalls' volume. Apart from the
// decoding of records, since few exporters need it: each is a branch for a set, not for a flow.
#include "decode/template/records.hpp"

namespace sluice::decode {

/// After the flows are finished.
void apply_settings(const Message& message, const Plan& plan, const ExporterSettings& settings,
                    std::span<FlowRecord> flows);

/// Of a plan whose records are events of a firewall's connections: a connection whose volume update events
/// have counted is not counted again at its end. The event stays, its counters become 0.
void settle_firewall_volume(const Message& message, std::span<FlowRecord> flows, std::span<Scratch> scratch,
                            const Into& into);

/// The flows' records came through a mediator: where one names the exporter that measured it, that is its
/// sampler. Adds origins to the batch; new flows get one as before.
void take_original_exporters(std::size_t n, FlowBatch& batch);

}  // namespace sluice::decode
