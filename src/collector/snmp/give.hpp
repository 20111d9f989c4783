#pragma once
// Puts names of interfaces into flows, where neither record nor options data gave them.
#include "sluice/flow/batch.hpp"
#include "snmp/view.hpp"

namespace sluice::snmp {

/// The device is that of the flow's sampler_address, which numbers the interfaces, else of its exporter.
void give_interfaces(View& view, FlowBatch& batch);
/// The same of what was kept, where nobody can be asked.
void give_interfaces(const Snapshot& kept, FlowBatch& batch);

}  // namespace sluice::snmp
