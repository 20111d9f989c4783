#pragma once
// Elements that name an interface or a VRF without saying whether it is the input or the output.
#include <vector>

#include "decode/template/plan.hpp"

namespace sluice::decode {

/// Decides it for the steps of elements whose role it is to name one, which come with the input as target:
/// see docs/protocols.md. `steps` stand in the order of the template's fields.
void choose_sides(const Template& tmpl, std::vector<Step>& steps);

}  // namespace sluice::decode
