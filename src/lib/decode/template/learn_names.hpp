#pragma once
// What an options record says about the names of interfaces, VRFs and applications, and about MPLS labels.
#include <span>

#include "sluice/decode/exporter.hpp"

namespace sluice::decode {

/// Where the record names something. `values` are its fields as sent, in the template's order. Templates of
/// every vendor are read alike: whatever identifies a thing, in the scope or behind it, goes with whatever
/// names it; other fields and other scopes are passed over.
void learn_names(const Domain& domain, const Template& tmpl, std::span<const Bytes> values, NameTable& names,
                 DecodeReport& report);

}  // namespace sluice::decode
