#pragma once
// Names that the exporter sent in options data, put into its flows.
#include "sluice/decode/exporter.hpp"

namespace sluice::decode {

/// For the batch's flows from `first` on, whatever protocol they came by: interface, VRF and application
/// names, and what is known of MPLS labels, that the flow did not bring itself. Call only where the table has
/// names.
void give_names(const NameTable& names, std::size_t first, FlowBatch& batch);

}  // namespace sluice::decode
