#pragma once
// A filter over flow records. What it says of a flow is what the SQL made of the same tree says of its row.
// Reads only; any thread.
#include "filter/expression.hpp"

namespace sluice::filter {

bool matches(const Expression& expression, const FlowBatch& batch, const FlowRecord& flow);

}  // namespace sluice::filter
